//! When the keys of an issuer are fetched, which are taken, and what becomes of them when they cannot be.
//! The issuer is a thread that answers what it is told.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use super::*;
use crate::webhook::tls;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/jwt/", $name))
    };
}

/// An issuer that publishes what it is told.
struct Issuer {
    url: Url,
    answer: Arc<std::sync::Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    fn publishing(keys: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let answer = Arc::new(std::sync::Mutex::new(String::new()));
        let asked = Arc::new(AtomicUsize::new(0));
        let issuer =
            Self { url: url.parse().unwrap(), answer: answer.clone(), asked: asked.clone() };
        issuer.publish(keys);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let _ = connection.read(&mut [0; 4096]);
                asked.fetch_add(1, Ordering::SeqCst);
                let _ = connection.write_all(answer.lock().unwrap().as_bytes());
            }
        });
        issuer
    }

    fn publish(&self, keys: Value) {
        let body = json!({ "keys": keys }).to_string();
        self.answer("200 OK", &body);
    }

    fn answer(&self, status: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn jwks(&self, pace: Pace) -> Arc<Jwks> {
        let source = JwksSource { url: self.url.clone(), tls: tls::client_config(None).unwrap() };
        Arc::new(Jwks { pace, ..Jwks::new(source, JwtAlgorithm::Es256) })
    }
}

/// A published key of this kind.
fn key(algorithm: Algorithm, changes: Value) -> Value {
    let key = match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_pem(pem!("rsa.pem").as_bytes()),
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem!("ec.pem").as_bytes()),
        _ => EncodingKey::from_ed_pem(pem!("ed.pem").as_bytes()),
    };
    let jwk = Jwk::from_encoding_key(&key.unwrap(), algorithm).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    jwk
}

fn named(kid: &str) -> Value {
    key(Algorithm::ES256, json!({ "kid": kid }))
}

async fn finds(jwks: &Arc<Jwks>, kid: &str) -> bool {
    matches!(jwks.find(Some(kid)).await, Found::Key(_))
}

const ALWAYS: Pace =
    Pace { fresh_for: Duration::ZERO, every: Duration::ZERO, first_every: Duration::ZERO };

#[actix_rt::test]
async fn keys_are_fetched_once_and_not_for_every_token() {
    let issuer = Issuer::publishing(json!([named("a")]));
    let jwks = issuer.jwks(PACE);
    for _ in 0..3 {
        assert!(finds(&jwks, "a").await);
    }
    assert_eq!(issuer.asked(), 1);
    assert!(matches!(jwks.find(Some("b")).await, Found::None), "wrong, and not asked for again");
    assert!(matches!(jwks.find(None).await, Found::Key(_)), "there is only one");
    assert_eq!(issuer.asked(), 1);
}

#[actix_rt::test]
async fn those_who_come_at_once_fetch_once() {
    let issuer = Issuer::publishing(json!([named("a")]));
    let jwks = issuer.jwks(PACE);
    let (one, two, three) = tokio::join!(finds(&jwks, "a"), finds(&jwks, "a"), finds(&jwks, "a"));
    assert_eq!((one, two, three, issuer.asked()), (true, true, true, 1));
}

#[actix_rt::test]
async fn a_new_key_is_found_and_an_old_one_goes() {
    let issuer = Issuer::publishing(json!([named("a")]));
    let jwks = issuer.jwks(Pace { fresh_for: PACE.fresh_for, ..ALWAYS });
    assert!(finds(&jwks, "a").await);
    issuer.publish(json!([named("b")]));
    assert!(finds(&jwks, "a").await, "nobody has asked meanwhile");
    assert!(finds(&jwks, "b").await);
    assert_eq!(issuer.asked(), 2);
    assert!(!finds(&jwks, "a").await);
    let jwks = issuer.jwks(ALWAYS);
    assert!(finds(&jwks, "b").await);
    issuer.publish(json!([named("c")]));
    assert!(!finds(&jwks, "b").await, "keys that are old are fetched though they are known");
}

#[actix_rt::test]
async fn keys_that_cannot_be_fetched_again_are_kept() {
    let issuer = Issuer::publishing(json!([named("a")]));
    let jwks = issuer.jwks(ALWAYS);
    assert!(finds(&jwks, "a").await);
    let huge = "x".repeat(ANSWER_BYTES_MAX + 1);
    for (status, body) in [
        ("500 Internal Server Error", "{}"),
        ("302 Found", r#"{"keys": []}"#),
        ("200 OK", "hello"),
        ("200 OK", r#"{"keys": []}"#),
        ("200 OK", &format!(r#"{{"keys": [], "x": "{huge}"}}"#)),
    ] {
        issuer.answer(status, body);
        let before = issuer.asked();
        assert!(finds(&jwks, "a").await, "{status}");
        assert!(issuer.asked() > before);
    }
}

#[actix_rt::test]
async fn an_issuer_that_was_never_reached_is_not_one_without_keys() {
    let issuer = Issuer::publishing(json!([]));
    let jwks = issuer.jwks(PACE);
    for _ in 0..2 {
        assert!(matches!(jwks.find(Some("a")).await, Found::Nothing));
    }
    assert_eq!(issuer.asked(), 1, "it is left alone for a while");
}

#[test]
fn only_keys_that_fit_are_taken() {
    let kids = |algorithm, keys: Value| -> Vec<String> {
        let body = json!({ "keys": keys }).to_string();
        let keys = read(body.as_bytes(), algorithm).unwrap_or_default();
        keys.into_iter().filter_map(|key| key.kid).collect()
    };
    let all = json!([
        {"kty": "XYZ", "kid": "of another world"},
        "nothing",
        key(Algorithm::RS256, json!({"kid": "rsa", "use": "sig"})),
        key(Algorithm::RS256, json!({"kid": "for encryption", "use": "enc"})),
        key(Algorithm::RS256, json!({"kid": "for another algorithm", "alg": "RS512"})),
        key(Algorithm::ES256, json!({"kid": "ec"})),
        key(Algorithm::ES256, json!({"kid": "of another curve", "crv": "P-384"})),
        key(Algorithm::ES256, json!({"kid": "off the curve", "x": "AAAA"})),
        key(Algorithm::EdDSA, json!({"kid": "ed", "alg": "EdDSA"})),
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
    ]);
    assert_eq!(kids(JwtAlgorithm::Rs256, all.clone()), ["rsa"]);
    assert_eq!(kids(JwtAlgorithm::Es256, all.clone()), ["ec"]);
    assert_eq!(kids(JwtAlgorithm::EdDsa, all), ["ed"]);
}
