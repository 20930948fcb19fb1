//! `/v1/signing-secret`: made and rotated by POST, shown once, told of by GET, gone by DELETE.
//! What is signed with it is tested where deliveries are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::problem::{expect_blame, expect_problem};
use super::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::client::Answer;

const PATH: &str = "/v1/signing-secret";

fn make(app: &TestApp) -> Value {
    app.request("POST", PATH).send().expect(201).json()
}

fn told(app: &TestApp) -> Value {
    app.get(PATH).expect(200).json()
}

#[test]
fn it_is_shown_once_and_then_only_told_of() {
    let app = TestApp::start();
    let none = json!({"exists": false, "created_at": null, "previous_valid_until": null});
    assert_eq!(told(&app), none);
    let answer = app.request("POST", PATH).send().expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let first = answer.json();
    let secret = first["signing_secret"].as_str().unwrap();
    standardwebhooks::Webhook::new(secret).unwrap();
    assert_eq!((secret.len(), secret.ends_with('=')), ("whsec_".len() + 44, true), "{secret}");
    assert_eq!(first["previous_valid_until"], json!(null), "there is none before the first");
    let now = told(&app);
    let expected =
        json!({"exists": true, "created_at": first["created_at"], "previous_valid_until": null});
    assert_eq!(now, expected);
}

#[test]
fn a_rotation_says_until_when_the_old_one_signs() {
    let app = TestApp::start();
    let first = make(&app);
    let second = make(&app);
    assert_ne!(first["signing_secret"], second["signing_secret"]);
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let overlap = time(&second["previous_valid_until"]) - time(&second["created_at"]);
    let hours = overlap.total(jiff::Unit::Hour).unwrap();
    // The two ends of it are of two readings of the clock.
    assert!((hours - 24.0).abs() < 0.01, "{second}");
    assert_eq!(told(&app)["previous_valid_until"], second["previous_valid_until"]);

    let third = app.post(PATH, &json!({"revoke_previous": true})).expect(201).json();
    assert_eq!(third["previous_valid_until"], json!(null));
    assert_eq!(told(&app)["previous_valid_until"], json!(null));
    let again = app.post(PATH, &json!({"revoke_previous": false})).expect(201).json();
    assert_ne!(again["previous_valid_until"], json!(null));
}

#[test]
fn the_overlap_is_the_operators() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__ROTATION_OVERLAP", "0s"));
    make(&app);
    assert_eq!(make(&app)["previous_valid_until"], json!(null));
}

#[test]
fn it_is_removed_and_may_be_made_again() {
    let app = TestApp::start();
    app.delete(PATH).expect(204);
    make(&app);
    assert!(app.delete(PATH).expect(204).body.is_empty());
    assert_eq!(told(&app)["exists"], false);
    assert_eq!(make(&app)["previous_valid_until"], json!(null), "what was removed is forgotten");
}

#[test]
fn each_tenant_has_its_own_and_it_outlives_a_restart() {
    let mut app = TestApp::start();
    let made = make(&app);
    let key = add_key_of(&mut app, "somebody-else");
    assert_eq!(with_key(&app, &key, PATH).expect(200).json()["exists"], false);
    assert_eq!(told(&app)["created_at"], made["created_at"]);
    let theirs = app.anonymous("DELETE", PATH);
    theirs.header("authorization", &format!("Bearer {key}")).send().expect(204);
    assert_eq!(told(&app)["exists"], true);
}

#[test]
fn making_and_removing_need_one_scope_and_looking_another() {
    let mut app = TestApp::start();
    let writes = add_key(&mut app, &["keys:write"]);
    let reads = add_key(&mut app, &["deliveries:read"]);
    let call = |key: &str, method: &str| -> Answer {
        let bearer = format!("Bearer {key}");
        app.anonymous(method, PATH).header("authorization", &bearer).send()
    };
    expect_problem(&call(&reads, "POST"), 403);
    expect_problem(&call(&writes, "GET"), 403);
    call(&writes, "POST").expect(201);
    expect_problem(&call(&reads, "DELETE"), 403);
    assert_eq!(call(&reads, "GET").expect(200).json()["exists"], true);
    call(&writes, "DELETE").expect(204);
}

#[test]
fn a_wrong_body_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start();
    let made = make(&app);
    expect_blame(&app.post(PATH, &json!({"revoke_previous": "yes"})), "revoke_previous");
    expect_blame(&app.post(PATH, &json!({"secret": "whsec_x"})), "secret");
    expect_problem(&app.post(PATH, &json!([])), 400);
    expect_problem(&app.request("PUT", PATH).send(), 405);
    assert_eq!(told(&app)["created_at"], made["created_at"]);
}

#[test]
fn two_that_rotate_at_once_get_two_secrets() {
    let app = TestApp::start();
    let secrets: BTreeSet<String> = std::thread::scope(|scope| {
        let make = || make(&app)["signing_secret"].as_str().unwrap().to_owned();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(secrets.len(), 8);
    assert_eq!(told(&app)["exists"], true);
}
