//! `ringback get`: how executions stand and how they ended, and what the exit codes are.

use serde_json::{Value, json};

use crate::asking::{ID, ask, ask_script, asking, at, json, on_a_terminal, record};
use crate::shared::app::TestApp;
use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;
use crate::support::{file, ran};

const UNKNOWN: &str = "exec_0197f1c3a7b27d1e8f0a4b5c6d7e8f90";

#[test]
fn a_page_says_how_it_ended_and_why() {
    let app = TestApp::start();
    let code = r#"echo '[1, 2]' > $RINGBACK_RESULT; echo out; exit 3"#;
    let body = json!({ "language": "sh", "code": code, "labels": { "app": "shop" } });
    let id = app.run(body)["id"].as_str().unwrap().to_owned();
    for name in [id.clone(), id.replace("exec_", "evt_"), id.replace("exec_", "req_")] {
        let ran = ask(&app, &["get", &name]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.starts_with(&format!("{id}  failed\n  error     ")), "{}", ran.stdout);
        for words in
            ["exited with code 3", "app=shop", "result    [1,2]", "stdout    4 bytes", "accepted  "]
        {
            assert!(ran.stdout.contains(words), "{words:?} is missing: {}", ran.stdout);
        }
    }
}

#[test]
fn several_are_printed_in_their_order_and_in_each_format() {
    let app = TestApp::start();
    let ids =
        [1, 2].map(|n| app.submit(json!({ "language": "sh", "code": format!("exit {n}") })).id);
    for id in &ids {
        app.finished(id);
    }
    let get = |output: &str| {
        let ran = ask(&app, &["get", &ids[0], &ids[1], "-o", output]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    assert_eq!(get("id"), format!("{}\n{}\n", ids[0], ids[1]));
    let rows: Vec<Value> =
        get("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, ids.each_ref().map(|id| app.record(id)), "all that the server says");
    let all: Value = serde_json::from_str(&get("json")).unwrap();
    assert_eq!(all, json!({ "data": rows, "next_cursor": null }));
    let one: Value =
        serde_json::from_str(&ask(&app, &["get", &ids[0], "-o", "json"]).stdout).unwrap();
    assert_eq!(one, rows[0]);

    let (_directory, path) = file("ids", &format!("{}\n\n{}\n", ids[1], ids[0]));
    let mut command = asking(&app, &["get", "-", "-o", "id"]);
    command.stdin(std::fs::File::open(path).unwrap());
    assert_eq!(ran(command).stdout, format!("{}\n{}\n", ids[1], ids[0]));
}

#[test]
fn one_that_is_not_there_keeps_no_other_from_it() {
    let app = TestApp::start();
    let id = app.submit(json!({ "language": "sh", "code": "true" })).id;
    let ran = ask(&app, &["get", UNKNOWN, &id, "exec_nothing", "-o", "id"]);
    assert_eq!((ran.code, ran.stdout), (Some(4), format!("{id}\n")));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with(&format!("ringback: {UNKNOWN}: ")), "{}", ran.stderr);
    assert!(lines[1].starts_with("ringback: exec_nothing: "), "{}", ran.stderr);
}

#[test]
fn exit_codes_tell_scripts_what_went_wrong() {
    let app = TestApp::start();
    let check = |token: &str, arguments: &[&str], code: i32| {
        let mut command = asking(&app, arguments);
        command.env("RINGBACK_TOKEN", token);
        let ran = ran(command);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    };
    check("a-wrong-key-of-16-characters", &["get", UNKNOWN], 3);
    check("", &["list"], 3);
    check(crate::shared::options::API_KEY, &["get", UNKNOWN], 4);
    check(crate::shared::options::API_KEY, &["get", "dlv_1"], 2);
    check(crate::shared::options::API_KEY, &["get"], 2);
    let mut gone = TestReceiver::start();
    gone.take_down();
    assert_eq!(ask_script(&gone, &["get", ID]).code, Some(6));
}

#[test]
fn servers_of_other_versions_and_proxies_are_told_as_what_they_are() {
    let get = |answer: Scripted| {
        let ran = ask_script(&TestReceiver::answering([answer]), &["get", ID]);
        assert!(!ran.stderr.contains('\x1b'), "{:?}", ran.stderr);
        (ran.code, ran.stderr)
    };
    let (code, said) = get(Scripted::status(200).body("<html>a \x1b[2Jproxy</html>"));
    assert_eq!(code, Some(1));
    assert!(said.contains("not as a Ringback does: <html>"), "{said}");
    let (code, said) = get(json(200, &json!({ "id": 7 })));
    assert_eq!(code, Some(1));
    assert!(said.contains("an answer that is no execution"), "{said}");
    let (code, said) = get(Scripted::cut(200));
    assert_eq!(code, Some(6));
    assert!(said.contains("broke off"), "{said}");
    let mut later = record("completed");
    later["delivery"] = json!("postponed");
    later["start"] = json!("lukewarm");
    let ran = ask_script(&TestReceiver::answering([json(200, &later)]), &["get", ID]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("callback  postponed"), "{}", ran.stdout);
}

#[test]
fn a_strangers_words_command_no_terminal() {
    let mut bad = record("failed");
    bad["error"] = json!("\x1b[2Jgone");
    bad["labels"] = json!({ "a\x07": "b\nc" });
    for arguments in [vec!["get", ID], vec!["list"]] {
        let answer = match arguments[0] {
            "get" => json(200, &bad),
            _ => json(200, &json!({ "data": [bad], "next_cursor": null })),
        };
        let ran = ask_script(&TestReceiver::answering([answer]), &arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(!ran.stdout.contains(['\x1b', '\x07']), "{:?}", ran.stdout);
        assert!(ran.stdout.contains("\\u{1b}[2Jgone"), "{}", ran.stdout);
    }
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let get = |variables: &[(&str, &str)]| {
        let server = TestReceiver::always(json(200, &record("completed")));
        on_a_terminal(&at(&server.url(""), &["get", ID]), variables)
    };
    let coloured = get(&[]);
    assert_eq!(coloured.code, Some(0), "{}", coloured.stderr);
    assert!(coloured.stdout.contains("\x1b[32mcompleted\x1b[0m"), "{:?}", coloured.stdout);
    let plain = get(&[("NO_COLOR", "1")]).stdout;
    assert!(plain.contains("completed") && !plain.contains('\x1b'), "{plain:?}");
    let server = TestReceiver::always(json(200, &record("completed")));
    assert!(!ask_script(&server, &["get", ID]).stdout.contains('\x1b'));
}
