//! `ringback list`: what it asks for, page after page, and what a real server has.

use serde_json::{Value, json};

use crate::asking::{ID, ask, ask_script, at, json, on_a_terminal, record};
use crate::shared::app::TestApp;
use crate::shared::receiver::TestReceiver;

fn page(rows: &[Value], next_cursor: Option<&str>) -> crate::shared::scripted::Scripted {
    json(200, &json!({ "data": rows, "next_cursor": next_cursor }))
}

#[test]
fn every_filter_is_asked_as_the_api_has_it() {
    let server = TestReceiver::answering([page(&[record("failed")], None)]);
    let arguments = "list --status failed --cause timeout --language sh --label app=shop --label a.b=c=d \
        --function f --since 2026-01-31 --until 2026-01-31T12:00:00+01:00 --limit 7";
    let ran = ask_script(&server, &arguments.split_whitespace().collect::<Vec<_>>());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let expected = "/v1/executions?status=failed&cause=timeout&language=sh&label.a.b=c%3Dd&label.app=shop\
        &function=f&created_after=2026-01-31T00%3A00%3A00.000Z\
        &created_before=2026-01-31T11%3A00%3A00.000Z&limit=7";
    assert_eq!(server.first().path, expected);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("ID "), "{}", ran.stdout);
    assert!(lines[1].starts_with(ID) && lines[1].contains("failed"), "{}", ran.stdout);
}

#[test]
fn pages_are_asked_for_until_there_are_enough() {
    let rows = |count: usize| vec![record("completed"); count];
    let server =
        TestReceiver::answering([page(&rows(200), Some("A b")), page(&rows(50), Some("C"))]);
    let ran = ask_script(&server, &["list", "--limit", "250", "-o", "id"]);
    assert_eq!(ran.stdout.lines().count(), 250);
    assert_eq!(ran.stderr, "There are more: --limit N or --all shows them.\n");
    let paths: Vec<_> = server.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/executions?limit=200", "/v1/executions?limit=50&cursor=A+b"]);
    let server = TestReceiver::answering([page(&rows(200), Some("A")), page(&rows(1), None)]);
    let all: Value =
        serde_json::from_str(&ask_script(&server, &["list", "--all", "-o", "json"]).stdout)
            .unwrap();
    assert_eq!((all["data"].as_array().unwrap().len(), &all["next_cursor"]), (201, &Value::Null));
}

#[test]
fn a_real_server_lists_what_it_has() {
    let app = TestApp::start();
    let done = app.run(json!({ "language": "sh", "code": "true" }))["id"].clone();
    let failed = app.run(json!({ "language": "bash", "code": "exit 1" }))["id"].clone();
    let list = |arguments: &[&str]| {
        let ran = ask(&app, &[&["list", "-o", "jsonl"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), [failed.clone(), done.clone()], "the newest first");
    assert_eq!(list(&["--status", "completed"]), [done]);
    assert_eq!(list(&["--language", "bash"]), std::slice::from_ref(&failed));
    assert_eq!(list(&["--limit", "1"]), std::slice::from_ref(&failed));
    assert_eq!(list(&["--function", "f"]), [Value::Null; 0]);
    assert_eq!(list(&["--all"]).len(), 2);
    let table = ask(&app, &["list"]).stdout;
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.contains("exited with code 1"), "{table}");
    let none = ask(&app, &["list", "--status", "queued"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    assert_eq!(none.stderr, "There are no such executions.\n");
}

#[test]
fn a_table_fits_its_terminal_and_is_whole_elsewhere() {
    let mut long = record("failed");
    long["error"] = json!("a long story ".repeat(30).trim_end());
    let list = || TestReceiver::always(page(std::slice::from_ref(&long), None));
    let server = list();
    let drawn = on_a_terminal(&at(&server.url(""), &["list"]), &[]).stdout;
    let lines: Vec<_> = drawn.lines().map(str::trim_end).collect();
    assert_eq!(lines.len(), 2, "{drawn}");
    assert!(lines.iter().all(|line| line.chars().count() <= 120), "{drawn}");
    let piped = ask_script(&list(), &["list"]).stdout;
    assert!(piped.contains(&"a long story ".repeat(29)), "{piped}");
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let server = TestReceiver::start();
    for (arguments, words) in [
        (["--status", "lost"], "--status"),
        (["--label", "x"], "--label: NAME=VALUE is expected"),
        (["--since", "yesterday"], "--since yesterday: expected a time"),
        (["--until", "soon"], "--until soon: expected a time"),
        (["--limit", "0"], "--limit"),
    ] {
        let ran = ask_script(&server, &[&["list"], &arguments[..]].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
    assert!(server.received().is_empty());
}
