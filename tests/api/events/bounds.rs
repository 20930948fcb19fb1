//! How many streams of events there may be, and what many who follow the same execution are told.

use std::fs;

use serde_json::json;

use super::super::problem::expect_problem;
use super::super::scoped::add_key_of;
use super::{go, of, output, path, submitted, waiting};
use crate::support::app::TestApp;
use crate::support::events::EventStream;
use crate::support::wait::{DEADLINE, eventually};

#[test]
fn over_the_share_of_a_tenant_and_of_all_it_is_429_until_a_stream_ends() {
    let mut app = TestApp::with(|options| {
        options
            .env("RINGBACK_SERVER__STREAMS_MAX", "5")
            .env("RINGBACK_SERVER__STREAMS_MAX_PER_TENANT", "3")
    });
    let stranger = add_key_of(&mut app, "stranger");
    let as_stranger = |method: &str, path: &str| {
        app.anonymous(method, path).header("authorization", &format!("Bearer {stranger}"))
    };
    let body = json!({"language": "sh", "code": "exec sleep 1000"});
    let theirs = as_stranger("POST", "/v1/executions").json(&body).send().expect(202);
    let theirs = path(theirs.json()["id"].as_str().unwrap());
    let id = submitted(&app, "exec sleep 1000");

    let refused = |answer| {
        let problem = expect_problem(&answer, 429);
        assert_eq!(problem["code"], "too_many_streams");
        assert_eq!(answer.header("retry-after"), Some("1"));
        problem["detail"].as_str().unwrap().to_owned()
    };
    let mut streams: Vec<_> = (0..3).map(|_| of(&app, &id, None)).collect();
    assert!(refused(app.get(&path(&id))).contains("The tenant has 3"));
    let key = format!("Authorization: Bearer {stranger}\r\n");
    let others: Vec<_> =
        (0..2).map(|_| EventStream::begin_as(app.address(), &theirs, &key).answered()).collect();
    for other in &others {
        assert!(other.head.starts_with("http/1.1 200"), "{}", other.head);
    }
    assert!(refused(as_stranger("GET", &theirs).send()).contains("The server has 5"));
    // Whatever is refused for another reason takes no place.
    streams.remove(0).close();
    let mut again = eventually(DEADLINE, "a place is free", || {
        let stream = EventStream::begin(app.address(), &path(&id), "").answered();
        stream.head.starts_with("http/1.1 200").then_some(stream)
    });
    assert_eq!(again.event().data["status"], "running");
}

#[test]
fn what_is_refused_takes_no_place() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__STREAMS_MAX", "1"));
    for _ in 0..3 {
        expect_problem(&app.get(&path("exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b")), 404);
    }
    let id = submitted(&app, "printf x");
    // And what was told to its end gives its place back at once.
    for _ in 0..3 {
        app.finished(&id);
        eventually(DEADLINE, "the place is free", || {
            (app.get(&path(&id)).status == 200).then_some(())
        });
    }
}

#[test]
fn however_many_follow_it_each_is_told_all() {
    let (app, wait) = waiting();
    let line = "0123456789abcdef€0123456789abcdef";
    let code = format!("{wait}; for n in $(seq 3000); do echo \"$n {line}\"; done; echo end >&2");
    let id = submitted(&app, &code);
    let mut streams: Vec<_> = (0..100).map(|_| of(&app, &id, None)).collect();
    go(&app);
    let expected: String = (1..=3000).map(|n| format!("{n} {line}\n")).collect();
    for stream in &mut streams {
        let events = stream.until_end();
        assert!(output(&events, "stdout", 0) == expected.as_bytes());
        assert_eq!(output(&events, "stderr", 0), b"end\n");
    }
    fs::remove_file(app.scratch().join("go")).unwrap();
}

#[test]
fn one_that_does_not_read_keeps_nobody_else_waiting_and_is_told_all_when_it_does() {
    let app = TestApp::start();
    // More than fits into the buffers of a connection.
    let bytes = 24 * 1024 * 1024;
    let code = format!("head -c {bytes} /dev/zero | tr '\\0' x; sleep 0.2; printf end");
    let limits = json!({"output_bytes": 2 * bytes});
    let body = json!({"language": "sh", "code": code, "limits": limits});
    let id = app.submit(body).id;
    let mut slow: Vec<_> =
        (0..20).map(|_| EventStream::begin(app.address(), &path(&id), "")).collect();
    let told = |stream: &mut EventStream| output(&stream.until_end(), "stdout", 0).len();
    assert_eq!(told(&mut of(&app, &id, None)), bytes + 3);
    let resident = app.rss_bytes();
    // One has the output, the record and what it came in; nobody has it twenty times.
    println!("{} MiB are resident", resident >> 20);
    assert!(resident < 15 * bytes as u64, "{} MiB", resident >> 20);
    let mut last = slow.pop().unwrap().answered();
    slow.into_iter().for_each(EventStream::reset);
    assert_eq!(told(&mut last), bytes + 3);
}
