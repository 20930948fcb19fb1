//! What a connection may use up of the server: time, headers, places. Clients here are slow, silent or
//! greedy, and what they get is an answer, an end, or nothing until it is their turn.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::exchange;
use crate::support::held::{Held, get, post};
use crate::support::options::API_KEY;
use crate::support::wait::{DEADLINE, eventually, within};

/// More patience than a server with short limits has, and less than one without.
const SOON: Duration = Duration::from_secs(5);

fn short(name: &str) -> TestApp {
    TestApp::with(|options| options.env(&format!("RINGBACK_SERVER__{name}"), "300ms"))
}

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends a byte now and then for as long as somebody takes it, and gives what was answered until the
/// connection was closed, which must be soon.
#[track_caller]
fn drip(mut stream: TcpStream, drop: &[u8]) -> String {
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut answer = Vec::new();
    let closed = within(SOON, || {
        let _ = stream.write_all(drop);
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) => return Some(()),
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Some(()),
            Err(_) => {}
        }
        None
    });
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(closed.is_some(), "the connection is still open after {SOON:?}: {answer}");
    answer
}

fn head(method: &str, path: &str, key: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\n{more}\r\n"
    )
}

const BODIES: [(&str, &str, &[u8]); 2] = [
    ("of a known length", "Content-Length: 100000\r\n", b"{"),
    ("in chunks", "Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n"),
];

#[test]
fn too_many_headers_and_too_long_ones_are_refused_and_the_server_lives() {
    let app = TestApp::start();
    let many: String = (0..1000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let long = format!("X: {}\r\n", "x".repeat(1024 * 1024));
    let broad: String = (0..90).map(|n| format!("X-{n}: {}\r\n", "x".repeat(12_000))).collect();
    for (what, headers) in [("many", many), ("long", long), ("broad", broad)] {
        let request = format!("GET /livez HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        let answer = exchange(app.address(), request.as_bytes());
        let status = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
        // Whoever is still sending may find the connection reset before it reads.
        assert!(answer.is_empty() || status.starts_with("HTTP/1.1 4"), "{what}: {status}");
        app.anonymous("GET", "/livez").send().expect(200);
    }
    let fits: String = (0..60).map(|n| format!("X-{n}: {}\r\n", "x".repeat(500))).collect();
    let request = format!("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fits}\r\n");
    assert!(exchange(app.address(), request.as_bytes()).starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_head_that_does_not_come_to_its_end_ends_the_connection() {
    let app = short("HEADER_TIMEOUT");
    for begin in ["", "GET /livez HTTP/1.1\r\nHost: a\r\nX: "] {
        let mut stream = connect(&app);
        stream.write_all(begin.as_bytes()).unwrap();
        let drop: &[u8] = if begin.is_empty() { b"" } else { b"x" };
        let answer = drip(stream, drop);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{begin}: {answer}");
    }
}

#[test]
fn a_body_that_does_not_come_to_its_end_is_408_and_ends_the_connection() {
    let app = short("BODY_TIMEOUT");
    let routes = [
        ("POST", "/v1/executions", "request_timeout"),
        ("DELETE", "/v1/executions/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b", "request_timeout"),
        ("POST", "/execute", "INVALID_REQUEST"),
        ("POST", "/execute/async", "INVALID_REQUEST"),
    ];
    for (method, path, code) in routes {
        for (what, length, drop) in BODIES {
            for drop in [drop, b""] {
                let mut stream = connect(&app);
                stream.write_all(head(method, path, API_KEY, length).as_bytes()).unwrap();
                let answer = drip(stream, drop);
                assert!(answer.starts_with("HTTP/1.1 408"), "{path} {what}: {answer}");
                assert!(answer.contains(&format!("\"{code}\"")), "{path} {what}: {answer}");
                let lower = answer.to_ascii_lowercase();
                assert!(lower.contains("connection: close"), "{path} {what}: {answer}");
            }
        }
    }
    // One that comes in pieces and in time is nothing special.
    let body = json!({"language": "sh", "code": "true"}).to_string();
    let mut stream = connect(&app);
    let more = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
    stream.write_all(head("POST", "/v1/executions", API_KEY, &more).as_bytes()).unwrap();
    for byte in body.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert_eq!(app.get("/v1/executions").expect(200).json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn strangers_are_refused_before_their_bodies_are_read() {
    // Nobody waits for as long as this.
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__BODY_TIMEOUT", "1h"));
    for path in ["/v1/executions", "/execute", "/apis/x", "/v1/workflow/invoke"] {
        for (what, length, drop) in BODIES {
            let mut stream = connect(&app);
            stream.write_all(head("POST", path, "rbk_wrong", length).as_bytes()).unwrap();
            let answer = drip(stream, drop);
            assert!(answer.starts_with("HTTP/1.1 401"), "{path} {what}: {answer}");
        }
    }
}

#[test]
fn a_body_that_nobody_asked_for_holds_no_connection() {
    let app = TestApp::start();
    for (method, path, status) in
        [("GET", "/livez", 200), ("GET", "/v1/executions", 200), ("POST", "/nowhere", 404)]
    {
        for (what, length, drop) in BODIES {
            let mut stream = connect(&app);
            stream.write_all(head(method, path, API_KEY, length).as_bytes()).unwrap();
            let answer = drip(stream, drop);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {what}: {answer}");
        }
    }
    // One that is read leaves its connection as it was.
    let body = json!({"language": "sh", "code": "true"}).to_string();
    let request = head("POST", "/v1/executions", API_KEY, "Transfer-Encoding: chunked\r\n");
    let request = format!("{request}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut held = Held::send(app.address(), request.as_bytes());
    assert_eq!(held.answer().0, 202);
    held.say(&get("/v1/executions"));
    assert_eq!(held.answer().0, 200);
}

#[test]
fn an_idle_connection_is_closed_after_a_while() {
    let app = short("KEEP_ALIVE");
    let mut stream = connect(&app);
    stream.write_all(&get("/readyz")).unwrap();
    let mut answer = String::new();
    let begin = Instant::now();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
}

#[test]
fn over_the_limit_of_connections_the_next_one_waits_for_its_turn() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_SERVER__HTTP_THREADS", "1")
            .env("RINGBACK_SERVER__CONNECTIONS_MAX", "2")
    });
    let mut taken: Vec<_> = (0..2).map(|_| Held::send(app.address(), &get("/readyz"))).collect();
    for held in &mut taken {
        assert_eq!(held.answer().0, 200);
    }
    let mut waits = connect(&app);
    waits.write_all(&get("/readyz")).unwrap();
    waits.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let early = waits.read(&mut [0; 1]);
    assert!(early.is_err(), "it waits: {early:?}");
    for held in &mut taken {
        held.say(&get("/readyz"));
        assert_eq!(held.answer().0, 200, "those who have one go on");
    }
    taken.pop().unwrap().close();
    waits.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(waits.read(&mut [0; 1]).unwrap(), 1, "it is its turn");
}

#[test]
fn a_client_that_reads_slowly_holds_up_nobody_and_not_the_end() {
    let mut app = TestApp::with(|options| options.slots(2));
    let bytes = 14 * 1024 * 1024;
    let code = format!("head -c {bytes} /dev/zero | tr '\\0' x");
    let limits = json!({"output_bytes": 2 * bytes});
    let record = app.run(json!({"language": "sh", "code": code, "limits": limits}));
    let id = record["id"].as_str().unwrap();
    let slow: Vec<_> = (0..8)
        .map(|n| {
            let what = ["", "/output/stdout", "/events"][n % 3];
            Held::send(app.address(), &get(&format!("/v1/executions/{id}{what}")))
        })
        .collect();
    for _ in 0..5 {
        assert_eq!(app.run(json!({"language": "sh", "code": "true"}))["status"], "completed");
    }
    let begin = Instant::now();
    assert!(app.terminate().success(), "{}", app.stderr());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    drop(slow);
}

#[test]
fn whoever_sends_on_and_on_behind_a_request_gets_no_answer_held_back() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let flood = get("/livez").repeat(20_000);
    let path = format!("/v1/executions/{id}");
    let mut asked = Held::send(app.address(), &get(&format!("{path}?wait=60")));
    let mut stream = connect(&app);
    stream.write_all(&get(&format!("{path}/events"))).unwrap();
    asked.send_on(&flood);
    let sender = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // It fails when the connection ends.
            let _ = (&sender).write_all(&flood);
        });
        let (status, problem) = asked.answer();
        assert_eq!((status, &problem["execution_id"]), (400, &json!(id)), "{problem}");
        let mut answer = Vec::new();
        let ended = eventually(DEADLINE, "the stream ends", || {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).unwrap();
            answer.extend_from_slice(&piece[..length]);
            let text = String::from_utf8_lossy(&answer).into_owned();
            text.contains("\r\n0\r\n\r\n").then_some(text)
        });
        assert!(ended.contains("\"running\""), "{ended}");
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    });
    assert_eq!(app.record(&id)["status"], "running", "it goes on");
    app.delete(&path).expect(202);
}

#[test]
fn a_few_requests_behind_one_that_is_held_are_answered_in_turn() {
    let app = TestApp::start();
    let code = json!({"language": "sh", "code": "sleep 1.5; echo done"});
    let mut held = Held::send(app.address(), &post("/execute", &code));
    (0..10).for_each(|_| held.say(&get("/readyz")));
    let (status, answer): (u16, Value) = held.answer();
    assert_eq!((status, &answer["stdout"]), (200, &json!("done\n")), "{answer}");
    for _ in 0..10 {
        assert_eq!(held.answer().1, json!({"ready": true}));
    }
}
