//! What a program has written, byte for byte: whole, in parts, cut, and while it runs.
//! How output is kept is among the tests of processes.

use serde_json::json;

use super::problem::{expect_blame, expect_problem};
use super::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::wait::{DEADLINE, eventually};

fn path(id: &str, stream: &str) -> String {
    format!("/v1/executions/{id}/output/{stream}")
}

#[track_caller]
fn range(app: &TestApp, id: &str, range: &str) -> Answer {
    app.request("GET", &path(id, "stdout")).header("range", range).send()
}

fn ended(app: &TestApp, code: &str) -> String {
    let id = app.submit(json!({"language": "sh", "code": code})).id;
    app.finished(&id);
    id
}

#[test]
fn each_stream_comes_as_it_was_written() {
    let app = TestApp::start();
    let id = ended(&app, "printf 'Größe\\n'; printf '\\377\\376<html>' >&2");
    let out = app.get(&path(&id, "stdout")).expect(200);
    assert_eq!(out.body, "Größe\n".as_bytes());
    assert_eq!(out.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(out.header("ringback-total-bytes"), Some("8"));
    assert_eq!(out.header("ringback-truncated"), Some("false"));
    assert_eq!(out.header("x-content-type-options"), Some("nosniff"));
    let err = app.get(&path(&id, "stderr")).expect(200);
    assert_eq!(err.body, b"\xff\xfe<html>");
    assert_eq!(err.header("content-type"), Some("application/octet-stream"));
    assert_eq!(err.header("x-content-type-options"), Some("nosniff"));
    let nothing = ended(&app, "true");
    assert_eq!(app.get(&path(&nothing, "stdout")).expect(200).body, b"");
}

#[test]
fn what_was_cut_says_so_and_how_much_there_was() {
    let app = TestApp::start();
    let code = "head -c 5000 /dev/zero | tr '\\0' a; printf end";
    let limits = json!({"output_bytes": 1000});
    let id = app.submit(json!({"language": "sh", "code": code, "limits": limits})).id;
    let record = app.finished(&id);
    let out = app.get(&path(&id, "stdout")).expect(200);
    assert_eq!(out.text(), record["stdout"].as_str().unwrap(), "as the record has it");
    assert!(out.text().ends_with("aend") && out.text().contains("bytes left out"));
    assert_eq!(out.header("ringback-total-bytes"), Some("5003"));
    assert_eq!(out.header("ringback-truncated"), Some("true"));
}

#[test]
fn a_part_comes_for_a_range_and_from_an_offset() {
    let app = TestApp::start();
    let id = ended(&app, "printf 0123456789");
    for (wanted, part, content_range) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=8-100", "89", "bytes 8-9/10"),
        ("bytes=-4", "6789", "bytes 6-9/10"),
    ] {
        let answer = range(&app, &id, wanted).expect(206);
        assert_eq!(
            (answer.text().as_str(), answer.header("content-range")),
            (part, Some(content_range))
        );
        assert_eq!(answer.header("content-length"), Some(part.len().to_string().as_str()));
    }
    for overlooked in ["bytes=0-1,4-5", "lines=1-2", "bytes=x", "bytes=5-2", ""] {
        assert_eq!(range(&app, &id, overlooked).expect(200).text(), "0123456789", "{overlooked}");
    }
    for beyond in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
        let answer = range(&app, &id, beyond);
        assert_eq!(expect_problem(&answer, 416)["code"], "range_not_satisfiable");
        assert_eq!(answer.header("content-range"), Some("bytes */10"), "{beyond}");
    }
    let from = |query: &str| app.get(&format!("{}?{query}", path(&id, "stdout")));
    assert_eq!(from("offset=6").expect(200).text(), "6789");
    assert_eq!(from("offset=10").expect(200).text(), "", "where the next would be");
    expect_problem(&from("offset=11"), 416);
    for (query, parameter) in [
        ("offset=-1", "offset"),
        ("offset=", "offset"),
        ("offset=1e3", "offset"),
        ("from=1", "from"),
    ] {
        expect_blame(&from(query), parameter);
    }
    let both = app.request("GET", &format!("{}?offset=1", path(&id, "stdout")));
    expect_blame(&both.header("range", "bytes=1-").send(), "offset");
}

#[test]
fn while_it_runs_there_is_what_there_is_so_far() {
    let app = TestApp::with(|options| options.slots(1));
    let id = app.submit(json!({"language": "sh", "code": "printf begun; exec sleep 1000"})).id;
    let queued = app.submit(json!({"language": "sh", "code": "printf late"})).id;
    let so_far = eventually(DEADLINE, "its first words are there", || {
        let answer = app.get(&path(&id, "stdout")).expect(200);
        (answer.text() == "begun").then_some(answer)
    });
    assert_eq!(app.record(&id)["status"], "running");
    assert_eq!(so_far.header("ringback-total-bytes"), Some("5"));
    assert_eq!(app.get(&path(&id, "stderr")).expect(200).text(), "");
    assert_eq!(app.get(&format!("{}?offset=5", path(&id, "stdout"))).expect(200).text(), "");
    assert_eq!(app.get(&path(&queued, "stdout")).expect(200).text(), "", "it has not begun");
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    app.finished(&id);
    assert_eq!(app.get(&path(&id, "stdout")).expect(200).text(), "begun");
    app.finished(&queued);
    assert_eq!(app.get(&path(&queued, "stdout")).expect(200).text(), "late");
}

#[test]
fn other_streams_ids_and_tenants_are_404_and_other_scopes_403() {
    let mut app = TestApp::start();
    let id = ended(&app, "printf mine");
    let stranger = add_key_of(&mut app, "stranger");
    let reader = add_key(&mut app, &["executions:read"]);
    let other = add_key(&mut app, &["deliveries:read"]);
    for stream in ["stdin", "STDOUT", "result", ""] {
        expect_problem(&app.get(&path(&id, stream)), 404);
    }
    for unknown in ["exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b", "x", "%00"] {
        expect_problem(&app.get(&path(unknown, "stdout")), 404);
    }
    let path = path(&id, "stdout");
    expect_problem(&with_key(&app, &stranger, &path), 404);
    expect_problem(&with_key(&app, &other, &path), 403);
    assert_eq!(with_key(&app, &reader, &path).expect(200).text(), "mine");
}
