//! `ringback deliveries recover`: what it asks for, and that it stays until it is done.
//! The server is a script.

use serde_json::{Value, json};

use super::server::{Scene, json};

fn recovery(status: &str, delivered: u64, failed: u64) -> Value {
    json!({
        "id": "rcv_1",
        "status": status,
        "matched": 4,
        "redelivered": 4,
        "delivered": delivered,
        "failed": failed,
        "pending": 4 - delivered - failed,
        "capped": false,
        "since": "2026-01-31T00:00:00.000Z",
        "until": null,
        "host": null,
        "created_at": "2026-01-31T12:00:00.000Z",
    })
}

#[test]
fn it_waits_until_all_have_been_sent() {
    let running = |delivered| json(200, &recovery("running", delivered, 0));
    let script = [
        json(202, &recovery("running", 0, 0)),
        running(1),
        running(3),
        json(200, &recovery("done", 4, 0)),
    ];
    let scene = Scene::answering(script);
    let ran = scene.run(&["recover", "--since", "2026-01-31", "--host", "example.com"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let expected = "rcv_1 done: 4 of 4 sent again; 4 delivered, 0 failed, 0 pending\n";
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (expected, ""));
    let asked = scene.server.received();
    assert_eq!(
        (asked[0].method.as_str(), asked[0].path.as_str()),
        ("POST", "/v1/deliveries/recover")
    );
    let body = json!({ "since": "2026-01-31T00:00:00.000Z", "host": "example.com" });
    assert_eq!(asked[0].json(), body);
    assert_eq!(asked.len(), 4);
    assert!(asked[1..].iter().all(|request| request.path == "/v1/deliveries/recover/rcv_1"));
}

#[test]
fn it_does_not_wait_when_told_so() {
    let scene = Scene::answering([json(202, &recovery("running", 0, 0))]);
    let until = ["--until", "2026-02-01"];
    let ran = scene.run(&[&["recover", "--since", "2026-01-31", "--no-wait"], &until[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout, "rcv_1 running: 4 of 4 sent again; 0 delivered, 0 failed, 4 pending\n");
    assert_eq!(scene.server.received().len(), 1);
    assert_eq!(scene.server.first().json()["until"], "2026-02-01T00:00:00.000Z");
}

#[test]
fn what_failed_again_is_told_and_so_is_what_was_left() {
    let mut done = recovery("done", 1, 3);
    done["capped"] = true.into();
    let ran = Scene::answering([json(202, &done)]).run(&["recover", "--since", "1d", "-o", "json"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap(), done);
    assert!(ran.stderr.contains("run it again for the rest"), "{}", ran.stderr);
    assert!(ran.stderr.contains("ringback: 3 of 4 failed again"), "{}", ran.stderr);
}

#[test]
fn only_its_id_is_printed_for_scripts() {
    let scene = Scene::answering([json(202, &recovery("running", 0, 0))]);
    let ran = scene.run(&["recover", "--since", "1d", "--no-wait", "-o", "id"]);
    assert_eq!(ran.stdout, "rcv_1\n");
}
