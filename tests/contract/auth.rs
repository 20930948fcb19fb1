//! The section on auth.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::options::API_KEY;

fn key_of(app: &TestApp, tenant: &str, scopes: &[&str]) -> (String, String) {
    let body = json!({"name": "of this test", "tenant": tenant, "scopes": scopes});
    let key = app.post("/v1/keys", &body).expect(201).json();
    let text = |field: &str| key[field].as_str().expect("a text").to_owned();
    (text("id"), text("key"))
}

fn get(app: &TestApp, key: &str, path: &str) -> crate::support::client::Answer {
    app.anonymous("GET", path).header("authorization", &format!("Bearer {key}")).send()
}

#[test]
fn a_bearer_token_or_an_x_api_key() {
    let app = TestApp::start();
    get(&app, API_KEY, "/v1/executions").expect(200);
    app.anonymous("GET", "/v1/executions").header("x-api-key", API_KEY).send().expect(200);
}

#[test]
fn no_or_bad_credentials_are_401_with_www_authenticate() {
    let app = TestApp::start();
    let none = app.anonymous("GET", "/v1/executions").send().expect(401);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    let bad = get(&app, "rbk_0_0", "/v1/executions").expect(401);
    assert_eq!(bad.header("www-authenticate"), Some("Bearer"));
}

#[test]
fn a_missing_scope_is_403() {
    let app = TestApp::start();
    let (_, key) = key_of(&app, "default", &["executions:read"]);
    get(&app, &key, "/v1/executions").expect(200);
    let submit = app.anonymous("POST", "/v1/executions").header("x-api-key", &key);
    submit.json(&json!({"language": "sh", "code": "true"})).send().expect(403);
}

#[test]
fn another_tenants_id_is_404_as_one_that_never_existed() {
    let app = TestApp::start();
    let id = app.run(json!({"language": "sh", "code": "true"}))["id"].as_str().unwrap().to_owned();
    let (_, key) = key_of(&app, "other", &["admin"]);
    let told = |id: &str| {
        let mut body = get(&app, &key, &format!("/v1/executions/{id}")).expect(404).json();
        body["request_id"] = Value::Null;
        body
    };
    assert_eq!(told(&id), told("exec_0192a000000070008000000000000001"));
}

#[test]
fn api_keys_are_shown_once_and_have_a_last_use() {
    let app = TestApp::start();
    let (id, key) = key_of(&app, "default", &["executions:read"]);
    assert!(key.starts_with(&format!("rbk_{id}_")), "{key}");
    let listed = || {
        let keys = app.get("/v1/keys").expect(200);
        assert!(!keys.text().contains(key.rsplit('_').next().unwrap()));
        let keys = keys.json();
        let keys = keys["data"].as_array().unwrap();
        keys.iter().find(|key| key["id"] == *id).expect("it is listed").clone()
    };
    assert_eq!(listed()["last_used_at"], Value::Null);
    get(&app, &key, "/v1/executions").expect(200);
    assert!(listed()["last_used_at"].is_string());
}

#[test]
fn delete_v1_keys_id_is_effective_at_once() {
    let app = TestApp::start();
    let (id, key) = key_of(&app, "default", &["executions:read"]);
    get(&app, &key, "/v1/executions").expect(200);
    let gone = app.delete(&format!("/v1/keys/{id}")).status;
    assert!((200..300).contains(&gone), "{gone}");
    get(&app, &key, "/v1/executions").expect(401);
    app.delete(&format!("/v1/keys/{id}")).expect(404);
}

#[test]
fn keys_need_the_scope_keys_write() {
    let app = TestApp::start();
    let (_, key) = key_of(&app, "default", &["executions:read"]);
    get(&app, &key, "/v1/keys").expect(403);
    let (_, key) = key_of(&app, "default", &["keys:write"]);
    get(&app, &key, "/v1/keys").expect(200);
}

#[test]
fn ringback_api_key_is_an_admin_key_of_the_tenant_default() {
    let app = TestApp::start();
    let id = app.run(json!({"language": "sh", "code": "true"}))["id"].as_str().unwrap().to_owned();
    let (_, key) = key_of(&app, "default", &["admin"]);
    get(&app, &key, &format!("/v1/executions/{id}")).expect(200);
}

#[test]
fn with_no_key_the_first_start_makes_one_and_prints_it_once() {
    let mut app = TestApp::with(|options| options.without_api_key());
    let printed = |said: &str| {
        let begin = said.find("rbk_").expect("a key is printed");
        let word = said[begin..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        word.unwrap().to_owned()
    };
    let key = printed(&app.stderr());
    get(&app, &key, "/v1/executions").expect(200);
    let before = app.stderr().len();
    app.restart();
    assert!(!app.stderr()[before..].contains("rbk_"));
    get(&app, &key, "/v1/executions").expect(200);
}

#[test]
fn a_jwt_of_the_pinned_algorithm_maps_as_a_key_does() {
    let secret = "a-secret-of-at-least-thirty-two-bytes";
    let app = TestApp::with(|options| {
        let options = options.env("RINGBACK_AUTH__JWT__ALGORITHM", "HS256");
        options.env("RINGBACK_AUTH__JWT__SECRET", secret)
    });
    let token = |algorithm, claims: Value| {
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), &claims, &key).unwrap()
    };
    let future = jiff::Timestamp::now().as_second() + 600;
    let claims = |scope: &str| json!({"exp": future, "tenant": "jwt", "scope": scope});
    let good = token(jsonwebtoken::Algorithm::HS256, claims("executions:read"));
    get(&app, &good, "/v1/executions").expect(200);
    get(&app, &good, "/metrics").expect(403);
    let both = token(jsonwebtoken::Algorithm::HS256, claims("executions:read metrics:read"));
    get(&app, &both, "/metrics").expect(200);
    let other = token(jsonwebtoken::Algorithm::HS512, claims("executions:read"));
    get(&app, &other, "/v1/executions").expect(401);
    let endless = token(jsonwebtoken::Algorithm::HS256, json!({"scope": "executions:read"}));
    get(&app, &endless, "/v1/executions").expect(401);
    let past = json!({"exp": future - 1000, "scope": "executions:read"});
    let past = token(jsonwebtoken::Algorithm::HS256, past);
    get(&app, &past, "/v1/executions").expect(401);
}
