//! Who may ask: Bearer, `X-API-Key`, nobody else; and the key that a first start makes.
//! Looks at no other part of the answers.

pub mod keys;

mod failures;
mod jwt;
mod routes;
mod walk;

use serde_json::{Value, json};

use super::problem::expect_problem;
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::options::API_KEY;

const ROUTES: [(&str, &str); 32] = [
    ("GET", "/v1/runtimes"),
    ("POST", "/v1/executions"),
    ("GET", "/v1/executions"),
    ("GET", "/v1/executions/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("DELETE", "/v1/executions/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("GET", "/v1/executions/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b/deliveries"),
    ("GET", "/v1/signing-secret"),
    ("POST", "/v1/signing-secret"),
    ("DELETE", "/v1/signing-secret"),
    ("GET", "/v1/executions/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b/output/stdout"),
    ("GET", "/v1/keys"),
    ("POST", "/v1/keys"),
    ("DELETE", "/v1/keys/0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("POST", "/v1/callbacks/test"),
    ("GET", "/v1/deliveries"),
    ("GET", "/v1/deliveries/dlv_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("POST", "/v1/deliveries/dlv_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b/redeliver"),
    ("POST", "/v1/deliveries/recover"),
    ("GET", "/v1/deliveries/recover/rcv_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("POST", "/execute"),
    ("POST", "/execute/async"),
    ("GET", "/execute/async/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("DELETE", "/execute/async/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("POST", "/execute/background"),
    ("GET", "/execute/processes"),
    ("GET", "/processes"),
    ("DELETE", "/execute/kill"),
    ("POST", "/execute/kill/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b"),
    ("POST", "/processes/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b/kill"),
    ("GET", "/execute/stream"),
    ("GET", "/v1/sandboxes/sb_1"),
    ("POST", "/v1/sandboxes/sb_1/token/refresh"),
];

#[test]
fn nobody_gets_in_without_the_right_key() {
    // More than may be wrong from one address.
    let app = TestApp::with(|options| options.env("RINGBACK_AUTH__FAILURES_PER_MINUTE", "0"));
    let almost = &API_KEY[..API_KEY.len() - 1];
    let credentials = [
        None,
        Some(("authorization", "Bearer ".to_owned())),
        Some(("authorization", "Bearer wrong-key-wrong-key".to_owned())),
        Some(("authorization", format!("Bearer {almost}"))),
        Some(("authorization", format!("Bearer {API_KEY}x"))),
        Some(("authorization", format!("Basic {API_KEY}"))),
        Some(("authorization", API_KEY.to_owned())),
        Some(("x-api-key", "wrong-key-wrong-key".to_owned())),
        Some(("x-api-key", String::new())),
    ];
    for (method, path) in ROUTES {
        for credential in &credentials {
            let mut request = app.anonymous(method, path);
            if let Some((name, value)) = credential {
                request = request.header(name, value);
            }
            check_refused(&request.json(&json!({})).send(), path);
        }
    }
}

#[test]
fn a_key_is_taken_as_bearer_whatever_the_case_of_the_word_and_as_x_api_key() {
    let app = TestApp::start();
    let headers = [
        ("authorization", format!("Bearer {API_KEY}")),
        ("authorization", format!("bearer {API_KEY}")),
        ("X-API-Key", API_KEY.to_owned()),
    ];
    for (name, value) in headers {
        let answer = app.anonymous("GET", "/v1/executions").header(name, &value).send();
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
}

#[test]
fn a_first_start_without_a_key_makes_one_and_prints_it_once() {
    let mut app = TestApp::with(|options| options.without_api_key());
    let stderr = app.stderr();
    let keys: Vec<_> = stderr.split_whitespace().filter(|word| word.starts_with("rbk_")).collect();
    assert_eq!(keys.len(), 1, "{stderr}");
    let key = keys[0].to_owned();
    let bearer = format!("Bearer {key}");
    let list = |app: &TestApp| {
        app.anonymous("GET", "/v1/executions").header("authorization", &bearer).send().status
    };
    assert_eq!(list(&app), 200);
    app.restart();
    assert_eq!(list(&app), 200);
    assert_eq!(app.stderr().matches("rbk_").count(), 1, "{}", app.stderr());
    let in_clear = crate::support::files::holding(&app.data_dir(), &key);
    assert!(in_clear.is_empty(), "the key lies in the clear in {in_clear:?}");
}

#[track_caller]
fn check_refused(answer: &Answer, path: &str) {
    let hopx = ["/execute", "/processes", "/v1/sandboxes"];
    if hopx.iter().any(|prefix| path.starts_with(prefix)) {
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert_eq!(answer.json()["code"], "AUTHENTICATION_REQUIRED");
    } else {
        let problem: Value = expect_problem(answer, 401);
        assert!(!problem.to_string().contains(API_KEY));
    }
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Bearer"), "{path}: {challenge}");
}
