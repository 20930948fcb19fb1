//! Who may do what with functions, and whose they are.

use serde_json::json;

use super::{invoke, put_new, script};
use crate::problem::expect_problem;
use crate::scoped::{add_key, add_key_of};
use crate::support::app::TestApp;
use crate::support::client::Answer;

/// Every call that there is: method, path, and what it is answered when all is well.
const CALLS: [(&str, &str, u16); 7] = [
    ("PUT", "/v1/functions/f", 200),
    ("GET", "/v1/functions/f", 200),
    ("GET", "/v1/functions", 200),
    ("GET", "/v1/functions/f/versions", 200),
    ("POST", "/v1/functions/f/invoke", 202),
    ("POST", "/v1/functions/f/rotate-secret", 200),
    ("DELETE", "/v1/functions/f", 204),
];

fn ask(app: &TestApp, key: &str, (method, path, _): (&str, &str, u16)) -> Answer {
    let request = app.anonymous(method, path).header("authorization", &format!("Bearer {key}"));
    if method == "PUT" { request.json(&script("true")).send() } else { request.send() }
}

#[test]
fn without_a_key_nothing_is_told() {
    let app = TestApp::start();
    put_new(&app, "f", &script("true"));
    for (method, path, _) in CALLS {
        let answer = app.anonymous(method, path).send();
        expect_problem(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[test]
fn each_call_needs_its_scope_and_says_which() {
    let mut app = TestApp::start();
    let scopes = ["functions:write", "executions:read", "executions:write", "deliveries:read"];
    let keys = scopes.map(|scope| add_key(&mut app, &[scope]));
    put_new(&app, "f", &script("true"));
    for call in CALLS {
        let (method, path, good) = call;
        let is_invoke = path.ends_with("/invoke");
        // Whoever may change functions may look at them as well.
        let may = [!is_invoke, method == "GET", is_invoke, false];
        // The one that removes it goes last.
        for number in [1, 2, 3, 0] {
            let answer = ask(&app, &keys[number], call);
            if may[number] {
                assert_eq!(answer.status, good, "{call:?} {}: {}", scopes[number], answer.text());
                continue;
            }
            let problem = expect_problem(&answer, 403);
            let named = match method {
                _ if is_invoke => "`executions:write`",
                "GET" => "`executions:read`",
                _ => "`functions:write`",
            };
            assert!(problem["detail"].as_str().unwrap().contains(named), "{problem}");
        }
    }
}

#[test]
fn who_may_only_call_a_function_has_no_other_code_run_with_what_it_holds() {
    let mut app = TestApp::start();
    let [calls, changes] = [&["executions:write"][..], &["executions:write", "functions:write"]]
        .map(|scopes| add_key(&mut app, scopes));
    let holds = json!({"language": "bash", "code": "true", "env": {"TOKEN": "hunter2"}});
    put_new(&app, "f", &holds);
    let invoke = |key: &str, body| {
        let request = app.anonymous("POST", "/v1/functions/f/invoke");
        request.header("authorization", &format!("Bearer {key}")).json(&body).send()
    };
    let read_out = json!({"env": {"BASH_ENV": "/dev/stdin"}, "stdin": "echo $TOKEN"});
    let problem = expect_problem(&invoke(&calls, read_out.clone()), 403);
    let sentence = problem["detail"].as_str().unwrap();
    assert!(sentence.contains("`env`") && sentence.contains("`functions:write`"), "{sentence}");
    assert_eq!(app.get("/v1/executions").json()["data"], json!([]));
    for harmless in [json!({}), json!({"env": {}, "stdin": "x"}), json!({"env": null})] {
        invoke(&calls, harmless).expect(202);
    }
    invoke(&changes, read_out).expect(202);
}

#[test]
fn each_tenant_has_functions_of_its_own() {
    let mut app = TestApp::start();
    let key = add_key_of(&mut app, "somebody-else");
    put_new(&app, "f", &script("echo ours"));
    for call in
        CALLS.into_iter().filter(|(method, path, _)| *method != "PUT" && *path != "/v1/functions")
    {
        expect_problem(&ask(&app, &key, call), 404);
    }
    assert_eq!(ask(&app, &key, CALLS[2]).expect(200).json()["data"], json!([]));
    let theirs = ask(&app, &key, CALLS[0]).expect(201).json();
    assert_eq!(theirs["version"], 1);
    ask(&app, &key, CALLS[6]).expect(204);
    let record = app.finished(&invoke(&app, "f", &json!({})));
    assert_eq!(record["stdout"], "ours\n");
}
