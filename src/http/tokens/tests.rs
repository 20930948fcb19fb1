//! Which tokens are taken, and with which rights. Forged ones are made with the same library, as
//! anybody could who had the key for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::domain::Tenant;
use crate::http::auth::new_key;
use crate::store::ApiKey;

const KEY: [u8; TOKEN_KEY_BYTES] = [7; TOKEN_KEY_BYTES];
const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_250);
const LIFETIME: Duration = Duration::from_secs(3 * 3600);
const ADMIN: &str = "the-admin-key-of-this-test";

fn tokens() -> Tokens {
    Tokens::new(&KEY, LIFETIME)
}

fn ring(keys: &[ApiKey]) -> Keyring {
    Keyring::new(Some(&Secret::from(ADMIN)), keys.to_vec())
}

fn key(tenant: &str, scopes: &[&str]) -> ApiKey {
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    ApiKey { tenant: Tenant::new(tenant), scopes, ..new_key("some").unwrap().kept }
}

fn issued(keys: &Keyring, key_id: &str) -> String {
    let holder = keys.holder(key_id).unwrap();
    tokens().issue(&holder, NOW).unwrap().text.expose().to_owned()
}

fn taken(token: &str, keys: &Keyring, now: Timestamp) -> bool {
    tokens().caller(token, keys, now).is_some()
}

/// What a token says, changed, and signed with this key and algorithm.
fn forged(
    token: &str,
    algorithm: Algorithm,
    key: &[u8],
    change: impl FnOnce(&mut Value),
) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    change(&mut claims);
    encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(key)).unwrap()
}

#[test]
fn a_token_has_the_tenant_the_name_and_the_rights_of_its_key() {
    let key = key("acme", &["executions:write", "executions:read"]);
    let keys = ring(std::slice::from_ref(&key));
    let caller = tokens().caller(&issued(&keys, &key.id), &keys, NOW).unwrap();
    assert_eq!((caller.tenant.as_str(), caller.name.as_deref()), ("acme", Some("some")));
    assert!(caller.may("executions:write") && caller.may("executions:read"));
    assert!(!caller.may("keys:write"));
    let admin = tokens().caller(&issued(&keys, "admin"), &keys, NOW).unwrap();
    assert!(admin.may("keys:write"));
}

#[test]
fn a_token_is_good_for_its_lifetime_and_not_a_second_longer() {
    let keys = ring(&[]);
    let made = tokens().issue(&keys.holder("admin").unwrap(), NOW).unwrap();
    assert_eq!(made.expires_at.as_millis(), 1_750_010_800_000);
    let last = made.expires_at.before(Duration::from_millis(1));
    assert!(taken(made.text.expose(), &keys, last));
    assert!(!taken(made.text.expose(), &keys, made.expires_at));
}

#[test]
fn a_token_is_void_when_its_key_is_gone_or_another() {
    let key = key("acme", &["admin"]);
    let token = issued(&ring(std::slice::from_ref(&key)), &key.id);
    assert!(taken(&token, &ring(std::slice::from_ref(&key)), NOW));
    assert!(!taken(&token, &ring(&[]), NOW), "gone");
    let another = ApiKey { sha256: [1; 32], ..key.clone() };
    assert!(!taken(&token, &ring(&[another]), NOW), "another under the same id");
    let moved = ApiKey { tenant: Tenant::new("other"), ..key };
    assert!(!taken(&token, &ring(&[moved]), NOW), "another tenant's");

    let of_admin = issued(&ring(&[]), "admin");
    let other = Keyring::new(Some(&Secret::from("another-admin-key")), Vec::new());
    assert!(!taken(&of_admin, &other, NOW), "another admin key");
    assert!(!taken(&of_admin, &Keyring::default(), NOW), "none");
}

#[test]
fn a_token_loses_the_rights_that_its_key_loses() {
    let key = key("acme", &["executions:read", "metrics:read"]);
    let token = issued(&ring(std::slice::from_ref(&key)), &key.id);
    let narrowed = ring(&[ApiKey { scopes: vec!["executions:read".to_owned()], ..key }]);
    let caller = tokens().caller(&token, &narrowed, NOW).unwrap();
    assert!(caller.may("executions:read") && !caller.may("metrics:read"));
}

#[test]
fn a_token_gives_none_that_may_more_or_lasts_longer() {
    let key = key("acme", &["executions:read"]);
    let keys = ring(std::slice::from_ref(&key));
    let first = tokens().issue(&keys.holder(&key.id).unwrap(), NOW).unwrap();
    let later = NOW.after(LIFETIME / 2);
    let caller = tokens().caller(first.text.expose(), &keys, later).unwrap();
    let second = tokens().issue(&caller, later).unwrap();
    assert_eq!(second.expires_at, first.expires_at);
    let caller = tokens().caller(second.text.expose(), &keys, later).unwrap();
    assert_eq!(caller.scopes, ["executions:read"]);
}

#[test]
fn what_was_not_made_by_this_key_and_algorithm_is_refused() {
    let keys = ring(&[]);
    let token = issued(&keys, "admin");
    let same = forged(&token, Algorithm::HS256, &KEY, |_| {});
    assert!(taken(&same, &keys, NOW), "the forger knows how");
    let refused = |what: &str, token: &str| assert!(!taken(token, &keys, NOW), "{what}");

    refused("another key", &forged(&token, Algorithm::HS256, &[8; 32], |_| {}));
    refused("another algorithm", &forged(&token, Algorithm::HS512, &KEY, |_| {}));
    let parts: Vec<&str> = token.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    refused("no algorithm", &format!("{none}.{}.", parts[1]));
    refused("no algorithm, yet a signature", &format!("{none}.{}.{}", parts[1], parts[2]));
    refused("no signature", &format!("{}.{}.", parts[0], parts[1]));
    let more = URL_SAFE_NO_PAD.encode(
        String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap().replace("17", "18"),
    );
    refused("tampered with", &format!("{}.{more}.{}", parts[0], parts[2]));
    for text in ["", ".", "..", "a.b.c", parts[0], ADMIN] {
        refused("no token at all", text);
    }
}

#[test]
fn a_token_with_wrong_or_missing_claims_is_refused() {
    let keys = ring(&[]);
    let token = issued(&keys, "admin");
    let refused = |name: &str, value: Value| {
        let changed = forged(&token, Algorithm::HS256, &KEY, |claims| claims[name] = value.clone());
        assert!(!taken(&changed, &keys, NOW), "{name}: {value}");
        let missing = forged(&token, Algorithm::HS256, &KEY, |claims| {
            claims.as_object_mut().unwrap().remove(name);
        });
        assert!(!taken(&missing, &keys, NOW), "no {name}");
    };
    refused("iss", json!("somebody else"));
    refused("exp", json!(1));
    refused("tenant", json!("acme"));
    refused("key", json!("another"));
    refused("key_mark", json!("00"));
}

#[test]
fn a_token_shows_nothing_by_which_its_key_could_be_guessed() {
    use sha2::Digest;
    let token = issued(&ring(&[]), "admin");
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(!payload.contains(ADMIN), "{payload}");
    assert!(!payload.contains(&hex::encode(Sha256::digest(ADMIN))), "{payload}");
}
