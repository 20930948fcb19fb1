//! JWTs of another issuer: by a secret, by a key in a file, and by published keys; what they may do, and
//! which are refused. What each claim must be is tested where it is read.

use std::time::{Duration, SystemTime};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::super::problem::expect_problem;
use super::keys::with;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

const SECRET: &str = "a secret of more than 32 bytes, for tests";
const RSA: &str = include_str!("../../support/jwt/rsa.pem");
const RSA_PUBLIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/jwt/rsa.pub.pem");

fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + seconds
}

/// A token that is good for ten minutes, changed.
fn token(header: &Header, key: &EncodingKey, changes: &Value) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "aud": ["other", "ringback"], "sub": "ci@example",
        "exp": seconds_from_now(600), "scope": "openid executions:read executions:cancel",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    encode(header, &claims, key).unwrap()
}

fn by_secret(changes: &Value) -> String {
    token(&Header::new(Algorithm::HS256), &EncodingKey::from_secret(SECRET.as_bytes()), changes)
}

fn believing_a_secret() -> TestApp {
    TestApp::with(|options| {
        options
            .env("RINGBACK_AUTH__JWT__ALGORITHM", "HS256")
            .env("RINGBACK_AUTH__JWT__SECRET", SECRET)
            .env("RINGBACK_AUTH__JWT__ISSUER", "https://id.example")
            .env("RINGBACK_AUTH__JWT__AUDIENCE", "ringback")
    })
}

fn status(app: &TestApp, token: &str) -> u16 {
    with(app, token, "GET", "/v1/executions").send().status
}

#[test]
fn a_jwt_may_do_what_it_says_as_a_key_may() {
    let app = believing_a_secret();
    let reader = by_secret(&json!({}));
    with(&app, &reader, "GET", "/v1/executions").send().expect(200);
    let problem = expect_problem(&with(&app, &reader, "GET", "/v1/keys").send(), 403);
    assert!(problem["detail"].as_str().unwrap().contains("keys:write"), "{problem}");
    let id = app.submit(json!({"code": "exec sleep 1000", "language": "sh"})).id;
    let path = format!("/v1/executions/{id}");
    let of_acme = by_secret(&json!({"tenant": "acme"}));
    expect_problem(&with(&app, &of_acme, "GET", &path).send(), 404);
    let cancelled = with(&app, &reader, "DELETE", &path).send();
    assert!([200, 202].contains(&cancelled.status), "{}", cancelled.text());
    assert_eq!(app.finished(&id)["cancelled_by"], "ci@example");
    let admin = by_secret(&json!({"scope": "admin", "tenant": "acme"}));
    let made = with(&app, &admin, "POST", "/v1/keys")
        .json(&json!({"name": "x", "scopes": ["executions:read"]}))
        .send()
        .expect(201)
        .json();
    assert_eq!(made["tenant"], "acme");
    assert!(!app.stderr().contains(SECRET), "{}", app.stderr());
}

#[test]
fn what_is_wrong_with_a_jwt_keeps_it_out() {
    let app = believing_a_secret();
    assert_eq!(status(&app, &by_secret(&json!({}))), 200);
    for changes in [
        json!({"exp": seconds_from_now(-60)}),
        json!({"exp": null}),
        json!({"exp": seconds_from_now(600).to_string()}),
        json!({"nbf": seconds_from_now(300)}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": null}),
        json!({"aud": "other"}),
        json!({"aud": null}),
        json!({"tenant": "../x"}),
        json!({"scope": ["admin"]}),
        json!({"padding": "x".repeat(17_000)}),
    ] {
        let refused = with(&app, &by_secret(&changes), "GET", "/v1/executions").send();
        expect_problem(&refused, 401);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"), "{changes}");
    }
    for good in [
        json!({"exp": seconds_from_now(-10)}),
        json!({"nbf": seconds_from_now(10)}),
        json!({"exp": 4_000_000_000.5}),
        json!({"aud": "ringback"}),
    ] {
        assert_eq!(status(&app, &by_secret(&good)), 200, "{good}");
    }
    let other = EncodingKey::from_secret(b"another secret of more than 32 bytes.");
    let forged = [
        token(&Header::new(Algorithm::HS256), &other, &json!({})),
        token(
            &Header::new(Algorithm::HS384),
            &EncodingKey::from_secret(SECRET.as_bytes()),
            &json!({}),
        ),
    ];
    for token in forged {
        assert_eq!(status(&app, &token), 401);
    }
}

#[test]
fn without_a_configuration_no_jwt_is_believed() {
    let app = TestApp::start();
    assert_eq!(status(&app, &by_secret(&json!({}))), 401);
}

#[test]
fn the_public_key_in_a_file_verifies_and_signs_nothing() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_AUTH__JWT__ALGORITHM", "RS256")
            .env("RINGBACK_AUTH__JWT__PUBLIC_KEY_FILE", RSA_PUBLIC)
    });
    let rsa = EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
    assert_eq!(status(&app, &token(&Header::new(Algorithm::RS256), &rsa, &json!({}))), 200);
    assert_eq!(status(&app, &token(&Header::new(Algorithm::RS512), &rsa, &json!({}))), 401);
    let public = std::fs::read(RSA_PUBLIC).unwrap();
    let confused = EncodingKey::from_secret(&public);
    assert_eq!(status(&app, &token(&Header::new(Algorithm::HS256), &confused, &json!({}))), 401);
    let ours = token(&Header::new(Algorithm::RS256), &rsa, &json!({"iss": "ringback"}));
    assert_eq!(status(&app, &ours), 401, "that is this server itself");
}

/// HopX's clients trade what they have for a token, and go on with that.
#[test]
fn a_jwt_is_a_token_and_is_given_back_as_one() {
    let app = believing_a_secret();
    let end = seconds_from_now(600);
    let jwt = by_secret(&json!({"exp": end}));
    let granted = with(&app, &jwt, "POST", "/v1/sandboxes/mine/token/refresh").send().expect(200);
    assert_eq!(granted.json()["auth_token"], jwt);
}

fn published(kids: &[&str]) -> Scripted {
    let rsa = EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
    let keys: Vec<Value> = kids
        .iter()
        .map(|kid| {
            let mut jwk = Jwk::from_encoding_key(&rsa, Algorithm::RS256).unwrap();
            jwk.common.key_id = Some((*kid).to_owned());
            serde_json::to_value(jwk).unwrap()
        })
        .collect();
    let body = json!({ "keys": keys }).to_string();
    Scripted::status(200).header("content-type", "application/json").body(&body)
}

fn named(kid: &str) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) };
    token(&header, &EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap(), &json!({}))
}

#[test]
fn published_keys_are_fetched_once_and_strangers_do_not_have_them_fetched_again() {
    let issuer = TestReceiver::always(published(&["a", "b"]));
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_AUTH__JWT__ALGORITHM", "RS256")
            .env("RINGBACK_AUTH__JWT__JWKS_URL", &issuer.url("/jwks.json"))
    });
    for kid in ["a", "b", "a"] {
        assert_eq!(status(&app, &named(kid)), 200, "{kid}");
    }
    for kid in ["c", "d", "../a"] {
        assert_eq!(status(&app, &named(kid)), 401, "{kid}");
    }
    let asked = issuer.received();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].header("authorization").is_none(), "the issuer is shown nothing of it");
}

#[test]
fn an_issuer_that_cannot_be_reached_is_no_reason_to_call_a_token_wrong() {
    let issuer = TestReceiver::always(Scripted::status(500));
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_AUTH__JWT__ALGORITHM", "RS256")
            .env("RINGBACK_AUTH__JWT__JWKS_URL", &issuer.url("/jwks.json"))
    });
    let answer = with(&app, &named("a"), "GET", "/v1/executions").send();
    let problem = expect_problem(&answer, 503);
    assert!(problem["detail"].as_str().unwrap().contains("cannot be fetched"), "{problem}");
    assert!(answer.header("retry-after").is_some());
    let said = crate::support::wait::within(Duration::from_secs(5), || {
        app.stderr().contains("`auth.jwt.jwks_url`").then_some(())
    });
    assert!(said.is_some(), "{}", app.stderr());
    app.get("/v1/executions").expect(200);
}
