//! What is wrong is said in one shape, whatever it is.
//! What is wrong with bodies, ids and callback URLs is tested beside what is right with them.

use serde_json::json;

use super::{call, calling, ended, executions, expect_error, put_script};
use crate::scoped::{add_key, add_key_of};
use crate::support::app::TestApp;

#[test]
fn who_may_not_is_told_so() {
    let mut app = TestApp::start();
    let writes = add_key(&mut app, &["executions:write"]);
    let reads = add_key(&mut app, &["executions:read"]);
    put_script(&app, "f", "true");
    let id = call(&app, "f", &json!({}));
    ended(&app, "f", &id);
    let path = format!("/apis/f/{id}");
    let ask = |key: Option<&str>, method: &str, path: &str| {
        let request = app.anonymous(method, path);
        let request = match key {
            Some(key) => request.header("authorization", &format!("Bearer {key}")),
            None => request,
        };
        if method == "POST" { request.json(&json!({})).send() } else { request.send() }
    };
    for key in [None, Some("nonsense")] {
        for (method, path) in [("POST", "/apis/f"), ("GET", &*path)] {
            let answer = ask(key, method, path);
            expect_error(&answer, 401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    let sentence = expect_error(&ask(Some(&reads), "POST", "/apis/f"), 403, "forbidden");
    assert!(sentence.contains("`executions:write`"), "{sentence}");
    let sentence = expect_error(&ask(Some(&writes), "GET", &path), 403, "forbidden");
    assert!(sentence.contains("`executions:read`"), "{sentence}");
    assert_eq!(executions(&app).len(), 1);
    ask(Some(&writes), "POST", "/apis/f").expect(200);
    ask(Some(&reads), "GET", &path).expect(200);
}

#[test]
fn what_is_another_tenants_is_not_there() {
    let mut app = TestApp::start();
    put_script(&app, "f", "true");
    let named = calling(&app, "f").header("x-request-id", "mine").json(&json!({}));
    named.send().expect(200);
    ended(&app, "f", "mine");
    let id = executions(&app).remove(0);
    let key = add_key_of(&mut app, "somebody-else");
    let ask = |method: &str, path: &str| {
        let request = app.anonymous(method, path);
        request.header("authorization", &format!("Bearer {key}")).send()
    };
    expect_error(&ask("POST", "/apis/f"), 404, "not_found");
    expect_error(&ask("GET", "/apis/f/mine"), 404, "not_found");
    expect_error(&ask("GET", &format!("/apis/f/{id}")), 404, "not_found");
}

#[test]
fn what_there_is_not_is_not_found_and_what_there_is_not_a_method_for_is_said() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let definition = json!({"language": "sh", "code": "true", "variant": "other"});
    app.request("PUT", "/v1/functions/g").json(&definition).send().expect(201);
    expect_error(&calling(&app, "nobody").json(&json!({})).send(), 404, "not_found");
    let only_another_variant = calling(&app, "g").json(&json!({})).send();
    expect_error(&only_another_variant, 404, "not_found");
    let no_name = calling(&app, "a%20b").json(&json!({})).send();
    expect_error(&no_name, 400, "invalid_request");
    // What is not text in a path is nobody's id either.
    expect_error(&app.get("/apis/f/%ff"), 404, "not_found");
    for (method, path, allowed) in
        [("GET", "/apis/f", "POST"), ("PUT", "/apis/f", "POST"), ("DELETE", "/apis/f/x", "GET")]
    {
        let answer = app.request(method, path).send();
        expect_error(&answer, 405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allowed));
    }
    assert_eq!(executions(&app), Vec::<String>::new());
}

#[test]
fn a_function_that_the_server_no_longer_runs_is_not_called() {
    const LISTED: &str = "RINGBACK_EXECUTION__WORKING_DIRS";
    let mut app = TestApp::with(|options| options.env(LISTED, "/usr"));
    super::put(&app, "f", json!({"language": "sh", "code": "true", "working_dir": "/usr/bin"}));
    let named = |app: &TestApp, id| calling(app, "f").header("x-request-id", id).json(&json!({}));
    named(&app, "before").send().expect(200);
    ended(&app, "f", "before");
    app.change(|options| options.env(LISTED, "/opt"));
    app.restart();
    let sentence = expect_error(&named(&app, "after").send(), 400, "invalid_request");
    assert!(sentence.contains("no longer runs this function"), "{sentence}");
    // What it has taken before it has taken.
    named(&app, "before").send().expect(200);
    assert_eq!(executions(&app).len(), 1);
}
