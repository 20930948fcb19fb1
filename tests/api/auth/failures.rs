//! Wrong credentials, counted by address: whoever shows too many is not looked at for a while, and whoever
//! was good goes on. All come from 127.0.0.1, or from behind a proxy there.

use serde_json::Value;

use super::super::problem::expect_problem;
use super::keys::{make, with};
use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};
use crate::support::options::API_KEY;
use crate::support::wait::{DEADLINE, eventually};

const WRONG: &str = "rbk_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b_00";

fn start(per_minute: &str) -> TestApp {
    TestApp::with(|options| options.env("RINGBACK_AUTH__FAILURES_PER_MINUTE", per_minute))
}

fn list(app: &TestApp, key: &str) -> Request {
    with(app, key, "GET", "/v1/executions")
}

#[track_caller]
fn expect_too_many(answer: &Answer) -> Value {
    let problem = expect_problem(answer, 429);
    assert_eq!(problem["code"], "too_many_failures");
    let wait: u64 = answer.header("retry-after").expect("it says when").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    problem
}

#[test]
fn too_many_wrong_credentials_are_answered_with_429_and_the_good_one_goes_on() {
    let app = start("3");
    let (stranger, _) = make(&app, "default", &["executions:read"]);
    for _ in 0..50 {
        let missing = app.anonymous("GET", "/v1/executions").send();
        expect_problem(&missing, 401);
    }
    for _ in 0..3 {
        expect_problem(&list(&app, WRONG).send(), 401);
    }
    expect_too_many(&list(&app, WRONG).send());
    expect_too_many(&list(&app, &stranger).send());
    let hopx = with(&app, WRONG, "GET", "/processes").send();
    assert_eq!((hopx.status, &hopx.json()["code"]), (429, &"RATE_LIMIT_EXCEEDED".into()));
    // It has made the key above, from here.
    list(&app, API_KEY).send().expect(200);
    app.anonymous("GET", "/v1/executions").send().expect(401);
    app.anonymous("GET", "/livez").send().expect(200);
    assert_eq!(app.stderr().matches("too many wrong credentials").count(), 1, "{}", app.stderr());
}

/// Clients that begin with a trade could not begin at all otherwise.
#[test]
fn a_token_is_as_good_as_what_it_was_traded_for() {
    let app = start("1");
    list(&app, API_KEY).send().expect(200);
    expect_problem(&list(&app, WRONG).send(), 401);
    let granted = with(&app, API_KEY, "POST", "/v1/sandboxes/mine/token/refresh").send();
    let granted = granted.expect(200).json();
    let token = granted["auth_token"].as_str().unwrap();
    list(&app, token).send().expect(200);
    expect_too_many(&list(&app, WRONG).send());
}

#[test]
fn after_a_while_one_more_is_looked_at() {
    let app = start("120");
    let (stranger, _) = make(&app, "default", &["executions:read"]);
    let refused = (0..200).find(|_| list(&app, WRONG).send().status == 429);
    assert!(refused.is_some_and(|count| count >= 120), "{refused:?}");
    eventually(DEADLINE, "it is looked at again", || {
        (list(&app, &stranger).send().status == 200).then_some(())
    });
}

#[test]
fn a_credential_that_is_good_no_more_counts_like_any_other() {
    let app = start("2");
    let (key, id) = make(&app, "default", &["executions:read"]);
    list(&app, &key).send().expect(200);
    app.delete(&format!("/v1/keys/{id}")).expect(204);
    for _ in 0..2 {
        expect_problem(&list(&app, &key).send(), 401);
    }
    expect_too_many(&list(&app, &key).send());
}

#[test]
fn nothing_is_counted_where_that_is_wished() {
    let app = start("0");
    for _ in 0..300 {
        assert_eq!(list(&app, WRONG).send().status, 401);
    }
}

#[test]
fn whoever_is_behind_a_trusted_proxy_is_told_apart() {
    let app = TestApp::with(|options| {
        let options = options.env("RINGBACK_AUTH__FAILURES_PER_MINUTE", "2");
        options.env("RINGBACK_SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
    });
    let from = |address: &str, key: &str| list(&app, key).header("x-forwarded-for", address).send();
    for _ in 0..2 {
        expect_problem(&from("198.51.100.7", WRONG), 401);
    }
    expect_too_many(&from("198.51.100.7", API_KEY));
    expect_too_many(&from("192.0.2.1, 198.51.100.7", API_KEY));
    from("198.51.100.8", API_KEY).expect(200);
    from("198.51.100.7, 198.51.100.8", API_KEY).expect(200);
    list(&app, API_KEY).send().expect(200);
}

/// Anybody may write this header.
#[test]
fn whoever_says_to_be_a_proxy_and_is_none_that_is_trusted_is_not_believed() {
    let app = start("2");
    let from = |number: u8| {
        let address = format!("198.51.100.{number}");
        list(&app, WRONG).header("x-forwarded-for", &address).send()
    };
    for number in 0..2 {
        expect_problem(&from(number), 401);
    }
    expect_too_many(&from(3));
}
