//! What a call is known by: the id that its caller gave, or that of its execution.
//! Sends each call once; what is sent twice has tests of its own.

use serde_json::json;

use super::{call, calling, ended, executions, expect_error, id_of, put_script, told};
use crate::support::app::TestApp;
use crate::support::client::exchange;
use crate::support::options::API_KEY;

#[test]
fn without_an_id_of_the_callers_it_is_that_of_the_execution() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let id = call(&app, "f", &json!({}));
    assert_eq!(executions(&app), [id.as_str()]);
    assert_eq!(ended(&app, "f", &id)["id"], id);
    assert_eq!(app.record(&id)["status"], "completed");
}

#[test]
fn an_id_of_the_callers_is_the_id_everywhere() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let longest = "x".repeat(255);
    let odd = "a/b?c#d%2F<\"'\\>{}~&=+;:@!$*,|^`";
    let other = "0b2f6c1e-5f0c-4d6a-9a53-1f7e7e8f9d10";
    for id in [other, odd, "/", "..", longest.as_str(), "exec_", "7"] {
        let answer = calling(&app, "f").header("X-Request-Id", id).json(&json!({})).send();
        assert_eq!(id_of(&answer), id);
        let record = ended(&app, "f", id);
        assert_eq!((&record["id"], &record["status"]), (&json!(id), &json!("completed")));
        // The id of the execution leads to the same call.
        assert_eq!(told(&app, "f", &executions(&app)[0]), record);
    }
    // A slash needs no care.
    assert_eq!(app.get("/apis/f//").expect(200).json()["id"], "/");
    assert_eq!(executions(&app).len(), 7);
}

#[test]
fn what_can_be_no_id_is_refused_by_the_name_of_the_header() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let too_long = "x".repeat(256);
    for id in ["", "a b", "a\tb", &too_long] {
        let answer = calling(&app, "f").header("x-request-id", id).json(&json!({})).send();
        let sentence = expect_error(&answer, 400, "invalid_request");
        assert!(sentence.contains("X-Request-Id"), "{sentence}");
    }
    // What no well-behaved client sends: two of them, and one that is not ASCII.
    for ids in ["a\r\nx-request-id: b", "\u{e4}"] {
        let request = format!(
            "POST /apis/f HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\
             authorization: Bearer {API_KEY}\r\nx-request-id: {ids}\r\n\r\n"
        );
        let answer = exchange(app.address(), request.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("X-Request-Id"), "{answer}");
    }
    assert_eq!(executions(&app), Vec::<String>::new());
}

#[test]
fn an_error_is_known_by_the_callers_id_too() {
    let app = TestApp::start();
    let answer = calling(&app, "nobody").header("x-request-id", "<mine>").json(&json!({})).send();
    expect_error(&answer, 404, "not_found");
    assert_eq!(answer.json()["request_id"], "<mine>");
}

#[test]
fn each_function_and_each_execution_of_it_has_its_own_ids() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    put_script(&app, "g", "true");
    let named = |name: &str| {
        let answer = calling(&app, name).header("x-request-id", "same").json(&json!({})).send();
        id_of(&answer)
    };
    assert_eq!((named("f"), named("g")), ("same".to_owned(), "same".to_owned()));
    let [of_g, of_f] = &executions(&app)[..] else { panic!("not two executions") };
    ended(&app, "f", of_f);
    ended(&app, "g", of_g);
    let not_there = |path: &str| expect_error(&app.get(path), 404, "not_found");
    not_there(&format!("/apis/g/{of_f}"));
    not_there(&format!("/apis/f/{of_g}"));
    not_there("/apis/f/other");
    not_there("/apis/nobody/same");
    not_there("/apis/f/exec_00000000000000000000000000000000");
    let plain = app.run(json!({"language": "sh", "code": "true"}));
    not_there(&format!("/apis/f/{}", plain["id"].as_str().unwrap()));
}

#[test]
fn what_was_invoked_by_our_own_route_is_told_of_as_well() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let put = |variant| {
        let definition = json!({"language": "sh", "code": "true", "variant": variant});
        app.request("PUT", "/v1/functions/f").json(&definition).send().expect(201);
    };
    put("other");
    let invoke = |body| app.post("/v1/functions/f/invoke", &body).expect(202).json()["id"].clone();
    let id = invoke(json!({}));
    assert_eq!(ended(&app, "f", id.as_str().unwrap())["id"], id);
    let other = invoke(json!({"variant": "other"}));
    let path = format!("/apis/f/{}", other.as_str().unwrap());
    expect_error(&app.get(&path), 404, "not_found");
}

#[test]
fn a_function_that_was_removed_has_left_its_results() {
    let app = TestApp::start();
    put_script(&app, "f", "echo 1 > $RINGBACK_RESULT");
    let answer = calling(&app, "f").header("x-request-id", "mine");
    let id = id_of(&answer.json(&json!({})).send());
    let before = ended(&app, "f", &id);
    app.delete("/v1/functions/f").expect(204);
    assert_eq!(told(&app, "f", &id), before);
}
