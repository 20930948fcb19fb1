//! Trying a callback out: `POST /v1/callbacks/test` and `callback_verify`. What a ping tells of
//! endpoints that fail, and that it leaves nothing behind.

use std::io::Write;
use std::net::TcpListener;

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

use super::owed::calling;
use super::problem::{expect_blame, expect_problem};
use super::scoped::add_key;
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually};

const PATH: &str = "/v1/callbacks/test";

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What is told of a URL that is one.
#[track_caller]
fn tried(app: &TestApp, url: &str) -> Value {
    app.post(PATH, &json!({"url": url})).expect(200).json()
}

#[track_caller]
fn nothing_was_kept(app: &TestApp) {
    for path in ["/v1/executions", "/v1/deliveries"] {
        assert_eq!(app.get(path).expect(200).json()["data"], json!([]), "{path}");
    }
}

fn headers(request: &Received) -> HeaderMap {
    let pair = |(name, value): &(String, String)| {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    };
    request.headers.iter().map(pair).collect()
}

#[test]
fn a_ping_is_signed_and_sent_as_callbacks_are_and_kept_nowhere() {
    let app = TestApp::start();
    let receiver = TestReceiver::answering([Scripted::status(204).header("x-seen", "yes")]);
    let url = receiver.url("/hook?token=1");
    let wish = json!({"url": url, "signature_secret": SECRET, "headers": {"x-token": "hush"}});
    let answer = app.post(PATH, &wish).expect(200).json();
    let ping = receiver.first();
    Webhook::new(SECRET).unwrap().verify(&ping.body, &headers(&ping)).unwrap();
    assert_eq!((ping.method.as_str(), ping.path.as_str()), ("POST", "/hook?token=1"));
    assert!(ping.header("webhook-id").unwrap().starts_with("evt_"));
    assert_eq!(ping.header("x-token"), Some("hush"));
    assert!(ping.header("user-agent").unwrap().starts_with("Ringback/"));
    let body = ping.json();
    assert_eq!(body["type"], "ping");
    assert!(body["timestamp"].is_string() && body["data"]["message"].is_string(), "{body}");

    assert_eq!((&answer["allowed"], &answer["delivered"]), (&json!(true), &json!(true)));
    assert_eq!(answer["explanation"], "It was taken with 204: callbacks arrive there.");
    let attempt = &answer["attempt"];
    assert_eq!(
        (&attempt["status_code"], &attempt["response_hidden"]),
        (&json!(204), &json!(false))
    );
    assert_eq!(attempt["address"], receiver.address().to_string());
    assert_eq!(attempt["response_headers"]["x-seen"], "yes");
    assert_eq!(attempt["request_headers"]["x-token"], "[redacted]");
    assert!(attempt["started_at"].is_string() && attempt["timings_ms"]["total"].is_number());
    assert_eq!((attempt.get("number"), attempt.get("trigger")), (None, None));
    assert!(!answer.to_string().contains("hush"));

    let unsigned = tried(&app, &receiver.url("/"));
    assert_eq!(unsigned["delivered"], true);
    let second = receiver.wait_for(2).remove(1);
    assert_eq!(second.header("webhook-signature"), None);
    assert_ne!(second.header("webhook-id"), ping.header("webhook-id"));
    nothing_was_kept(&app);
}

#[test]
fn each_failure_is_told_in_words_with_what_to_do() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__TIMEOUT", "500ms"));
    for (answer, class, word) in [
        (Scripted::redirect(307, "/elsewhere"), "status", "not followed"),
        (Scripted::status(401), "status", "credentials"),
        (Scripted::status(403), "status", "credentials"),
        (Scripted::status(404), "status", "path"),
        (Scripted::status(405), "status", "POST"),
        (Scripted::status(410), "status", "gone"),
        (Scripted::status(500), "status", "its own log"),
        (Scripted::close(), "reset", "closes"),
        (Scripted::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol", "HTTP/1.1"),
        (Scripted::silence(), "timeout", "answer before"),
    ] {
        let receiver = TestReceiver::answering([answer.clone()]);
        check(&tried(&app, &receiver.url("/")), class, word);
        assert_eq!(receiver.received().len(), 1, "it is sent once: {answer:?}");
    }
    // However long a resolver takes here.
    let app = TestApp::start();
    let nobody = TestReceiver::down();
    check(&tried(&app, &nobody.url("/")), "connect", "listens");
    check(&tried(&app, "https://nothing.invalid/"), "dns", "spelt");
    let no_tls = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://{}/", no_tls.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in no_tls.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"HTTP/1.1 400 No\r\n\r\n"));
        }
    });
    check(&tried(&app, &url), "tls", "certificate");
}

#[track_caller]
fn check(answer: &Value, class: &str, word: &str) {
    assert_eq!((&answer["allowed"], &answer["delivered"]), (&json!(true), &json!(false)));
    assert_eq!(answer["attempt"]["error_class"], class, "{answer:#}");
    let explanation = answer["explanation"].as_str().unwrap_or_default();
    assert!(explanation.contains(word) && explanation.ends_with('.'), "{explanation}");
}

#[test]
fn an_address_that_is_refused_is_told_with_its_rule_and_nothing_is_sent() {
    let app = TestApp::with(|options| options.callbacks_only_to_the_world());
    let receiver = TestReceiver::start();
    let cases = [
        (receiver.url("/"), "--allow-callback-to 127.0.0.1"),
        ("https://10.0.0.1/".to_owned(), "--allow-callback-to 10.0.0.1"),
        ("https://169.254.169.254/latest".to_owned(), "metadata"),
        ("https://localhost/".to_owned(), "localhost"),
        ("http://example.com/".to_owned(), "https"),
        ("https://example.com:22/".to_owned(), "port 22"),
    ];
    for (url, word) in cases {
        let answer = tried(&app, &url);
        assert_eq!((&answer["allowed"], &answer["delivered"]), (&json!(false), &json!(false)));
        let explanation = answer["explanation"].as_str().unwrap();
        assert!(explanation.starts_with("It was not sent. "), "{explanation}");
        assert!(explanation.contains(word), "{url}: {explanation}");
        assert_eq!(answer["attempt"]["error_class"], "refused");
        assert_eq!(answer["attempt"]["address"], Value::Null);
    }
    assert!(receiver.received().is_empty());
}

#[test]
fn a_wish_that_makes_no_sense_is_400_and_names_the_field() {
    let app = TestApp::start();
    for url in [
        json!(null),
        json!(""),
        json!(7),
        json!("example.com/hook"),
        json!("ftp://example.com/"),
        json!("https://"),
        json!("https://example.com:99999/"),
        json!("https://user:pw@example.com/"),
        json!("https://example.com/#part"),
        json!("https://example.com/a b"),
        json!(format!("https://example.com/{}", "x".repeat(2048))),
    ] {
        let sentence = expect_blame(&app.post(PATH, &json!({"url": url})), "url");
        assert!(!sentence.contains("pw@"), "{sentence}");
    }
    let with = |field: &str, value: Value| {
        let mut wish = json!({"url": "https://example.com/"});
        wish[field] = value;
        expect_blame(&app.post(PATH, &wish), field)
    };
    with("signature_secret", json!("whsec_no base64!"));
    with("signature_secret", json!(1));
    with("headers", json!({"webhook-id": "mine"}));
    with("headers", json!({"x-a": "b\r\nc: d"}));
    with("headers", json!("x-a: b"));
    with("method", json!("PUT"));
}

#[test]
fn only_a_few_are_under_way_at_a_time() {
    let app = TestApp::start();
    let gate = Gate::closed();
    let receiver = TestReceiver::answering(vec![Scripted::status(200).held_by(&gate); 4]);
    let wish = json!({"url": receiver.url("/")});
    let verified = {
        let mut program = calling(&receiver);
        program["callback_verify"] = json!(true);
        program
    };
    std::thread::scope(|scope| {
        let ping = || app.post(PATH, &wish).expect(200).json();
        let pings: Vec<_> = (0..4).map(|_| scope.spawn(ping)).collect();
        receiver.wait_for(4);
        for (path, body) in [(PATH, &wish), ("/v1/executions", &verified)] {
            let answer = app.post(path, body);
            assert_eq!(expect_problem(&answer, 429)["code"], "too_many_pings");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        gate.open();
        for ping in pings {
            assert_eq!(ping.join().unwrap()["delivered"], true);
        }
    });
    assert_eq!(tried(&app, &receiver.url("/"))["delivered"], true);
    assert_eq!(receiver.received().len(), 5);
    nothing_was_kept(&app);
}

#[test]
fn it_needs_the_scope_of_those_who_send_again() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let others = add_key(&mut app, &["executions:write", "deliveries:read"]);
    let right = add_key(&mut app, &["deliveries:redeliver"]);
    let wish = json!({"url": receiver.url("/")});
    let with = |key: &str| {
        let request = app.anonymous("POST", PATH).header("authorization", &format!("Bearer {key}"));
        request.json(&wish).send()
    };
    expect_problem(&with(&others), 403);
    assert!(receiver.received().is_empty());
    with(&right).expect(200);
}

#[test]
fn an_execution_whose_callback_is_to_be_verified_is_accepted_after_a_ping() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let mut program = calling(&receiver);
    program["callback_verify"] = json!(true);
    program["callback_signature_secret"] = json!(SECRET);
    program["callback_headers"] = json!({"x-token": "hush"});
    app.submit(program);
    let requests = receiver.wait_for(2);
    assert_eq!(requests[0].json()["type"], "ping");
    assert_eq!(requests[1].json()["type"], "execution.completed");
    for request in &requests {
        Webhook::new(SECRET).unwrap().verify(&request.body, &headers(request)).unwrap();
        assert_eq!(request.header("x-token"), Some("hush"));
    }
}

#[test]
fn a_callback_that_takes_no_ping_is_400_and_nothing_is_accepted() {
    let app = TestApp::start();
    let receiver = TestReceiver::answering([Scripted::status(404)]);
    let mut program = calling(&receiver);
    program["callback_verify"] = json!(true);
    let answer = app.post("/v1/executions", &program);
    let sentence = expect_blame(&answer, "callback_url");
    assert!(sentence.contains("404") && sentence.contains("path"), "{sentence}");
    assert_eq!(answer.json()["errors"][0]["code"], "callback_unverified");
    nothing_was_kept(&app);

    program["callback_url"] = json!(TestReceiver::down().url("/"));
    expect_blame(&app.post("/v1/executions", &program), "callback_url");
    program["callback_url"].take();
    expect_blame(&app.post("/v1/executions", &program), "callback_url");
    program["callback_verify"] = json!("yes");
    expect_blame(&app.post("/v1/executions", &program), "callback_verify");
    nothing_was_kept(&app);
    // What is wrong otherwise is told before anybody is called.
    let mut wrong = calling(&receiver);
    wrong["callback_verify"] = json!(true);
    wrong["timeout"] = json!(-1);
    expect_blame(&app.post("/v1/executions", &wrong), "timeout");
    assert_eq!(receiver.received().len(), 1);

    wrong["timeout"] = json!(10);
    wrong["callback_verify"] = json!(false);
    app.submit(wrong);
    let second = eventually(DEADLINE, "its callback comes", || receiver.received().get(1).cloned());
    assert_eq!(second.json()["type"], "execution.completed");
}

#[test]
fn why_a_ping_was_not_taken_is_told_in_full_only_to_those_who_may_send_again() {
    let mut app = TestApp::start();
    let submitter = add_key(&mut app, &["executions:write"]);
    let repairer = add_key(&mut app, &["executions:write", "deliveries:redeliver"]);
    let mut program = calling(&TestReceiver::down());
    program["callback_verify"] = json!(true);
    let blamed = |key: &str| {
        let request = app.anonymous("POST", "/v1/executions");
        let request = request.header("authorization", &format!("Bearer {key}"));
        expect_blame(&request.json(&program).send(), "callback_url")
    };
    assert!(blamed(&repairer).contains("connection refused"));
    let outline = blamed(&submitter);
    assert!(outline.contains("No connection could be made. Check"), "{outline}");
    nothing_was_kept(&app);
}
