//! `GET /v1/executions/{id}/events`: what is told of an execution, when, and from where on.
//! What becomes of a stream when either side goes is in `events/ends.rs`.

mod bounds;
mod ends;
mod rerun;

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::problem::{expect_blame, expect_problem};
use super::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::client::exchange;
use crate::support::events::{Event, EventStream, Item};
use crate::support::options::API_KEY;

fn path(id: &str) -> String {
    format!("/v1/executions/{id}/events")
}

/// A server under whose programs a file may appear, and the shell's words that wait for it.
fn waiting() -> (TestApp, String) {
    let app = TestApp::with(|options| options.way_open());
    let wait = format!("until [ -e {}/go ]; do sleep 0.01; done", app.scratch().display());
    (app, wait)
}

fn go(app: &TestApp) {
    fs::write(app.scratch().join("go"), "").unwrap();
}

fn submitted(app: &TestApp, code: &str) -> String {
    app.submit(json!({"language": "sh", "code": code})).id
}

fn ended(app: &TestApp, code: &str) -> String {
    let id = submitted(app, code);
    app.finished(&id);
    id
}

fn of(app: &TestApp, id: &str, after: Option<&str>) -> EventStream {
    EventStream::of(app.address(), id, after)
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

/// The bytes of an event of output.
#[track_caller]
fn bytes(event: &Event) -> Vec<u8> {
    match (&event.data["text"], &event.data["base64"]) {
        (Value::String(text), Value::Null) => text.as_bytes().to_vec(),
        (Value::Null, Value::String(base64)) => STANDARD.decode(base64).unwrap(),
        _ => panic!("either text or base64: {event:?}"),
    }
}

/// All that is told of a stream, which must begin at this place and leave nothing out.
#[track_caller]
fn output(events: &[Event], stream: &str, from: usize) -> Vec<u8> {
    let mut told = Vec::new();
    for event in events.iter().filter(|event| event.name == stream) {
        assert_eq!(event.data["offset"], from + told.len(), "{event:?}");
        assert_eq!(event.data.get("skipped"), None, "{event:?}");
        told.extend(bytes(event));
        let number = usize::from(stream == "stderr");
        let until = event.id.split('-').nth(number).unwrap();
        assert_eq!(until, (from + told.len()).to_string(), "the id says where to go on: {event:?}");
    }
    told
}

#[test]
fn of_one_that_has_ended_all_is_told_and_then_its_record() {
    let app = TestApp::start();
    let id = ended(&app, "printf 'one\\n'; printf two >&2");
    let mut stream = of(&app, &id, None);
    for line in [
        "content-type: text/event-stream",
        "cache-control: no-cache",
        "x-accel-buffering: no",
        "content-encoding: identity",
        "transfer-encoding: chunked",
    ] {
        assert!(stream.head.lines().any(|present| present == line), "{line}: {}", stream.head);
    }
    assert_eq!(stream.item(), Some(Item::Retry(1000)));
    let record = app.record(&id);
    let expected = [
        ("status", "0-0", json!({"status": "completed"})),
        ("stdout", "4-0", json!({"offset": 0, "text": "one\n"})),
        ("stderr", "4-3", json!({"offset": 0, "text": "two"})),
        ("end", "4-3", record),
    ];
    let event = |(name, id, data): (&str, &str, Value)| Event {
        name: name.to_owned(),
        id: id.to_owned(),
        data,
    };
    assert_eq!(stream.until_end(), expected.map(event));
}

#[test]
fn the_bytes_on_the_wire_are_those_of_the_contract() {
    let app = TestApp::start();
    let id = ended(&app, "printf 'a\\nb'");
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n\r\n",
        path(&id)
    );
    let answer = String::from_utf8(exchange(app.address(), request.as_bytes())).unwrap();
    let expected = [
        "retry: 1000\n\n",
        "event: status\nid: 0-0\ndata: ",
        "{\"status\":\"completed\"}",
        "event: stdout\nid: 3-0\ndata: ",
        "{\"offset\":0,\"text\":\"a\\nb\"}",
        "event: end\nid: 3-0\ndata: ",
    ];
    let mut rest = answer.as_str();
    for part in expected {
        let found = rest.find(part);
        rest = &rest[found.unwrap_or_else(|| panic!("{part:?} is not in {rest}")) + part.len()..];
    }
}

#[test]
fn what_happens_is_told_while_it_happens() {
    let (app, wait) = waiting();
    let id = submitted(&app, &format!("printf one; printf two >&2; {wait}; printf three; exit 3"));
    let mut stream = of(&app, &id, None);
    let first = stream.event();
    assert_eq!((first.name.as_str(), &first.data), ("status", &json!({"status": "running"})));
    let mut said = [stream.event(), stream.event()];
    said.sort_by_key(|event| event.name.clone());
    assert_eq!(said.each_ref().map(|event| event.name.as_str()), ["stderr", "stdout"]);
    assert_eq!(said.each_ref().map(|event| &event.data["text"]), ["two", "one"]);
    assert_eq!(app.record(&id)["status"], "running");
    go(&app);
    let rest = stream.until_end();
    assert_eq!(names(&rest), ["stdout", "status", "end"]);
    assert_eq!(
        (&rest[0].data, rest[0].id.as_str()),
        (&json!({"offset": 3, "text": "three"}), "8-3")
    );
    assert_eq!(rest[1].data, json!({"status": "failed"}));
    assert_eq!(rest[2].data, app.record(&id));
    assert_eq!(rest[2].data["exit_code"], 3);
}

#[test]
fn whoever_follows_what_waits_hears_of_its_start() {
    let app = TestApp::with(|options| options.slots(1));
    let before = submitted(&app, "exec sleep 1000");
    app.wait_for_program("sleep 1000");
    let id = submitted(&app, "printf done");
    let mut streams = [of(&app, &id, None), of(&app, &id, None)];
    for stream in &mut streams {
        assert_eq!(stream.event().data, json!({"status": "queued"}));
    }
    app.delete(&format!("/v1/executions/{before}")).expect(202);
    for stream in &mut streams {
        let rest = stream.until_end();
        // A program of an instant may have ended before its start is told.
        let statuses: Vec<_> =
            rest.iter().filter(|e| e.name == "status").map(|e| e.data["status"].clone()).collect();
        assert!(statuses.ends_with(&[json!("completed")]), "{rest:?}");
        assert_eq!(output(&rest, "stdout", 0), b"done");
    }
    let waits = submitted(&app, "exec sleep 1000");
    app.wait_for_program("sleep 1000");
    let long = submitted(&app, "exec sleep 2000");
    let mut stream = of(&app, &long, None);
    assert_eq!(stream.event().data["status"], "queued");
    app.delete(&format!("/v1/executions/{waits}")).expect(202);
    assert_eq!(stream.event().data["status"], "running");
    app.delete(&format!("/v1/executions/{long}")).expect(202);
    let rest = stream.until_end();
    assert_eq!(names(&rest), ["status", "end"]);
    assert_eq!(rest[1].data["status"], "cancelled");
}

#[test]
fn what_is_cancelled_while_it_waits_ends_its_stream() {
    let app = TestApp::with(|options| options.slots(1));
    submitted(&app, "exec sleep 1000");
    app.wait_for_program("sleep 1000");
    let id = submitted(&app, "true");
    let mut stream = of(&app, &id, None);
    assert_eq!(stream.event().data["status"], "queued");
    app.delete(&format!("/v1/executions/{id}")).expect(200);
    let rest = stream.until_end();
    assert_eq!(names(&rest), ["status", "end"]);
    assert_eq!(rest[0].data["status"], "cancelled");
}

#[test]
fn no_character_is_told_by_halves_and_what_is_no_text_is_base64() {
    let (app, wait) = waiting();
    let code = format!(r"printf 'a\342\202'; printf '\377x' >&2; {wait}; printf '\254b\342\202'");
    let id = submitted(&app, &code);
    let mut stream = of(&app, &id, None);
    stream.event();
    let mut said = [stream.event(), stream.event()];
    said.sort_by_key(|event| event.name.clone());
    assert_eq!(said[0].data, json!({"offset": 0, "base64": "/3g="}));
    assert_eq!(said[1].data, json!({"offset": 0, "text": "a"}));
    go(&app);
    let rest = stream.until_end();
    let told: Vec<_> = rest.iter().filter(|e| e.name == "stdout").map(|e| &e.data).collect();
    let (text, half) = (json!({"offset": 1, "text": "€b"}), json!({"offset": 5, "base64": "4oI="}));
    assert_eq!(told, [&text, &half], "what never became a character is told as it is");
}

#[test]
fn whoever_goes_on_from_any_byte_loses_none_and_is_told_none_twice() {
    let (app, wait) = waiting();
    let text = "a€ü😀\nb";
    let id = submitted(&app, &format!("printf 'a€ü😀\\nb'; printf 'x😀' >&2; {wait}"));
    let mut stream = of(&app, &id, None);
    assert_eq!(stream.event().data["status"], "running");
    let all = [stream.event(), stream.event()];
    assert_eq!(output(&all, "stdout", 0), text.as_bytes());
    let check = |from: usize, is_over: bool| {
        let after = format!("{from}-2");
        let mut resumed = of(&app, &id, Some(&after));
        let status = if is_over { "completed" } else { "running" };
        let first = resumed.event();
        assert_eq!((&first.data["status"], &first.id), (&json!(status), &after));
        let mut told = Vec::new();
        while output(&told, "stdout", from).len() + output(&told, "stderr", 2).len()
            < (text.len() - from) + 3
        {
            told.push(resumed.event());
        }
        assert_eq!(output(&told, "stdout", from), &text.as_bytes()[from..], "{from}");
        assert_eq!(output(&told, "stderr", 2), &"x😀".as_bytes()[2..]);
        if is_over {
            assert_eq!(names(&resumed.until_end()), ["end"]);
        }
    };
    (0..=text.len()).for_each(|from| check(from, false));
    go(&app);
    app.finished(&id);
    (0..=text.len()).for_each(|from| check(from, true));
}

#[test]
fn nothing_of_a_large_output_is_lost_or_told_out_of_order() {
    let app = TestApp::start();
    let code = "import sys\n\
                for n in range(20000):\n    \
                    print(f'{n} €uro'); print(f'{n} more', file=sys.stderr)";
    let id = app.submit(json!({"code": code})).id;
    let mut live = of(&app, &id, None);
    let lines = |word: &str| (0..20_000).map(|n| format!("{n} {word}\n")).collect::<String>();
    let live = live.until_end();
    let replayed = of(&app, &id, None).until_end();
    // From the middle of what somebody was told before.
    let middle = &live[live.len() / 2];
    let [out, err] = [0, 1].map(|n| middle.id.split('-').nth(n).unwrap().parse().unwrap());
    let resumed = of(&app, &id, Some(&middle.id)).until_end();
    for (events, out, err) in [(live, 0, 0), (replayed, 0, 0), (resumed, out, err)] {
        assert!(output(&events, "stdout", out) == lines("€uro").as_bytes()[out..]);
        assert!(output(&events, "stderr", err) == lines("more").as_bytes()[err..]);
        let text = events.iter().filter(|event| event.name.starts_with("std"));
        assert!(text.into_iter().all(|event| event.data["text"].is_string()));
    }
}

#[test]
fn what_was_left_out_is_passed_over_and_counted() {
    let app = TestApp::start();
    let code = "head -c 3000000 /dev/zero | tr '\\0' x; printf end";
    let limits = json!({"output_bytes": 4096});
    let id = app.submit(json!({"language": "sh", "code": code, "limits": limits})).id;
    let live = of(&app, &id, None).until_end();
    for events in [live, of(&app, &id, None).until_end()] {
        let (mut next, mut skipped) = (0, 0);
        for event in events.iter().filter(|event| event.name == "stdout") {
            let gap = event.data.get("skipped").map_or(0, |gap| gap.as_u64().unwrap());
            assert_eq!(event.data["offset"], next + gap, "{event:?}");
            next += gap + bytes(event).len() as u64;
            skipped += gap;
        }
        assert_eq!(next, 3_000_003);
        assert!(skipped > 0 && skipped < next, "{skipped}");
        let end = events.last().unwrap();
        assert_eq!((end.id.as_str(), &end.data["stdout_truncated"]), ("3000003-0", &json!(true)));
    }
    // From inside the gap the rest is told.
    let rest = of(&app, &id, Some("1500000-0")).until_end();
    let first = rest.iter().find(|event| event.name == "stdout").unwrap();
    let (offset, gap) = (&first.data["offset"], &first.data["skipped"]);
    assert_eq!(offset.as_u64().unwrap(), 1_500_000 + gap.as_u64().unwrap());
}

#[test]
fn after_the_end_the_end_is_told_again() {
    let app = TestApp::start();
    let id = ended(&app, "printf all");
    for after in ["3-0", "1000-1000", "18446744073709551615-0"] {
        let events = of(&app, &id, Some(after)).until_end();
        assert_eq!(names(&events), ["status", "end"], "{after}");
        assert_eq!((&events[1].id, &events[1].data), (&after.to_owned(), &app.record(&id)));
    }
    let by_parameter = format!("{}?last_event_id=2-0", path(&id));
    let events = EventStream::open(app.address(), &by_parameter, "").until_end();
    assert_eq!(output(&events, "stdout", 2), b"l");
    // A browser that connects again sends the header, and the same parameter as before.
    let events = EventStream::open(app.address(), &by_parameter, "Last-Event-ID: 3-0\r\n");
    assert_eq!(names(&{ events }.until_end()), ["status", "end"]);
}

#[test]
fn ids_that_are_none_are_refused_by_name() {
    let app = TestApp::start();
    let id = ended(&app, "printf all");
    for bad in ["x", "1", "1-", "-1-0", "1-2-3-4", "1-2-1", "1.5-0", "18446744073709551616-0"] {
        let request = app.request("GET", &path(&id)).header("last-event-id", bad);
        expect_blame(&request.send(), "Last-Event-ID");
        expect_blame(&app.get(&format!("{}?last_event_id={bad}", path(&id))), "last_event_id");
    }
    expect_blame(&app.get(&format!("{}?offset=3", path(&id))), "offset");
    let late = app.request("GET", &path(&id)).header("last-event-id", "0-0-2").send();
    expect_problem(&late, 400);
}

#[test]
fn other_ids_and_tenants_are_404_other_scopes_403_and_other_methods_405() {
    let mut app = TestApp::start();
    let id = ended(&app, "printf mine");
    let stranger = add_key_of(&mut app, "stranger");
    let reader = add_key(&mut app, &["executions:read"]);
    let other = add_key(&mut app, &["executions:write", "deliveries:read"]);
    for unknown in ["exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b", "x", "%00"] {
        expect_problem(&app.get(&path(unknown)), 404);
    }
    expect_problem(&app.anonymous("GET", &path(&id)).send(), 401);
    expect_problem(&with_key(&app, &stranger, &path(&id)), 404);
    expect_problem(&with_key(&app, &other, &path(&id)), 403);
    expect_problem(&app.post(&path(&id), &json!({})), 405);
    let answer = with_key(&app, &reader, &path(&id)).expect(200);
    assert!(answer.text().contains("\"text\":\"mine\""), "{}", answer.text());
}
