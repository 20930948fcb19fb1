//! `/v1/keys`: who may make, see and revoke which keys, and that every change counts at once.
//! Not about the command line.

use serde_json::{Value, json};

use super::super::hopx_stream::socket::Socket;
use super::super::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};
use crate::support::files;
use crate::support::wait::{DEADLINE, eventually};

/// A request with a key.
pub fn with(app: &TestApp, key: &str, method: &str, path: &str) -> Request {
    app.anonymous(method, path).header("authorization", &format!("Bearer {key}"))
}

/// Asks for a key with another one.
pub fn ask(app: &TestApp, by: &str, body: &Value) -> Answer {
    with(app, by, "POST", "/v1/keys").json(body).send()
}

/// Makes a key with the admin key, and gives its text and its id.
#[track_caller]
pub fn make(app: &TestApp, tenant: &str, scopes: &[&str]) -> (String, String) {
    let body = json!({"name": "made", "tenant": tenant, "scopes": scopes});
    let made = app.post("/v1/keys", &body).expect(201).json();
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    (text("key"), text("id"))
}

fn ids(answer: &Answer) -> Vec<String> {
    let data = answer.json()["data"].as_array().unwrap().clone();
    data.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

fn status(app: &TestApp, key: &str) -> u16 {
    with(app, key, "GET", "/v1/executions").send().status
}

#[test]
fn a_key_is_shown_once_and_opens_at_once() {
    let app = TestApp::start();
    let body =
        json!({"name": "ci ☃", "tenant": "acme", "scopes": ["metrics:read", "executions:read"]});
    let answer = app.post("/v1/keys", &body).expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.json();
    let members: Vec<&String> = made.as_object().unwrap().keys().collect();
    let expected = ["key", "id", "name", "tenant", "scopes", "created_at", "last_used_at"];
    assert_eq!(members, expected);
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert!(key.starts_with(&format!("rbk_{id}_")), "{key}");
    assert_eq!(made["scopes"], json!(["executions:read", "metrics:read"]));
    assert_eq!(status(&app, key), 200);
    let listed = app.get("/v1/keys").expect(200);
    let mut told = made.clone();
    told.as_object_mut().unwrap().shift_remove("key");
    told["last_used_at"] = listed.json()["data"][0]["last_used_at"].clone();
    assert!(told["last_used_at"].is_string(), "it was used: {told}");
    assert_eq!(listed.json(), json!({"data": [told], "next_cursor": null}));
    let secret = key.rsplit('_').next().unwrap();
    assert!(!listed.text().contains(secret) && !app.stderr().contains(secret));
    let in_clear = files::holding(&app.data_dir(), secret);
    assert!(in_clear.is_empty(), "the key lies in the clear in {in_clear:?}");
}

#[test]
fn a_revoked_key_is_refused_at_the_very_next_request() {
    let app = TestApp::start();
    for _ in 0..20 {
        let (key, id) = make(&app, "default", &["executions:read"]);
        assert_eq!(status(&app, &key), 200);
        app.delete(&format!("/v1/keys/{id}")).expect(204);
        assert_eq!(status(&app, &key), 401);
        expect_problem(&app.delete(&format!("/v1/keys/{id}")), 404);
    }
    for nothing in ["0197", "%00", "a%2Fb", "admin"] {
        expect_problem(&app.delete(&format!("/v1/keys/{nothing}")), 404);
    }
    let (own, id) = make(&app, "default", &["keys:write"]);
    with(&app, &own, "DELETE", &format!("/v1/keys/{id}")).send().expect(204);
    assert_eq!(status(&app, &own), 401, "one may revoke oneself");
}

#[test]
fn a_token_that_was_traded_for_a_key_goes_with_it() {
    let app = TestApp::start();
    let (key, id) = make(&app, "default", &["executions:read"]);
    let path = "/v1/sandboxes/mine/token/refresh";
    let token = with(&app, &key, "POST", path).send().expect(200).json();
    let token = token["auth_token"].as_str().unwrap();
    assert_eq!(status(&app, token), 200);
    app.delete(&format!("/v1/keys/{id}")).expect(204);
    assert_eq!(status(&app, token), 401);
}

/// A command that is killed between its commit and its stamp has said nothing.
#[test]
fn a_change_that_nobody_tells_of_is_noticed_within_seconds() {
    let app = TestApp::start();
    let (key, id) = make(&app, "default", &["executions:read"]);
    assert_eq!(status(&app, &key), 200);
    let database = rusqlite::Connection::open(app.data_dir().join("ringback.db")).unwrap();
    database.busy_timeout(DEADLINE).unwrap();
    database.execute("UPDATE api_keys SET revoked_at = 1 WHERE id = ?1", [&id]).unwrap();
    drop(database);
    eventually(DEADLINE, "it is refused", || (status(&app, &key) == 401).then_some(()));
}

/// The socket is one request; what is sent over it are others.
#[test]
fn a_socket_runs_nothing_more_when_its_key_is_revoked() {
    let app = TestApp::start();
    let (key, id) = make(&app, "default", &["executions:write"]);
    let mut socket = Socket::open_with(&app, &key);
    socket.execute("echo hi");
    let types = |messages: Vec<Value>| {
        messages
            .iter()
            .map(|message| message["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(types(socket.until_complete()).contains(&"stdout".to_owned()));
    app.delete(&format!("/v1/keys/{id}")).expect(204);
    socket.execute("echo hi");
    assert_eq!(types(socket.until_complete()), ["error", "complete"]);
    assert_eq!(app.get("/v1/executions").expect(200).json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn rotating_is_having_two_keys_for_a_while() {
    let mut app = TestApp::start();
    let (old, old_id) = make(&app, "acme", &["executions:read"]);
    let (new, new_id) = make(&app, "acme", &["executions:read"]);
    assert_eq!((status(&app, &old), status(&app, &new)), (200, 200));
    let last_use = |app: &TestApp, id: &str| {
        let keys = app.get("/v1/keys").expect(200).json()["data"].as_array().unwrap().clone();
        let key = keys.into_iter().find(|key| key["id"] == *id).unwrap();
        key["last_used_at"].as_str().unwrap().to_owned()
    };
    let last_of_old = last_use(&app, &old_id);
    let newer = eventually(DEADLINE, "the new key is used later than the old one was", || {
        assert_eq!(status(&app, &new), 200);
        Some(last_use(&app, &new_id)).filter(|newer| *newer > last_of_old)
    });
    app.restart();
    assert_eq!(last_use(&app, &old_id), last_of_old, "it was written down at the end");
    assert_eq!(last_use(&app, &new_id), newer);
    app.delete(&format!("/v1/keys/{old_id}")).expect(204);
    assert_eq!((status(&app, &old), status(&app, &new)), (401, 200));
}

#[test]
fn whoever_is_no_admin_gives_what_they_have_and_within_their_tenant() {
    let app = TestApp::start();
    let (keeper, _) = make(&app, "acme", &["keys:write", "executions:read"]);
    let (_, others) = make(&app, "other", &["executions:read"]);
    let made = ask(&app, &keeper, &json!({"name": "x", "scopes": ["executions:read"]}));
    let made = made.expect(201).json();
    assert_eq!(made["tenant"], "acme", "the tenant of whoever asks");
    ask(&app, &keeper, &json!({"name": "x", "tenant": "acme", "scopes": ["keys:write"]}))
        .expect(201);
    for (body, word) in [
        (
            json!({"name": "x", "scopes": ["executions:read", "executions:write"]}),
            "`executions:write`",
        ),
        (json!({"name": "x", "scopes": ["admin"]}), "`admin`"),
        (json!({"name": "x", "tenant": "other", "scopes": ["executions:read"]}), "`acme`"),
        (json!({"name": "x", "tenant": "default", "scopes": ["executions:read"]}), "`acme`"),
    ] {
        let problem = expect_problem(&ask(&app, &keeper, &body), 403);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    let seen = with(&app, &keeper, "GET", "/v1/keys").send().expect(200);
    assert!(seen.json()["data"].as_array().unwrap().iter().all(|key| key["tenant"] == "acme"));
    assert_eq!(ids(&seen).len(), 3);
    let revoke = |id: &str| with(&app, &keeper, "DELETE", &format!("/v1/keys/{id}")).send();
    expect_problem(&revoke(&others), 404);
    revoke(made["id"].as_str().unwrap()).expect(204);
    assert!(ids(&app.get("/v1/keys").expect(200)).contains(&others), "it is there still");
    let (reader, _) = make(&app, "acme", &["executions:read"]);
    expect_problem(&ask(&app, &reader, &json!({"name": "x", "scopes": ["executions:read"]})), 403);
    expect_problem(&with(&app, &reader, "GET", "/v1/keys").send(), 403);
    expect_problem(&with(&app, &reader, "DELETE", &format!("/v1/keys/{others}")).send(), 403);
}

#[test]
fn an_admin_rules_its_own_tenant_and_that_of_the_default_tenant_all() {
    let app = TestApp::start();
    let (of_acme, _) = make(&app, "acme", &["admin"]);
    let (of_default, _) = make(&app, "default", &["admin"]);
    let (_, others) = make(&app, "other", &["executions:read"]);
    let body = |tenant: &str| json!({"name": "x", "tenant": tenant, "scopes": ["admin"]});
    ask(&app, &of_acme, &body("acme")).expect(201);
    expect_problem(&ask(&app, &of_acme, &body("other")), 403);
    expect_problem(&ask(&app, &of_acme, &body("default")), 403);
    let path = format!("/v1/keys/{others}");
    expect_problem(&with(&app, &of_acme, "DELETE", &path).send(), 404);
    assert_eq!(ids(&with(&app, &of_acme, "GET", "/v1/keys").send()).len(), 2);
    ask(&app, &of_default, &body("other")).expect(201);
    assert_eq!(ids(&with(&app, &of_default, "GET", "/v1/keys").send()).len(), 5);
    with(&app, &of_default, "DELETE", &path).send().expect(204);
}

#[test]
fn the_last_key_that_rules_all_cannot_be_revoked_by_a_request() {
    let app = TestApp::with(|options| options.without_api_key());
    let stderr = app.stderr();
    let key = stderr.split_whitespace().find(|word| word.starts_with("rbk_")).unwrap();
    let first = ids(&with(&app, key, "GET", "/v1/keys").send().expect(200));
    let path = format!("/v1/keys/{}", first[0]);
    let problem = expect_problem(&with(&app, key, "DELETE", &path).send(), 409);
    assert_eq!(problem["code"], "last_admin_key");
    assert_eq!(status(&app, key), 200);
    let other = ask(&app, key, &json!({"name": "second", "scopes": ["admin"]})).expect(201).json();
    with(&app, key, "DELETE", &path).send().expect(204);
    assert_eq!((status(&app, key), status(&app, other["key"].as_str().unwrap())), (401, 200));
}

#[test]
fn what_is_wrong_with_a_request_is_named_and_no_key_is_made() {
    let app = TestApp::start();
    let scopes = json!(["executions:read"]);
    let long = "ü".repeat(65);
    for (body, field) in [
        (json!({"scopes": scopes}), "name"),
        (json!({"name": "", "scopes": scopes}), "name"),
        (json!({"name": long, "scopes": scopes}), "name"),
        (json!({"name": "a\nb", "scopes": scopes}), "name"),
        (json!({"name": 1, "scopes": scopes}), "name"),
        (json!({"name": "a"}), "scopes"),
        (json!({"name": "a", "scopes": []}), "scopes"),
        (json!({"name": "a", "scopes": "admin"}), "scopes"),
        (json!({"name": "a", "scopes": [1]}), "scopes"),
        (json!({"name": "a", "scopes": scopes, "tenant": "a/b"}), "tenant"),
        (json!({"name": "a", "scopes": scopes, "tenant": ".."}), "tenant"),
        (json!({"name": "a", "scopes": scopes, "tenant": "ü"}), "tenant"),
        (json!({"name": "a", "scopes": scopes, "tenant": 1}), "tenant"),
        (
            json!({"name": "a", "scopes": scopes, "expires_at": "2030-01-01T00:00:00Z"}),
            "expires_at",
        ),
    ] {
        expect_blame(&app.post("/v1/keys", &body), field);
    }
    let unknown = app.post("/v1/keys", &json!({"name": "a", "scopes": ["executions:raed"]}));
    let sentence = expect_blame(&unknown, "scopes");
    for word in ["executions:raed", "executions:read", "deliveries:redeliver", "admin"] {
        assert!(sentence.contains(word), "{sentence}");
    }
    let twice = app.request("POST", "/v1/keys").header("idempotency-key", "k");
    let twice = twice.json(&json!({"name": "a", "scopes": scopes})).send();
    expect_blame(&twice, "Idempotency-Key");
    assert_eq!(ids(&app.get("/v1/keys").expect(200)), [""; 0]);
}

/// Who trusts the wrong one of two headers would let the wrong one in.
#[test]
fn a_credential_that_is_sent_twice_is_refused_and_authorization_counts() {
    let app = TestApp::start();
    let (key, _) = make(&app, "default", &["executions:read"]);
    let ask = |headers: &[(&str, &str)]| {
        let request = app.anonymous("GET", "/v1/executions");
        headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
    };
    let bearer = format!("Bearer {key}");
    let twice = ask(&[("authorization", &bearer), ("authorization", &bearer)]);
    let problem = expect_problem(&twice, 400);
    assert!(problem["detail"].as_str().unwrap().contains("`Authorization`"), "{problem}");
    let problem = expect_problem(&ask(&[("x-api-key", &key), ("x-api-key", "other")]), 400);
    assert!(problem["detail"].as_str().unwrap().contains("`X-API-Key`"), "{problem}");
    let both = |authorization: &str, x_api_key: &str| {
        ask(&[("x-api-key", x_api_key), ("authorization", authorization)]).status
    };
    assert_eq!(both(&bearer, "wrong"), 200);
    assert_eq!(both("Bearer wrong", &key), 401);
    assert_eq!(both("Basic wrong", &key), 200, "what is for a proxy is none of ours");
}
