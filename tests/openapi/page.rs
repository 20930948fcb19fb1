//! The page at `/docs` and the document at `/openapi.json`, as browsers and clients have them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::document::{DOCUMENT, operations};
use crate::support::app::TestApp;

#[test]
fn the_document_is_for_everybody_and_is_sent_once() {
    let app = TestApp::start();
    let first = app.anonymous("GET", "/openapi.json").send().expect(200);
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.json(), *DOCUMENT);
    let tag = first.header("etag").unwrap();
    for (sent, status) in [(tag, 304), ("\"another\"", 200), ("*", 304), ("nonsense", 200)] {
        let again = app.anonymous("GET", "/openapi.json").header("if-none-match", sent).send();
        let again = again.expect(status);
        assert_eq!(again.body.is_empty(), status == 304, "{sent}");
        assert_eq!(again.header("etag"), Some(tag));
    }
    assert_eq!(app.anonymous("POST", "/openapi.json").send().header("allow"), Some("GET"));
}

#[test]
fn the_page_has_every_operation_and_asks_nobody_for_anything() {
    let app = TestApp::start();
    let page = app.anonymous("GET", "/docs").send().expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let html = page.text();
    for operation in operations() {
        let id = operation.says["operationId"].as_str().unwrap();
        assert!(html.contains(&format!("<section id=\"{id}\">")), "{}", operation.name());
    }
    for outside in ["<script", "src=", "http-equiv", "<link", "@import", "url("] {
        assert!(!html.contains(outside), "the page has `{outside}`");
    }
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
    let tag = page.header("etag").unwrap();
    app.anonymous("GET", "/docs").header("if-none-match", tag).send().expect(304);
}

/// Whatever is linked to on the page is there.
#[test]
fn the_page_leads_nowhere_that_is_not_there() {
    let app = TestApp::start();
    let html = app.anonymous("GET", "/docs").send().expect(200).text();
    let mut count = 0;
    for link in html.split("href=\"").skip(1) {
        let to = link.split_once('"').unwrap().0;
        let is_there = match to.strip_prefix('#') {
            Some(id) => html.contains(&format!("id=\"{id}\"")),
            None => to == "openapi.json",
        };
        assert!(is_there, "{to}");
        count += 1;
    }
    assert!(count > 200, "only {count} links");
}
