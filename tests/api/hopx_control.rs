//! What HopX's clients ask first: the sandbox that they are to use, a token for it, and whether anybody is
//! there. What they make of the answers is tested with the clients themselves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::hopx_errors::check;
use super::problem::expect_problem;
use super::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::files;
use crate::support::options::API_KEY;
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const REFRESH: &str = "/v1/sandboxes/sb_1/token/refresh";

/// A token for a key, as the clients ask for one.
#[track_caller]
fn token_for(app: &TestApp, key: &str) -> String {
    let answer = app.anonymous("POST", REFRESH).header("x-api-key", key).send().expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()["auth_token"].as_str().expect("a token is a text").to_owned()
}

fn status(app: &TestApp, token: &str) -> u16 {
    with_key(app, token, "/v1/executions").status
}

#[test]
fn any_sandbox_runs_and_is_this_server() {
    let app = TestApp::start();
    for id in ["sb_1", "1761048129dsaqav4n"] {
        let path = format!("/v1/sandboxes/{id}");
        let answer = app.anonymous("GET", &path).header("x-api-key", API_KEY).send().expect(200);
        let host = format!("http://{}", app.address());
        let expected =
            json!({ "id": id, "status": "running", "public_host": host, "direct_url": host });
        assert_eq!(answer.json(), expected);
    }
    let odd = app.get("/v1/sandboxes/a%20b%C3%A4%22").expect(200).json();
    assert_eq!(odd["id"], "a bä\"", "any id is echoed");
    let public_url = "https://ringback.example.com/";
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__PUBLIC_URL", public_url));
    let sandbox = app.get("/v1/sandboxes/sb_1").expect(200).json();
    assert_eq!(sandbox["public_host"], "https://ringback.example.com");
}

#[test]
fn who_wants_a_sandbox_made_is_told_that_none_is_needed() {
    let app = TestApp::start();
    let error =
        check(&app.post("/v1/sandboxes", &json!({"template_id": "1"})), 405, "METHOD_NOT_ALLOWED");
    assert!(error["message"].as_str().unwrap().contains("Sandbox.connect"), "{error}");
}

#[test]
fn what_is_wrong_with_these_calls_is_said_in_hopxs_shape() {
    let app = TestApp::start();
    for (method, path) in [("GET", "/v1/sandboxes/sb_1"), ("POST", REFRESH)] {
        let refused = app.anonymous(method, path).header("x-api-key", "another-key-of-no-one");
        check(&refused.send(), 401, "AUTHENTICATION_REQUIRED");
        check(&app.anonymous(method, path).send(), 401, "AUTHENTICATION_REQUIRED");
    }
    let too_long = format!("/v1/sandboxes/{}", "x".repeat(129));
    for path in [&*too_long, "/v1/sandboxes/a%01b", "/v1/sandboxes/%0A"] {
        check(&app.get(path), 404, "RESOURCE_NOT_FOUND");
        let refresh = format!("{path}/token/refresh");
        check(&app.request("POST", &refresh).send(), 404, "RESOURCE_NOT_FOUND");
    }
    for path in ["/v1/sandboxes/", "/v1/sandboxes/sb_1/pause"] {
        check(&app.request("POST", path).send(), 404, "RESOURCE_NOT_FOUND");
    }
    let ended = app.delete("/v1/sandboxes/sb_1");
    check(&ended, 405, "METHOD_NOT_ALLOWED");
    assert_eq!(ended.header("allow"), Some("GET"));
    check(&app.get(REFRESH), 405, "METHOD_NOT_ALLOWED");
}

#[test]
fn our_own_routes_beside_keep_their_own_shape() {
    let app = TestApp::start();
    expect_problem(&app.get("/v1/sandboxesque"), 404);
    expect_problem(&app.get("/v1/nothing"), 404);
}

#[test]
fn health_is_told_with_and_without_a_token_and_only_while_it_is_true() {
    let app = TestApp::start();
    let healthy = |answer: Answer| assert_eq!(answer.expect(200).json()["status"], "healthy");
    healthy(app.anonymous("GET", "/health").send());
    healthy(app.get("/health"));
    healthy(with_key(&app, "a-token-that-has-ended", "/health"));
    // No launcher starts without its lock.
    let lock = app.data_dir().join("launcher.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let launcher = processes::child_of(app.pid(), "launcher").expect("a server has a launcher");
    processes::signal(launcher, Signal::KILL);
    let ill = eventually(DEADLINE, "the launcher is missed", || {
        let answer = app.anonymous("GET", "/health").send();
        (answer.status == 503).then_some(answer)
    });
    check(&ill, 503, "SERVICE_UNAVAILABLE");
    fs::remove_dir(&lock).unwrap();
}

#[test]
fn a_token_opens_every_route_and_is_good_for_two_hours_and_more() {
    let app = TestApp::start();
    let granted = app.request("POST", REFRESH).json(&json!({})).send().expect(200).json();
    let expires_at: jiff::Timestamp =
        granted["token_expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires_at.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((2 * 3600 + 60..=24 * 3600).contains(&left), "{left} s are left");
    let token = granted["auth_token"].as_str().unwrap();
    for path in ["/v1/executions", "/v1/deliveries", "/v1/signing-secret", "/metrics"] {
        assert_eq!(with_key(&app, token, path).status, 200, "{path}");
    }
    let receiver = TestReceiver::start();
    let body = json!({ "language": "sh", "code": "echo hi", "callback_url": receiver.url("/") });
    let bearer = format!("Bearer {token}");
    let request = app.anonymous("POST", "/execute/async").header("authorization", &bearer);
    request.json(&body).send().expect(200);
    assert_eq!(receiver.first().json()["stdout"], "hi\n");
}

#[test]
fn a_token_ends() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__TOKEN_LIFETIME", "2s"));
    let token = token_for(&app, API_KEY);
    let answer = eventually(DEADLINE, "the token has ended", || {
        let answer = with_key(&app, &token, "/v1/executions");
        (answer.status != 200).then_some(answer)
    });
    expect_problem(&answer, 401);
    check(&with_key(&app, &token, "/v1/sandboxes/sb_1"), 401, "AUTHENTICATION_REQUIRED");
}

#[test]
fn a_token_outlives_the_server_and_not_the_key_that_signed_it() {
    let mut app = TestApp::start();
    let token = token_for(&app, API_KEY);
    app.restart();
    assert_eq!(status(&app, &token), 200);
    let file = app.data_dir().join("token.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&file).unwrap();
    app.restart();
    assert_eq!(status(&app, &token), 401);
    assert_eq!(status(&app, &token_for(&app, API_KEY)), 200);
}

#[test]
fn a_token_ends_with_the_admin_key_that_it_stands_for() {
    let mut app = TestApp::start();
    let token = token_for(&app, API_KEY);
    app.change(|options| options.env("RINGBACK_API_KEY", "another-key-of-the-operator"));
    app.restart();
    assert_eq!(status(&app, &token), 401);
    app.change(|options| options.env("RINGBACK_API_KEY", API_KEY));
    app.restart();
    assert_eq!(status(&app, &token), 200);
}

#[test]
fn a_token_may_what_its_key_may_and_see_what_it_sees() {
    let mut app = TestApp::start();
    let mine = app.submit(json!({ "language": "sh", "code": "true" })).id;
    let key = add_key(&mut app, &["executions:read"]);
    let token = token_for(&app, &key);
    assert_eq!(status(&app, &token), 200);
    expect_problem(&with_key(&app, &token, "/metrics"), 403);
    // Nor has a token that was asked for with it.
    let bearer = format!("Bearer {token}");
    let again = app.anonymous("POST", REFRESH).header("authorization", &bearer).send();
    let again: Value = again.expect(200).json();
    let second = again["auth_token"].as_str().unwrap();
    expect_problem(&with_key(&app, second, "/metrics"), 403);

    let strangers = add_key_of(&mut app, "acme");
    let token = token_for(&app, &strangers);
    expect_problem(&with_key(&app, &token, &format!("/v1/executions/{mine}")), 404);
}

#[test]
fn a_key_file_that_holds_no_key_is_told_at_the_start() {
    let mut app = TestApp::start();
    let file = app.data_dir().join("token.key");
    app.terminate();
    fs::write(&file, "not a key\n").unwrap();
    assert!(!app.restart_to_its_end().success());
    let said = app.stderr();
    assert!(said.contains("token.key: a key for tokens is 32 bytes in base64"), "{said}");
}

#[test]
fn no_token_lies_in_the_data_directory_or_the_log() {
    let app = TestApp::start();
    let token = token_for(&app, API_KEY);
    status(&app, &token);
    let in_clear = files::holding(&app.data_dir(), &token);
    assert!(in_clear.is_empty(), "it lies in {in_clear:?}");
    assert!(!app.stderr().contains(&token));
}
