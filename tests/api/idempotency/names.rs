//! What can be a name, and whose it is.

use serde_json::{Value, json};

use super::super::problem::{expect_blame, expect_problem};
use super::super::scoped::{add_key, add_key_of};
use super::{KEY, executions, expect_replay, is_replayed, named, program, send};
use crate::support::app::TestApp;

#[test]
fn a_name_is_given_once_and_can_be_seen() {
    let app = TestApp::start();
    let body = program("true");
    for bad in ["", " ", "a b", "a\tb", "\u{e4}", &"x".repeat(256)] {
        let answer = send(&app, "/v1/executions", bad, &body);
        let sentence = expect_blame(&answer, "Idempotency-Key");
        assert!(sentence.contains("255 visible ASCII"), "{bad:?}: {sentence}");
    }
    let twice = named(&app, "/v1/executions", "a").header(KEY, "a").json(&body).send();
    expect_blame(&twice, "Idempotency-Key");
    for path in
        ["/execute/async", "/execute/background", "/execute", "/apis/f", "/v1/workflow/invoke"]
    {
        let answer = send(&app, path, "a b", &body);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains("`Idempotency-Key` must have 1 to 255"), "{path}");
    }
    assert!(executions(&app).is_empty());
    for good in ["a", "~!\"#$%&'()*+,-./:;<=>?@[]^_`{|}", &"x".repeat(255)] {
        send(&app, "/v1/executions", good, &body).expect(202);
    }
    assert_eq!(executions(&app).len(), 3);
}

#[test]
fn a_name_belongs_to_one_tenant() {
    let mut app = TestApp::start();
    let stranger = add_key_of(&mut app, "stranger");
    let body = program("true");
    let ours = send(&app, "/v1/executions", "a", &body).expect(202);
    let as_stranger = |body: &Value| {
        let request = app.anonymous("POST", "/v1/executions").header(KEY, "a").json(body);
        request.header("authorization", &format!("Bearer {stranger}")).send()
    };
    let theirs = as_stranger(&body).expect(202);
    assert!(!is_replayed(&theirs) && theirs.json()["id"] != ours.json()["id"]);
    assert_eq!(as_stranger(&program("echo other")).status, 422);
    expect_replay(&ours, &send(&app, "/v1/executions", "a", &body));
}

#[test]
fn a_name_gives_nobody_a_right_and_is_no_right_to_see() {
    let mut app = TestApp::start();
    let reader = add_key(&mut app, &["executions:read"]);
    let body = program("true");
    send(&app, "/v1/executions", "a", &body).expect(202);
    let with = |token: &str| {
        let request = app.anonymous("POST", "/v1/executions").header(KEY, "a").json(&body);
        request.header("authorization", &format!("Bearer {token}")).send()
    };
    expect_problem(&with(&reader), 403);
    expect_problem(&with("nobody"), 401);
}

#[test]
fn a_request_that_is_refused_does_not_use_its_name_up() {
    let app = TestApp::start();
    let (good, bad) = (program("true"), json!({"code": "", "timeout": -1}));
    for _ in 0..2 {
        expect_problem(&send(&app, "/v1/executions", "a", &bad), 400);
    }
    let broken = named(&app, "/v1/executions", "a").bytes("{").send();
    expect_problem(&broken, 400);
    let large = named(&app, "/v1/executions", "a").bytes(vec![b' '; 5 * 1024 * 1024]).send();
    expect_problem(&large, 413);
    let first = send(&app, "/v1/executions", "a", &good).expect(202);
    expect_replay(&first, &send(&app, "/v1/executions", "a", &good));
    // From now on a bad one is another one.
    expect_problem(&send(&app, "/v1/executions", "a", &bad), 422);
}

#[test]
fn without_a_name_every_request_begins_its_own() {
    let app = TestApp::start();
    let ids: Vec<_> = (0..2).map(|_| app.submit(program("true")).id).collect();
    assert_ne!(ids[0], ids[1]);
}
