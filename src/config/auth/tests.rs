//! Tests of `[auth]`: which keys go with which algorithm, and how mistakes are told.
//! Verifies no token.

use std::fs;
use std::time::Duration;

use super::super::testing::{load_environment, load_file, mistakes};
use super::*;

const SECRET_TEXT: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";
const RSA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/jwt/rsa.pub.pem");
const RSA_PRIVATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/jwt/rsa.pem");
const EC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/jwt/ec.pub.pem");

fn jwt(keys: &str) -> JwtConfig {
    load_file(&format!("[auth.jwt]\n{keys}")).unwrap().config.auth.jwt.unwrap()
}

/// The one mistake in some lines of `[auth.jwt]`, without the place.
#[track_caller]
fn check(keys: &str, expected: &str) {
    let found = mistakes(load_file(&format!("[auth.jwt]\n{keys}")));
    let [found] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(found.split_once(": ").unwrap().1, expected, "{keys}");
}

#[test]
fn each_algorithm_has_its_key() {
    let found = jwt(&format!("algorithm = 'HS256'\nsecret = '{SECRET_TEXT}'"));
    assert!(matches!(found.key, JwtConfigKey::Secret(secret) if secret.expose() == SECRET_TEXT));
    assert_eq!((found.issuer, found.audience), (None, None));
    assert_eq!(found.leeway, Duration::from_secs(30));
    let found = jwt(&format!(
        "algorithm = 'RS256'\npublic_key_file = '{RSA}'\nissuer = 'https://id.example'\n\
         audience = 'rb'\nleeway = '0s'"
    ));
    assert!(matches!(found.key, JwtConfigKey::PublicKey(pem) if pem.contains("PUBLIC KEY")));
    assert_eq!(
        (found.issuer.as_deref(), found.audience.as_deref()),
        (Some("https://id.example"), Some("rb"))
    );
    assert_eq!(found.leeway, Duration::ZERO);
    let found = jwt("algorithm = 'EdDSA'\njwks_url = 'https://id.example/jwks.json'");
    assert!(matches!(found.key, JwtConfigKey::Jwks(url) if url.path() == "/jwks.json"));
}

#[test]
fn a_secret_may_be_in_a_file_and_in_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    fs::write(&path, format!("{SECRET_TEXT}\n")).unwrap();
    let path = path.display().to_string();
    let loaded = load_environment(&[
        ("RINGBACK_AUTH__JWT__ALGORITHM", "HS256"),
        ("RINGBACK_AUTH__JWT__SECRET_FILE", &path),
    ]);
    let key = loaded.unwrap().config.auth.jwt.unwrap().key;
    assert!(matches!(key, JwtConfigKey::Secret(secret) if secret.expose() == SECRET_TEXT));
    check(
        &format!("algorithm = 'HS256'\nsecret = '{SECRET_TEXT}'\nsecret_file = '{path}'"),
        "`auth.jwt.secret` and `auth.jwt.secret_file` are both given; leave one of them out",
    );
}

#[test]
fn a_secret_is_never_shown() {
    let loaded =
        load_file(&format!("[auth.jwt]\nalgorithm = 'HS256'\nsecret = '{SECRET_TEXT}'")).unwrap();
    for text in [loaded.show(), format!("{loaded:?}"), format!("{:#?}", loaded.config)] {
        assert!(!text.contains(SECRET_TEXT), "{text}");
    }
    assert!(loaded.show().contains("jwt.secret = \"[secret]\""), "{}", loaded.show());
    check(
        "algorithm = 'HS256'\nsecret = 'hunter2'",
        "`auth.jwt.secret` is [secret]; expected 32 bytes or more, as `openssl rand -base64 32` prints them",
    );
}

#[test]
fn an_algorithm_without_its_key_is_a_mistake() {
    check(
        "algorithm = 'HS256'",
        "`auth.jwt.algorithm` is \"HS256\"; expected `auth.jwt.secret` or `auth.jwt.secret_file` beside it",
    );
    check(
        "algorithm = 'RS256'",
        "`auth.jwt.algorithm` is \"RS256\"; expected `auth.jwt.public_key_file` or `auth.jwt.jwks_url` beside it",
    );
    check(
        "algorithm = 'none'",
        "`auth.jwt.algorithm` is \"none\"; expected \"HS256\", \"RS256\", \"ES256\" or \"EdDSA\", or \"\" for no JWTs",
    );
    check(
        &format!("secret = '{SECRET_TEXT}'"),
        "`auth.jwt.secret` is [secret]; expected `auth.jwt.algorithm` beside it, such as \"RS256\"",
    );
}

#[test]
fn a_key_of_another_kind_is_a_mistake() {
    check(
        &format!("algorithm = 'RS256'\nsecret = '{SECRET_TEXT}'"),
        "`auth.jwt.secret` is [secret]; expected nothing: RS256 has a public key and no secret",
    );
    check(
        "algorithm = 'HS256'\njwks_url = 'https://id.example/'",
        "`auth.jwt.jwks_url` is \"https://id.example/\"; expected nothing: HS256 has `auth.jwt.secret` alone",
    );
    check(
        &format!(
            "algorithm = 'RS256'\npublic_key_file = '{RSA}'\njwks_url = 'https://id.example/'"
        ),
        "`auth.jwt.jwks_url` is \"https://id.example/\"; expected either this or `auth.jwt.public_key_file`, not both",
    );
}

#[test]
fn a_file_that_has_no_public_key_is_a_mistake() {
    for (algorithm, file) in [("RS256", EC), ("ES256", RSA), ("RS256", RSA_PRIVATE), ("EdDSA", RSA)]
    {
        check(
            &format!("algorithm = '{algorithm}'\npublic_key_file = '{file}'"),
            &format!(
                "`auth.jwt.public_key_file` is \"{file}\"; expected a file with a public key for {algorithm} \
                 in PEM, -----BEGIN PUBLIC KEY-----"
            ),
        );
    }
    check(
        "algorithm = 'RS256'\npublic_key_file = '/nowhere/key.pem'",
        "cannot read `/nowhere/key.pem`, which `auth.jwt.public_key_file` names: No such file or directory (os error 2)",
    );
}

#[test]
fn urls_issuers_and_proxies_are_checked() {
    for bad in ["id.example", "ftp://id.example/", "https://me@id.example/"] {
        let found =
            mistakes(load_file(&format!("[auth.jwt]\nalgorithm = 'RS256'\njwks_url = '{bad}'")));
        assert!(found[0].contains("expected an http or https URL"), "{found:?}");
    }
    let found = mistakes(load_file("auth.jwt.issuer = 'ringback'"));
    assert!(found[0].contains("which is this server's own"), "{found:?}");
    let proxies = |list: &str| load_file(&format!("server.trusted_proxies = {list}"));
    let config = proxies("['10.0.0.0/8', '192.0.2.1', '::1']").unwrap().config;
    let shown: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]);
    for bad in ["['proxy.internal']", "['10.0.0.0/33']", "['']"] {
        let found = mistakes(proxies(bad));
        assert!(found[0].contains("expected addresses or CIDR ranges"), "{found:?}");
    }
}
