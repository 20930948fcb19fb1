//! Which JWTs are believed, for each algorithm. Forged ones are made with the same library, as anybody
//! could who had the key for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::http::tokens::{TOKEN_KEY_BYTES, Tokens};

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/jwt/", $name))
    };
}

const RSA: &str = pem!("rsa.pem");
const RSA_PUBLIC: &str = pem!("rsa.pub.pem");
const EC: &str = pem!("ec.pem");
const EC_PUBLIC: &str = pem!("ec.pub.pem");
const ED: &str = pem!("ed.pem");
const ED_PUBLIC: &str = pem!("ed.pub.pem");

const SECRET: &str = "a secret of more than 32 bytes, for tests";
const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

fn jwt(algorithm: JwtAlgorithm, key: JwtKey) -> Jwt {
    let issuer = Some("https://id.example".to_owned());
    let rules = JwtRules { algorithm, key, issuer, audience: None, leeway: Duration::ZERO };
    Jwt::new(rules).unwrap()
}

fn symmetric() -> Jwt {
    jwt(JwtAlgorithm::Hs256, JwtKey::Secret(SECRET.into()))
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "exp": 1_750_000_600, "sub": "ci", "tenant": "acme",
        "scope": "executions:read",
    })
}

fn signed(algorithm: Algorithm, key: &EncodingKey) -> String {
    encode(&Header::new(algorithm), &claims(), key).unwrap()
}

fn by_secret(secret: &[u8]) -> String {
    signed(Algorithm::HS256, &EncodingKey::from_secret(secret))
}

async fn caller(jwt: &Jwt, token: &str) -> Option<Caller> {
    jwt.caller(token, NOW).await.unwrap()
}

#[actix_rt::test]
async fn each_algorithm_believes_its_own_key_and_no_other_token() {
    let rsa = EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
    let ec = EncodingKey::from_ec_pem(EC.as_bytes()).unwrap();
    let ed = EncodingKey::from_ed_pem(ED.as_bytes()).unwrap();
    let tokens = [
        by_secret(SECRET.as_bytes()),
        signed(Algorithm::RS256, &rsa),
        signed(Algorithm::ES256, &ec),
        signed(Algorithm::EdDSA, &ed),
        signed(Algorithm::RS512, &rsa),
        signed(Algorithm::PS256, &rsa),
        signed(Algorithm::HS384, &EncodingKey::from_secret(SECRET.as_bytes())),
    ];
    let public = |algorithm, pem: &str| jwt(algorithm, JwtKey::Pem(pem.to_owned()));
    let believers = [
        symmetric(),
        public(JwtAlgorithm::Rs256, RSA_PUBLIC),
        public(JwtAlgorithm::Es256, EC_PUBLIC),
        public(JwtAlgorithm::EdDsa, ED_PUBLIC),
    ];
    for (own, believer) in believers.iter().enumerate() {
        for (index, token) in tokens.iter().enumerate() {
            let found = caller(believer, token).await;
            assert_eq!(found.is_some(), index == own, "{own} {index}: {found:?}");
        }
    }
    let found = caller(&believers[1], &tokens[1]).await.unwrap();
    assert_eq!((found.tenant.as_str(), found.name.as_deref()), ("acme", Some("ci")));
    assert_eq!(found.scopes, ["executions:read"]);
    assert!(found.credential.key.is_none() && found.credential.until.is_some());
}

/// The mistake of those who take the algorithm from the token: the public key is no secret.
#[actix_rt::test]
async fn a_public_key_is_no_secret() {
    let believer = jwt(JwtAlgorithm::Rs256, JwtKey::Pem(RSA_PUBLIC.to_owned()));
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim()] {
        assert!(caller(&believer, &by_secret(secret.as_bytes())).await.is_none());
    }
}

#[actix_rt::test]
async fn what_is_not_signed_is_not_believed() {
    let believer = symmetric();
    let good = by_secret(SECRET.as_bytes());
    assert!(caller(&believer, &good).await.is_some());
    let parts: Vec<&str> = good.split('.').collect();
    let text = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let none = text(json!({"alg": "none", "typ": "JWT"}));
    let changed = text(json!({
        "iss": "https://id.example", "exp": 1_750_000_600, "tenant": "other",
    }));
    for bad in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{changed}.{}", parts[0], parts[2]),
        format!("{good}A"),
        format!("{good}.{}", parts[2]),
        by_secret(b"another secret of more than 32 bytes."),
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
    ] {
        assert!(caller(&believer, &bad).await.is_none(), "{bad}");
    }
}

/// RFC 7515 wants one refused whose meaning hangs on what a reader does not know; we know nothing of the kind.
#[actix_rt::test]
async fn a_token_that_must_not_be_read_without_an_extension_is_not_believed() {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for (crit, is_good) in
        [(None, true), (Some(vec!["exp".to_owned()]), false), (Some(vec![]), false)]
    {
        let header = Header { crit, ..Header::new(Algorithm::HS256) };
        let token = encode(&header, &claims(), &key).unwrap();
        assert_eq!(caller(&symmetric(), &token).await.is_some(), is_good, "{header:?}");
    }
}

#[actix_rt::test]
async fn a_huge_token_is_not_taken_apart() {
    let with = |bytes: usize| {
        let mut claims = claims();
        claims["padding"] = "x".repeat(bytes).into();
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
    };
    assert!(caller(&symmetric(), &with(10_000)).await.is_some());
    assert!(caller(&symmetric(), &with(TOKEN_BYTES_MAX)).await.is_none());
}

/// Though the operator should give both the same key.
#[actix_rt::test]
async fn our_own_tokens_and_those_of_others_are_not_taken_for_each_other() {
    let key = [b'k'; TOKEN_KEY_BYTES];
    let secret = String::from_utf8(key.to_vec()).unwrap();
    let rules = JwtRules {
        algorithm: JwtAlgorithm::Hs256,
        key: JwtKey::Secret(Secret::new(secret)),
        issuer: None,
        audience: None,
        leeway: Duration::ZERO,
    };
    let believer = Jwt::new(rules).unwrap();
    let theirs = by_secret(&key);
    let holder = caller(&believer, &theirs).await.unwrap();
    let tokens = Tokens::new(&key, Duration::from_secs(600));
    let ours = tokens.issue(&holder, NOW).unwrap().text;
    assert!(caller(&believer, ours.expose()).await.is_none());
    let ring = crate::http::auth::Keyring::new(Some(&Secret::from("sixteen-characters")), vec![]);
    assert!(tokens.caller(&theirs, &ring, NOW).is_none());
}

#[test]
fn only_a_public_key_of_the_kind_is_taken() {
    let kinds = [
        (JwtAlgorithm::Rs256, RSA_PUBLIC),
        (JwtAlgorithm::Es256, EC_PUBLIC),
        (JwtAlgorithm::EdDsa, ED_PUBLIC),
    ];
    let others = [RSA, EC, ED, pem!("p384.pub.pem"), "", "hello", "-----BEGIN PUBLIC KEY-----"];
    for (algorithm, own) in kinds {
        assert!(algorithm.key_of_pem(own).is_ok(), "{algorithm}");
        let public = kinds.iter().map(|(_, pem)| *pem).filter(|pem| *pem != own);
        for bad in public.chain(others) {
            assert!(algorithm.key_of_pem(bad).is_err(), "{algorithm}: {bad}");
        }
    }
    for (_, pem) in kinds {
        assert!(JwtAlgorithm::Hs256.key_of_pem(pem).is_err());
    }
}

#[test]
fn an_algorithm_reads_back_what_it_prints() {
    for name in ["HS256", "RS256", "ES256", "EdDSA"] {
        assert_eq!(name.parse::<JwtAlgorithm>().unwrap().to_string(), name);
    }
    for bad in ["", "none", "rs256", "HS512"] {
        assert!(bad.parse::<JwtAlgorithm>().is_err(), "{bad}");
    }
}
