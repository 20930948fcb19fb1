//! What was accepted stays as it was accepted, whatever becomes of the function, and what was kept is
//! there after a restart.

use serde_json::json;

use super::secrets::verifies;
use super::{invoke, put_again, put_new, script, told};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

#[test]
fn what_waits_keeps_the_code_that_it_was_accepted_with() {
    let app = TestApp::with(|options| options.slots(1));
    let occupies = app.submit(script("exec sleep 1000")).id;
    app.wait_for_program("sleep 1000");
    let with = |word: &str| json!({"language": "sh", "code": "echo $WORD", "env": {"WORD": word}});
    put_new(&app, "f", &with("one"));
    let first = invoke(&app, "f", &json!({}));
    put_again(&app, "f", &with("two"));
    let second = invoke(&app, "f", &json!({}));
    app.delete("/v1/functions/f").expect(204);
    put_new(&app, "f", &with("three"));
    let third = invoke(&app, "f", &json!({}));
    for id in [&first, &second, &third] {
        assert_eq!(app.record(id)["status"], "queued");
    }
    app.delete(&format!("/v1/executions/{occupies}")).expect(202);
    for (id, stdout, version) in [(first, "one\n", 1), (second, "two\n", 2), (third, "three\n", 3)]
    {
        let record = app.finished(&id);
        assert_eq!(record["stdout"], stdout);
        assert_eq!(record["function"]["version"], version);
    }
}

#[test]
fn what_runs_and_what_waits_ends_after_a_removal_and_is_signed() {
    let app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    let secret = put_new(
        &app,
        "f",
        &json!({
            "language": "sh",
            "code": "read word; test \"$word\" = wait && exec sleep 1000; echo $word",
            "callback_url": receiver.url("/"),
        }),
    );
    let runs = invoke(&app, "f", &json!({"stdin": "wait\n"}));
    app.wait_for_program("sleep 1000");
    let waits = invoke(&app, "f", &json!({"stdin": "hello\n"}));
    app.delete("/v1/functions/f").expect(204);
    assert_eq!(app.record(&runs)["status"], "running");
    app.delete(&format!("/v1/executions/{runs}")).expect(202);
    assert_eq!(app.finished(&waits)["stdout"], "hello\n");
    let requests = receiver.wait_for(2);
    assert!(requests.iter().all(|request| verifies(request, &secret)), "{requests:#?}");
}

#[test]
fn what_was_owed_before_a_function_of_that_name_began_anew_is_signed_by_both_secrets() {
    let app = TestApp::with(|options| options.retry_schedule("300ms,1s,1s,1s"));
    let mut receiver = TestReceiver::down();
    let definition = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/")});
    let old = put_new(&app, "f", &definition);
    app.finished(&invoke(&app, "f", &json!({})));
    app.delete("/v1/functions/f").expect(204);
    let new = put_new(&app, "f", &definition);
    receiver.up();
    let request = receiver.first();
    // Whoever verified with the old secret still can.
    assert!(verifies(&request, &old) && verifies(&request, &new));
}

#[test]
fn all_of_it_is_there_after_a_kill() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let mut definition = json!({
        "language": "sh", "code": "echo $TOKEN", "env": {"TOKEN": "hunter2"},
        "callback_url": receiver.url("/"), "callback_headers": {"X-Token": "1"},
        "payload_format": "cortex", "labels": {"a": "b"},
    });
    let first = put_new(&app, "f", &definition);
    definition["code"] = json!("echo again $TOKEN");
    put_again(&app, "f", &definition);
    put_new(&app, "gone", &script("true"));
    app.delete("/v1/functions/gone").expect(204);
    let made = app.request("POST", "/v1/functions/f/rotate-secret").send().expect(200).json();
    let second = made["signing_secret"].as_str().unwrap();
    let paths = ["f", "f?version=1", "f/versions"];
    let before = paths.map(|path| told(&app, path));
    let list = app.get("/v1/functions").expect(200).json();
    app.kill9();
    app.restart();
    assert_eq!(paths.map(|path| told(&app, path)), before);
    assert_eq!(app.get("/v1/functions").expect(200).json(), list);
    app.get("/v1/functions/gone").expect(404);
    let record = app.finished(&invoke(&app, "f", &json!({})));
    assert_eq!(record["stdout"], "again hunter2\n");
    let request = receiver.first();
    assert!(verifies(&request, &first) && verifies(&request, second));
    assert_eq!(request.header("x-token"), Some("1"));
    assert_eq!(put_again(&app, "f", &script("true"))["version"], 3);
}
