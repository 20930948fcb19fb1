//! HTTP itself: methods, sizes, media types, request ids, and bytes that are no HTTP.
//! Judges no field of a request.

use serde_json::json;

use super::problem::expect_problem;
use crate::support::app::TestApp;
use crate::support::client::exchange;
use crate::support::options::API_KEY;
use crate::support::wait::{DEADLINE, eventually};

const UNKNOWN: &str = "/v1/executions/exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b";

#[test]
fn a_wrong_method_is_405_and_is_told_the_right_ones() {
    let app = TestApp::start();
    let deliveries = format!("{UNKNOWN}/deliveries");
    let cases = [
        ("PUT", "/v1/executions", &["GET", "POST"][..]),
        ("DELETE", "/v1/executions", &["GET", "POST"]),
        ("POST", UNKNOWN, &["GET", "DELETE"]),
        ("PATCH", UNKNOWN, &["GET", "DELETE"]),
        ("POST", &deliveries, &["GET"]),
        ("GET", "/v1/callbacks/test", &["POST"]),
        ("POST", "/v1/executions/x/output/stdout", &["GET"]),
        ("POST", "/v1/deliveries", &["GET"]),
        ("DELETE", "/v1/deliveries/x", &["GET"]),
        ("GET", "/v1/deliveries/x/redeliver", &["POST"]),
        ("GET", "/v1/deliveries/recover", &["POST"]),
        ("DELETE", "/v1/deliveries/recover/x", &["GET"]),
        ("POST", "/livez", &["GET"]),
        ("DELETE", "/readyz", &["GET"]),
    ];
    for (method, path, allowed) in cases {
        let answer = app.request(method, path).send();
        expect_problem(&answer, 405);
        let allow = answer.header("allow").unwrap_or_default().to_owned();
        for method in allowed {
            assert!(allow.split(',').any(|word| word.trim() == *method), "{path}: {allow}");
        }
    }
}

#[test]
fn a_path_that_does_not_exist_is_404() {
    let app = TestApp::start();
    for path in
        ["/", "/v1", "/v1/nothing", "/v2/executions", "/v1/executions/a/b/c", "/..%2f..%2fetc"]
    {
        expect_problem(&app.get(path), 404);
    }
}

#[test]
fn a_body_over_the_limit_is_413() {
    let app = TestApp::start();
    let code = "#".repeat(4 * 1024 * 1024);
    for path in ["/v1/executions", "/execute", "/execute/async", "/execute/background"] {
        let body = json!({"code": code, "callback_url": "http://127.0.0.1:8080/"}).to_string();
        let announced = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let in_pieces = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        for request in [announced, in_pieces] {
            let answer = exchange(app.address(), request.as_bytes());
            let head = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
            assert!(head.starts_with("HTTP/1.1 413 "), "{path}: {head}");
        }
    }
    assert_eq!(app.get("/v1/executions").expect(200).json()["data"], json!([]));
}

#[test]
fn a_client_that_sends_a_large_body_hears_why_it_was_too_large() {
    let app = TestApp::start();
    let body = json!({"code": "#".repeat(4 * 1024 * 1024)});
    expect_problem(&app.post("/v1/executions", &body), 413);
}

#[test]
fn a_body_that_says_it_is_no_json_is_415() {
    let app = TestApp::start();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let request = app.request("POST", "/v1/executions").header("content-type", kind);
        expect_problem(&request.bytes(r#"{"code": "print(1)"}"#).send(), 415);
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = app.request("POST", "/v1/executions").header("content-type", kind);
        request.bytes(r#"{"code": "print(1)"}"#).send().expect(202);
    }
}

#[test]
fn every_answer_has_a_request_id_and_a_sane_one_of_the_client_is_kept() {
    let app = TestApp::start();
    for path in ["/v1/executions", UNKNOWN, "/nowhere", "/livez"] {
        let own = app.get(path);
        assert!(own.header("x-request-id").is_some_and(|id| !id.is_empty()), "{path}");
        let echoed = app.request("GET", path).header("X-Request-Id", "req-7_a.b").send();
        assert_eq!(echoed.header("x-request-id"), Some("req-7_a.b"), "{path}");
    }
    let problem = app.request("GET", UNKNOWN).header("X-Request-Id", "req-8").send();
    assert_eq!(expect_problem(&problem, 404)["request_id"], "req-8");
}

#[test]
fn an_insane_request_id_is_replaced() {
    let app = TestApp::start();
    for insane in [String::new(), "a b".to_owned(), "<script>".to_owned(), "x".repeat(1000)] {
        let answer = app.request("GET", "/v1/executions").header("x-request-id", &insane).send();
        let id = answer.expect(200).header("x-request-id").unwrap_or_default().to_owned();
        assert!(!id.is_empty() && id != insane, "{insane:?} became {id:?}");
    }
}

#[test]
fn bytes_that_are_no_http_harm_nobody() {
    let app = TestApp::start();
    let endless_header = format!("GET /livez HTTP/1.1\r\nX: {}", "x".repeat(1024 * 1024));
    for bytes in
        [&b"\0\xff\xfe\r\n\r\n"[..], b"GET\r\n\r\n", b"EHLO mail\r\n", endless_header.as_bytes()]
    {
        let answer = exchange(app.address(), bytes);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    }
    app.anonymous("GET", "/livez").send().expect(200);
}

#[test]
fn what_counts_is_said_once_in_the_head_of_a_request() {
    let app = TestApp::start();
    let bearer = format!("Bearer {API_KEY}");
    for (name, value) in [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("X-API-Key", API_KEY),
        ("Content-Encoding", "identity"),
        ("Idempotency-Key", "a"),
    ] {
        let request = app.anonymous("POST", "/v1/executions").header(name, value);
        let request = request.header(name, value).bytes(r#"{"code": "print(1)"}"#);
        let problem = expect_problem(&request.send(), 400);
        let error = &problem["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(name), &json!("repeated")));
    }
    let twice = app.request("GET", "/execute/async/x").header("Authorization", "Bearer x").send();
    assert_eq!((twice.status, &twice.json()["code"]), (400, &json!("INVALID_REQUEST")));
}

#[test]
fn a_body_that_is_packed_is_415() {
    let app = TestApp::start();
    for encoding in ["gzip", "br", "deflate", "zstd", "x-unknown"] {
        for path in ["/v1/executions", "/v1/deliveries/recover"] {
            let request = app.request("POST", path).header("content-encoding", encoding);
            let problem = expect_problem(&request.json(&json!({"code": "print(1)"})).send(), 415);
            assert!(problem["detail"].as_str().unwrap().contains("Content-Encoding"));
        }
        let request = app.request("POST", "/execute").header("content-encoding", encoding);
        assert_eq!(request.json(&json!({"code": "print(1)"})).send().status, 415);
    }
    let request = app.request("POST", "/v1/executions").header("content-encoding", "identity");
    request.json(&json!({"code": "print(1)"})).send().expect(202);
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "echo hi"})).id;
    app.finished(&id);
    let record = format!("/v1/executions/{id}");
    let output = format!("{record}/output/stdout");
    for path in ["/v1/executions", &record, &output, "/livez", "/readyz", "/metrics", "/health"] {
        let (got, head) = (app.get(path), app.request("HEAD", path).send());
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-type"), got.header("content-type"), "{path}");
        if path == output {
            assert_eq!(head.header("content-length"), Some("3"));
        }
    }
    assert_eq!(app.request("HEAD", UNKNOWN).send().status, 404);
    assert_eq!(app.request("HEAD", "/nowhere").send().status, 404);
    assert_eq!(app.anonymous("HEAD", "/v1/executions").send().status, 401);
    let refused = app.request("HEAD", "/v1/callbacks/test").send();
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
}

#[test]
fn head_of_a_stream_of_events_does_not_wait_for_its_end() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    let events = format!("/v1/executions/{id}/events");
    // Over one connection: the second answer comes when the first one is over.
    let head = |path: &str, connection: &str| {
        format!(
            "HEAD {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n\
             connection: {connection}\r\n\r\n"
        )
    };
    let answers = exchange(
        app.address(),
        (head(&events, "keep-alive") + &head("/livez", "close")).as_bytes(),
    );
    let answers = String::from_utf8_lossy(&answers);
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert!(answers.contains("content-type: text/event-stream"), "{answers}");
    assert!(!answers.contains("retry:"), "{answers}");
    let gauge = "\nringback_event_streams 0\n";
    eventually(DEADLINE, "its place is free", || {
        app.get("/metrics").text().contains(gauge).then_some(())
    });
}

#[test]
fn paths_that_lead_out_or_have_odd_characters_lead_nowhere() {
    let app = TestApp::start();
    for path in [
        "/v1/../v1/executions",
        "/v1/./executions",
        "/v1//executions",
        "/v1/executions/../../livez",
        "/v1/executions/%2e%2e/executions",
        "/v1/executions/%00",
        "/v1/executions/a%00b",
        "/v1/executions/%ff",
        "/v1/executions/..%2f..%2fetc%2fpasswd",
        "/v1/executions/%0d%0aX: 1",
        "/v1/%00",
        "/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let path = path.replace(' ', "%20");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(app.address(), request.as_bytes());
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.contains("application/problem+json"), "{path}: {answer}");
    }
}
