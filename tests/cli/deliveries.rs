//! `ringback deliveries`, a client of a server: what it asks, what it prints, and how it ends.
//! The server is a script here, so that every answer can come; `real` has a real one.

mod real;
mod recover;
mod server;
mod tls;
mod trial;

use serde_json::{Value, json};

use self::server::{FIRST, Scene, delivery, page, problem};
use crate::shared::scripted::Scripted;

#[test]
fn a_list_asks_for_what_was_asked_for() {
    let scene = Scene::answering([page(&[delivery(FIRST)], None)]);
    let ran = scene.run(&[
        "list",
        "--status",
        "exhausted",
        "--host",
        "example.com:8443",
        "--since",
        "2026-01-31",
        "--until",
        "2026-01-31T12:00:00+01:00",
        "--event-type",
        "execution.failed",
        "--execution",
        "exec_1&2",
        "--limit",
        "7",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let request = scene.server.first();
    assert_eq!(request.header("authorization"), Some("Bearer the-token-of-this-test"));
    assert!(request.header("user-agent").unwrap().starts_with("ringback-cli/"));
    let expected = "/v1/deliveries?status=exhausted&host=example.com%3A8443&since=2026-01-31T00%3A00%3A00.000Z\
        &until=2026-01-31T11%3A00%3A00.000Z&event_type=execution.failed&execution=exec_1%262&limit=7";
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", expected));
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("ID "), "{}", ran.stdout);
    for words in [FIRST, "exhausted", "3 of 9", "503", "https://example.com/hook"] {
        assert!(lines[1].contains(words), "{words}: {}", ran.stdout);
    }
}

#[test]
fn pages_are_asked_for_until_there_are_enough() {
    let pages = || {
        let rows = |from: usize, count| (from..from + count).map(|n| delivery(&format!("dlv_{n}")));
        let rows = |from, count| rows(from, count).collect::<Vec<_>>();
        [page(&rows(0, 200), Some("A b")), page(&rows(200, 50), Some("C"))]
    };
    let scene = Scene::answering(pages());
    let ran = scene.run(&["list", "--limit", "250", "-o", "id"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ids: Vec<_> = (0..250).map(|number| format!("dlv_{number}")).collect();
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), ids);
    assert_eq!(ran.stderr, "There are more: --limit N or --all shows them.\n");
    let paths: Vec<_> = scene.server.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/deliveries?limit=200", "/v1/deliveries?limit=50&cursor=A+b"]);
    let all = [pages(), [page(&[], None), page(&[], None)]].concat();
    let scene = Scene::answering(all);
    let ran = scene.run(&["list", "--all", "-o", "json"]);
    let list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 250);
    assert_eq!((&list["next_cursor"], ran.stderr.as_str()), (&Value::Null, ""));
}

#[test]
fn lists_are_for_people_and_for_machines() {
    let list = |output: &str| {
        let scene = Scene::answering([page(&[delivery("dlv_1"), delivery("dlv_2")], None)]);
        scene.run(&["list", "-o", output]).stdout
    };
    assert_eq!(list("id"), "dlv_1\ndlv_2\n");
    let lines: Vec<Value> =
        list("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, [delivery("dlv_1"), delivery("dlv_2")], "everything the server said");
    let json: Value = serde_json::from_str(&list("json")).unwrap();
    assert_eq!(json, json!({ "data": lines, "next_cursor": null }));
    let none = Scene::answering([page(&[], None)]).run(&["list"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    assert_eq!(none.stderr, "There are no such deliveries.\n");
}

#[test]
fn get_says_in_words_why_and_then_in_figures() {
    let scene = Scene::answering([server::json(200, &delivery(FIRST))]);
    let ran = scene.run(&["get", FIRST]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(scene.server.first().path, format!("/v1/deliveries/{FIRST}"));
    let (words, figures) = ran.stdout.split_once("\n#").unwrap();
    let (head, words) = words.split_once("\n\n").unwrap();
    let expected = format!(
        "{FIRST}  exhausted
  event      evt_1  execution.completed
  execution  exec_1
  to         https://example.com/hook"
    );
    assert_eq!(head, expected);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "It has not arrived and was given up after 3 attempts.",
        "That is the receiver's own failure: look into its log.",
        &format!("`ringback deliveries redeliver {FIRST}` sends this one"),
    ] {
        assert!(words.contains(expected), "{expected:?} is missing: {words}");
    }
    let (table, told) = figures.split_once("\n\n").unwrap();
    for expected in ["STARTED", "01-31 12:00:03Z", "schedule", "12 ms"] {
        assert!(table.contains(expected), "{expected:?} is missing: {table}");
    }
    assert_eq!(table.lines().count(), 4, "a line for each attempt: {table}");
    assert_eq!(told, "1 to 3: the endpoint answered 503; it answered: later\n");
}

#[test]
fn get_takes_the_ids_of_executions_and_of_their_ends() {
    let mut output = delivery("dlv_2");
    output["event_id"] = "evt_2".into();
    output["event_type"] = "execution.output".into();
    let get = |id: &str, format: &str| {
        let scene = Scene::answering([page(&[output.clone(), delivery(FIRST)], None)]);
        let ran = scene.run(&["get", id, "-o", format]);
        assert_eq!(scene.server.first().path, "/v1/executions/exec_1/deliveries");
        ran
    };
    assert_eq!(get("exec_1", "id").stdout, format!("dlv_2\n{FIRST}\n"));
    assert_eq!(get("evt_1", "id").stdout, format!("{FIRST}\n"));
    let told = get("exec_1", "table").stdout;
    let (end, before) = told.split_once("\nBefore the end:\n").unwrap();
    assert!(end.starts_with(FIRST) && !end.contains("dlv_2"), "{told}");
    assert!(before.contains("dlv_2") && !before.contains(FIRST), "{told}");
    let scene = Scene::answering([problem(404, "There is no such execution.")]);
    let unknown = scene.run(&["get", "evt_2"]);
    assert_eq!(unknown.code, Some(4));
    assert!(unknown.stderr.contains("evt_2 is the end of no execution"), "{}", unknown.stderr);
}

#[test]
fn get_says_why_there_is_no_delivery() {
    let check = |record: Value, expected: &str| {
        // Whatever was told before the end is not what is asked about.
        let mut started = delivery("dlv_1");
        started["event_type"] = "execution.started".into();
        let scene = Scene::answering([page(&[started], None), server::json(200, &record)]);
        let ran = scene.run(&["get", "exec_1"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(expected), "{words}");
    };
    let running = json!({ "status": "running", "completed_at": null, "delivery": "pending" });
    check(running, "exec_1 is running: its callback is sent when it has ended");
    let silent = json!({ "status": "completed", "completed_at": "x", "delivery": "none" });
    check(silent, "was submitted without a callback_url");
}

#[test]
fn redeliver_sends_all_and_one_that_fails_keeps_no_other_from_it() {
    let gone = || problem(404, "There is no such delivery.");
    let script = [gone(), server::json(202, &delivery("dlv_2")), gone()];
    let scene = Scene::answering(script);
    let ran = scene.run(&["redeliver", "dlv_1", "dlv_2", "dlv_3"]);
    assert_eq!(ran.stdout, "dlv_2 is sent again to https://example.com/hook, as attempt 4\n");
    assert_eq!(ran.code, Some(4));
    let told = "There is no such delivery.\n";
    assert_eq!(ran.stderr, format!("ringback: dlv_1: {told}ringback: dlv_3: {told}"));
    let asked: Vec<_> =
        scene.server.received().into_iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    let expected =
        ["dlv_1", "dlv_2", "dlv_3"].map(|id| format!("POST /v1/deliveries/{id}/redeliver"));
    assert_eq!(asked, expected);
}

#[test]
fn redeliver_takes_the_id_of_an_execution() {
    let mut output = delivery("dlv_8");
    output["event_type"] = "execution.output".into();
    let both = page(&[output.clone(), delivery("dlv_9")], None);
    let script = [both, server::json(202, &delivery("dlv_9"))];
    let scene = Scene::answering(script);
    assert_eq!(scene.run(&["redeliver", "exec_1", "-o", "id"]).stdout, "dlv_9\n");
    assert_eq!(scene.server.received()[1].path, "/v1/deliveries/dlv_9/redeliver");
    let none = Scene::answering([page(&[output], None)]).run(&["redeliver", "exec_1"]);
    assert_eq!(none.code, Some(4));
    assert!(none.stderr.contains("exec_1: it has no delivery"), "{}", none.stderr);
}

#[test]
fn what_the_server_says_is_passed_on_with_its_exit_code() {
    let check = |status: u16, code: i32| {
        let ran = Scene::answering([problem(status, "The server's own words.")]).run(&["list"]);
        assert_eq!(ran.code, Some(code), "{status}");
        assert!(ran.stderr.starts_with("ringback: The server's own words.\n"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        ran.stderr
    };
    assert!(check(401, 3).contains("RINGBACK_TOKEN"), "what is missing is told");
    for (status, code) in [(403, 3), (404, 4), (400, 2), (422, 2), (409, 1), (429, 1), (503, 1)] {
        check(status, code);
    }
}

#[test]
fn an_answer_that_is_not_a_ringbacks_is_told_as_such() {
    for answer in [
        Scripted::status(200).body("<html>a proxy</html>"),
        Scripted::redirect(307, "http://192.0.2.1/"),
        Scripted::status(502).body("bad\x1b[2J gateway"),
    ] {
        let ran = Scene::answering([answer]).run(&["list"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("not as a Ringback does: "), "{}", ran.stderr);
        assert!(!ran.stderr.contains('\x1b'), "{:?}", ran.stderr);
    }
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let mut scene = Scene::answering([]);
    scene.server.take_down();
    let gone = scene.run(&["get", FIRST]);
    assert_eq!(gone.code, Some(6), "{}", gone.stderr);
    assert!(gone.stderr.contains("is `ringback serve` running there?"), "{}", gone.stderr);
    let broken = Scene::answering([Scripted::close()]).run(&["list"]);
    assert_eq!(broken.code, Some(6), "{}", broken.stderr);
    let cut = Scene::answering([Scripted::cut(200)]).run(&["list"]);
    assert_eq!(cut.code, Some(6), "{}", cut.stderr);
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let scene = Scene::answering([]);
    let cases: &[(&[&str], &str)] = &[
        (&["get", "key_1"], "key_1: expected the id of a delivery"),
        (&["get", "../../keys"], "expected the id of a delivery"),
        (&["redeliver"], "<ID>"),
        (&["redeliver", "dlv_1", "nothing"], "nothing: expected the id"),
        (&["list", "--since", "yesterday"], "--since yesterday: expected a time"),
        (&["list", "--status", "lost"], "--status"),
        (&["list", "--limit", "0"], "--limit"),
        (&["recover"], "--since"),
        (&["recover", "--since", "1h", "--until", "2h"], "--until must be later than --since"),
        (&["list", "--server", "nowhere"], "--server (RINGBACK_SERVER): expected a URL"),
        (&["list", "--token", "a\nb"], "--token has a character"),
        (&["list", "--ca-file", "/nowhere.pem"], "/nowhere.pem"),
    ];
    for (arguments, expected) in cases {
        let ran = scene.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
    assert!(scene.server.received().is_empty());
    assert!(!scene.run(&["list", "--help"]).stdout.contains("the-token-of-this-test"));
}
