//! Answers that count as success however badly they go on after their first line.
//! What is kept of them is looked at too.

use serde_json::json;

use super::outbox::{calling, delivery_once};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

const KEPT_BYTES_MAX: usize = 16 * 1024;

#[test]
fn the_beginning_of_the_answer_is_kept() {
    let app = TestApp::start();
    let answer = Scripted::status(200).header("X-Seen-By", "them").body("thank you €");
    let receiver = TestReceiver::answering([answer]);
    let id = app.submit(calling(&receiver)).id;
    let attempt = delivery_once(&app, &id, "delivered")["attempts"][0].clone();
    assert_eq!(attempt["response_body"], "thank you €");
    assert_eq!(attempt["response_truncated"], false);
    let headers = attempt["response_headers"].to_string().to_lowercase();
    assert!(headers.contains("x-seen-by") && headers.contains("them"), "{headers}");
}

#[test]
fn a_body_that_is_too_long_too_slow_or_cut_off_still_counts_as_taken() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__TIMEOUT", "700ms"));
    app.run(json!({"language": "sh", "code": "true"}));
    let before = app.memory_peak();
    for broken in [Scripted::huge(200, 200_000_000), Scripted::dripping(202), Scripted::cut(201)] {
        let receiver = TestReceiver::answering([broken.clone()]);
        let id = app.submit(calling(&receiver)).id;
        let delivery = delivery_once(&app, &id, "delivered");
        assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "{broken:?}");
        let attempt = &delivery["attempts"][0];
        assert_eq!(attempt["response_truncated"], true, "{broken:?}: {attempt:#}");
        assert_eq!(attempt["error_class"], json!(null), "{broken:?}: {attempt:#}");
        let kept = attempt["response_body"].as_str().unwrap_or_default().len();
        assert!(kept <= KEPT_BYTES_MAX, "{broken:?}: {kept}");
        assert_eq!(receiver.received().len(), 1);
    }
    let grown = app.memory_peak().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "answers cost {grown} bytes of memory");
}

#[test]
fn an_answer_that_claims_to_be_compressed_is_not_unpacked() {
    let app = TestApp::start();
    let answer = Scripted::status(200).header("Content-Encoding", "gzip").body("not gzip at all");
    let receiver = TestReceiver::answering([answer]);
    let id = app.submit(calling(&receiver)).id;
    let delivery = delivery_once(&app, &id, "delivered");
    assert_eq!(delivery["attempts"][0]["response_body"], "not gzip at all");
}

#[test]
fn an_answer_that_is_no_text_is_kept_as_well_as_json_can() {
    let app = TestApp::start();
    let answer = b"HTTP/1.1 200 OK\r\nX-Odd: \xff\r\nContent-Length: 3\r\n\r\na\xffb".to_vec();
    let receiver = TestReceiver::answering([Scripted::raw(answer)]);
    let id = app.submit(calling(&receiver)).id;
    let delivery = delivery_once(&app, &id, "delivered");
    let kept = delivery["attempts"][0]["response_body"].as_str().unwrap_or_default();
    assert!(kept.starts_with('a') && kept.ends_with('b'), "{delivery:#}");
}

#[test]
fn an_early_hint_is_not_the_answer() {
    let app = TestApp::start();
    let answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let receiver = TestReceiver::answering([Scripted::raw(answer)]);
    let id = app.submit(calling(&receiver)).id;
    delivery_once(&app, &id, "delivered");
}
