//! HopX's `/execute/stream`: what comes back, when, and what becomes of it when either side goes.
//! What its own clients make of it is tested with them.

pub mod socket;

use std::fs;

use serde_json::{Value, json};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

pub use self::socket::Socket;
use self::socket::text;
use super::hopx_errors::check;
use super::scoped::{add_key, with_key};
use crate::support::app::TestApp;
use crate::support::client;
use crate::support::options::API_KEY;
use crate::support::wait::{DEADLINE, eventually};

/// A server under whose programs a file may appear, and the shell's words that wait for it.
fn waiting() -> (TestApp, String) {
    let app = TestApp::with(|options| options.way_open());
    let wait = format!("until [ -e {}/go ]; do sleep 0.01; done", app.scratch().display());
    (app, wait)
}

fn go(app: &TestApp) {
    fs::write(app.scratch().join("go"), "").unwrap();
}

/// The id of the only execution that there is.
fn only_execution(app: &TestApp) -> String {
    let listed = eventually(DEADLINE, "it is accepted", || {
        let page = app.get("/v1/executions").expect(200).json();
        page["data"].as_array().and_then(|page| page.first()).cloned()
    });
    listed["id"].as_str().unwrap().to_owned()
}

/// The request that opens a socket, byte for byte.
fn upgrade(key: &str, connection: &str) -> String {
    format!(
        "GET /execute/stream HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nAuthorization: Bearer {key}\r\n\r\n"
    )
}

#[track_caller]
fn types(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["type"].as_str().unwrap()).collect()
}

#[test]
fn output_comes_while_the_program_runs() {
    let (app, wait) = waiting();
    let mut socket = Socket::open(&app);
    socket.execute(&format!("echo one; echo two >&2; {wait}; echo three"));
    let mut first = [socket.message(), socket.message()];
    first.sort_by_key(|message| message["type"].to_string());
    assert_eq!((&first[0]["type"], &first[0]["data"]), (&json!("stderr"), &json!("two\n")));
    assert_eq!((&first[1]["type"], &first[1]["data"]), (&json!("stdout"), &json!("one\n")));
    let id = only_execution(&app);
    assert_eq!(app.record(&id)["status"], "running");
    go(&app);
    let rest = socket.until_complete();
    assert_eq!(types(&rest), ["stdout", "result", "complete"]);
    assert_eq!(rest[0]["data"], "three\n");
    assert_eq!((&rest[1]["exit_code"], &rest[1]["execution_id"]), (&json!(0), &json!(id)));
    assert!(rest[1]["execution_time"].as_f64().is_some_and(|seconds| seconds > 0.0), "{rest:?}");
    assert_eq!(rest[2]["success"], true);
    for message in first.iter().chain(&rest) {
        let time = message["timestamp"].as_str().unwrap_or_default();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{message}");
    }
}

#[test]
fn no_character_is_told_by_halves() {
    let (app, wait) = waiting();
    let mut socket = Socket::open(&app);
    socket.execute(&format!(r"printf 'a\342\202'; {wait}; printf '\254b\342\202'"));
    assert_eq!(socket.message()["data"], "a");
    go(&app);
    let rest = socket.until_complete();
    assert_eq!(text(&rest, "stdout"), "€b\u{FFFD}", "what never came is marked");
}

#[test]
fn nothing_of_a_large_output_is_lost_or_out_of_order() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    let code = "import sys\n\
                for n in range(12000):\n    \
                    print(f'{n} €uro'); print(f'{n} more', file=sys.stderr)";
    socket.send(json!({ "type": "execute", "code": code }).to_string());
    let messages = socket.until_complete();
    let lines = |word: &str| (0..12_000).map(|n| format!("{n} {word}\n")).collect::<String>();
    assert!(text(&messages, "stdout") == lines("€uro"));
    assert!(text(&messages, "stderr") == lines("more"));
    assert_eq!(types(&messages[messages.len() - 2..]), ["result", "complete"]);
}

#[test]
fn what_was_not_kept_is_marked_and_counted() {
    let bytes = "RINGBACK_EXECUTION__OUTPUT_BYTES_DEFAULT";
    let app = TestApp::with(|options| options.env(bytes, "4096"));
    let mut socket = Socket::open(&app);
    socket.execute("head -c 3000000 /dev/zero | tr '\\0' x; printf end");
    let told = text(&socket.until_complete(), "stdout");
    assert!(told.starts_with("xxx") && told.ends_with("xxend"), "{told}");
    let (mut kept, mut left_out) = (0, 0);
    for line in told.lines() {
        match line.strip_prefix("[... ").and_then(|line| line.strip_suffix(" bytes left out ...]"))
        {
            Some(count) => left_out += count.parse::<usize>().unwrap(),
            None => kept += line.len(),
        }
    }
    assert!(left_out > 0, "{told}");
    assert_eq!(kept + left_out, 3_000_003);
}

#[test]
fn a_program_that_fails_is_a_result() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    let mut ends = |request: Value| {
        socket.send(request.to_string());
        let messages = socket.until_complete();
        assert_eq!(types(&messages), ["result", "complete"], "{messages:?}");
        assert_eq!(messages[1]["success"], false);
        messages[0]["exit_code"].as_i64().unwrap()
    };
    let request = |code: &str| json!({ "type": "execute", "language": "sh", "code": code });
    assert_eq!(ends(request("exit 3")), 3);
    assert_eq!(ends(request("kill -9 $$")), 137);
    let mut late = request("exec sleep 1000");
    late["timeout"] = json!(0.2);
    assert_eq!(ends(late), 143);
}

#[test]
fn programs_run_one_after_another_on_one_socket() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    for number in 0..3 {
        socket.execute(&format!("echo {number}"));
        assert_eq!(text(&socket.until_complete(), "stdout"), format!("{number}\n"));
    }
    // Also when the client does not wait for the one before.
    socket.execute("echo first");
    socket.execute("echo second");
    assert_eq!(text(&socket.until_complete(), "stdout"), "first\n");
    assert_eq!(text(&socket.until_complete(), "stdout"), "second\n");
}

#[test]
fn a_program_has_the_environment_and_the_directory_that_were_asked_for() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    let mut run = |code: &str| {
        let request = json!({
            "type": "execute", "code": code, "language": "bash", "timeout": 60,
            "workdir": "/workspace", "env": { "GREETING": "hello" }, "a_field_of_tomorrow": 1,
        });
        socket.send(request.to_string());
        text(&socket.until_complete(), "stdout")
    };
    assert_eq!(run("echo $GREETING | tee here"), "hello\n");
    assert_eq!(run("cat here"), "hello\n");
}

#[test]
fn what_is_no_request_is_answered_with_an_error_and_the_socket_stays_open() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    let cases = [
        ("", "INVALID_JSON", "not JSON"),
        ("{", "INVALID_JSON", "not JSON"),
        ("[]", "INVALID_JSON", "JSON object"),
        ("{}", "INVALID_REQUEST", "`type` is missing"),
        (r#"{"type": 1}"#, "INVALID_REQUEST", "`type` must be the string"),
        (r#"{"type": "input", "data": "x"}"#, "INVALID_REQUEST", "`input`"),
    ];
    for (message, code, words) in cases {
        socket.send(message);
        let error = socket.message();
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)), "{error}");
        assert!(error["error"].as_str().is_some_and(|text| text.contains(words)), "{error}");
        assert_eq!(error["error"], error["message"]);
    }
    socket.execute("echo still here");
    assert_eq!(text(&socket.until_complete(), "stdout"), "still here\n");
}

/// The clients listen until `complete`, so they must be told that there is nothing to come.
#[test]
fn a_program_that_is_not_taken_is_an_error_and_complete() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    let cases = [
        (json!({ "type": "execute" }), "MISSING_PARAMETER", "`code`"),
        (json!({ "type": "execute", "code": "" }), "INVALID_REQUEST", "`code`"),
        (
            json!({ "type": "execute", "code": "1", "language": "cobol" }),
            "INVALID_REQUEST",
            "cobol",
        ),
        (json!({ "type": "execute", "code": "1", "timeout": -1 }), "INVALID_REQUEST", "`timeout`"),
        (
            json!({ "type": "execute", "code": "1", "workdir": "/etc" }),
            "INVALID_REQUEST",
            "`workdir`",
        ),
    ];
    for (request, code, words) in cases {
        socket.send(request.to_string());
        let messages = socket.until_complete();
        assert_eq!(types(&messages), ["error", "complete"], "{messages:?}");
        assert_eq!(messages[0]["code"], code, "{messages:?}");
        assert!(messages[0]["error"].as_str().unwrap().contains(words), "{messages:?}");
        assert_eq!(messages[1]["success"], false);
    }
    assert!(app.get("/v1/executions").json()["data"].as_array().unwrap().is_empty());
}

#[test]
fn a_client_that_goes_away_cancels_nothing() {
    let (app, wait) = waiting();
    let mut socket = Socket::open(&app);
    socket.execute(&format!("echo begun; {wait}; echo done"));
    assert_eq!(socket.message()["data"], "begun\n");
    let id = only_execution(&app);
    drop(socket);
    // The next one shows that the server has not been put out by it.
    let mut next = Socket::open(&app);
    next.execute("true");
    next.until_complete();
    assert_eq!(app.record(&id)["status"], "running");
    go(&app);
    let record = app.finished(&id);
    assert_eq!(
        (&record["status"], &record["stdout"]),
        (&json!("completed"), &json!("begun\ndone\n"))
    );
}

#[test]
fn a_ping_is_answered_also_while_a_program_runs() {
    let (app, wait) = waiting();
    let mut socket = Socket::open(&app);
    socket.execute(&wait);
    socket.ping(b"are you there?");
    assert_eq!(socket.frame(), Message::Pong(b"are you there?".as_slice().into()));
    go(&app);
    assert_eq!(types(&socket.until_complete()), ["result", "complete"]);
}

#[test]
fn a_socket_that_its_client_closes_is_closed_by_the_server_too() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    socket.execute("echo hi");
    socket.until_complete();
    socket.close();
    assert_eq!(socket.closed().code, CloseCode::Normal);
}

#[test]
fn a_request_that_is_not_utf_8_closes_the_socket_and_runs_nothing() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    socket.send_bytes(br#"{"type": "execute", "language": "sh", "code": "echo bytes"}"#);
    assert_eq!(text(&socket.until_complete(), "stdout"), "bytes\n");
    let before = app.get("/v1/executions").json()["data"].as_array().unwrap().len();
    socket.send_bytes(b"{\"type\": \"execute\", \"language\": \"sh\", \"code\": \"echo \xff\"}");
    assert_eq!(socket.closed().code, CloseCode::Invalid);
    let after = app.get("/v1/executions").json()["data"].as_array().unwrap().len();
    assert_eq!(after, before);
}

/// The published clients take no message beyond a megabyte.
#[test]
fn an_error_is_short_however_long_what_it_is_about() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app);
    let long = "ü".repeat(1_000_000);
    socket.send(json!({ "type": long }).to_string());
    let error = socket.message();
    assert!(error["error"].as_str().unwrap().starts_with("`type` must be `execute`"), "{error}");
    assert!(error.to_string().len() < 10_000, "{} bytes", error.to_string().len());
    socket.send(json!({ "type": "execute", "code": "1", "language": long }).to_string());
    let error = socket.message();
    assert_eq!(error["code"], "INVALID_REQUEST");
    assert!(error.to_string().len() < 10_000, "{} bytes", error.to_string().len());
}

#[test]
fn too_large_a_message_and_too_many_close_the_socket() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__BODY_BYTES_MAX", "65536"));
    let mut socket = Socket::open(&app);
    socket.send("x".repeat(65_536));
    assert_eq!(socket.message()["code"], "INVALID_JSON", "as much as is allowed");
    socket.send("x".repeat(65_537));
    assert_eq!(socket.closed().code, CloseCode::Size);

    let (app, wait) = waiting();
    let mut socket = Socket::open(&app);
    for _ in 0..8 {
        socket.execute(&wait);
    }
    assert_eq!(socket.closed().code, CloseCode::Policy);
    go(&app);
}

#[test]
fn it_is_for_those_with_a_key_who_speak_websocket() {
    let app = TestApp::start();
    let request = upgrade("a-key-of-nobody-at-all", "Upgrade, close");
    let refused = client::exchange(app.address(), request.as_bytes());
    let refused = String::from_utf8_lossy(&refused);
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    assert!(refused.contains(r#""code":"AUTHENTICATION_REQUIRED""#), "{refused}");
    check(&app.get("/execute/stream"), 400, "INVALID_REQUEST");
    check(&app.post("/execute/stream", &json!({})), 405, "METHOD_NOT_ALLOWED");
}

#[test]
fn it_is_not_for_those_who_may_only_read() {
    let mut app = TestApp::start();
    let key = add_key(&mut app, &["executions:read"]);
    check(&with_key(&app, &key, "/execute/stream"), 403, "AUTHENTICATION_REQUIRED");
    let key = add_key(&mut app, &["executions:write"]);
    let mut socket = Socket::open_with(&app, &key);
    socket.execute("echo hi");
    assert_eq!(text(&socket.until_complete(), "stdout"), "hi\n");
}

#[test]
fn a_silent_client_is_asked_whether_it_is_there_and_let_go_if_it_is_not() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__KEEP_ALIVE", "100ms"));
    let mut socket = Socket::open(&app);
    for _ in 0..5 {
        assert!(matches!(socket.frame(), Message::Ping(_)));
    }
    socket.execute("echo still here");
    assert_eq!(text(&socket.until_complete(), "stdout"), "still here\n");
    // This one answers to nothing, and gives up only when the server has.
    let answer = client::exchange(app.address(), upgrade(API_KEY, "Upgrade").as_bytes());
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    const PING_AND_CLOSE: &[u8] = &[0x89, 0, 0x88, 0];
    assert!(answer.ends_with(PING_AND_CLOSE), "{answer:?}");
}

#[test]
fn a_socket_does_not_outlive_its_token() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__TOKEN_LIFETIME", "2s"));
    let granted = app.request("POST", "/v1/sandboxes/a/token/refresh").send().expect(200).json();
    let token = granted["auth_token"].as_str().unwrap();
    let mut socket = Socket::open_with(&app, token);
    socket.execute("echo hi");
    assert_eq!(text(&socket.until_complete(), "stdout"), "hi\n");
    eventually(DEADLINE, "the token has ended", || {
        (with_key(&app, token, "/v1/executions").status == 401).then_some(())
    });
    socket.execute("echo hi");
    let messages = socket.until_complete();
    assert_eq!(types(&messages), ["error", "complete"]);
    assert_eq!(messages[0]["code"], "AUTHENTICATION_REQUIRED");
}

#[test]
fn a_server_that_stops_tells_every_socket_what_it_has_to_tell() {
    let mut app = TestApp::with(|options| options.slots(1));
    let (mut idle, mut running, mut queued) =
        (Socket::open(&app), Socket::open(&app), Socket::open_with(&app, API_KEY));
    running.execute("echo begun; exec sleep 1000");
    assert_eq!(running.message()["data"], "begun\n");
    queued.execute("echo later");
    eventually(DEADLINE, "the second one waits", || {
        (app.get("/readyz?verbose").expect(200).json()["queued"] == 1).then_some(())
    });
    let listening = std::thread::spawn(move || {
        assert_eq!(idle.closed().code, CloseCode::Away);
        let told = queued.until_complete();
        assert_eq!(types(&told), ["error", "complete"]);
        assert_eq!(told[0]["code"], "SERVICE_UNAVAILABLE");
        assert_eq!(queued.closed().code, CloseCode::Away);
        let told = running.until_complete();
        assert_eq!(types(&told), ["result", "complete"]);
        assert_eq!(told[1]["success"], false);
        assert_eq!(running.closed().code, CloseCode::Away);
    });
    assert!(app.terminate().success());
    listening.join().expect("every socket was told");
}
