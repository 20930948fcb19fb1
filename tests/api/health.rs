//! `/livez` and `/readyz`: for those who watch the server and have no key.
//! Asks nothing else.

use crate::support::app::TestApp;

#[test]
fn health_is_told_without_a_key() {
    let app = TestApp::start();
    for path in ["/livez", "/readyz"] {
        let answer = app.anonymous("GET", path).send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
}

#[test]
fn health_tells_a_stranger_nothing_about_the_machine() {
    let app = TestApp::start();
    let data_dir = app.data_dir();
    for path in ["/livez", "/readyz"] {
        let text = app.anonymous("GET", path).send().text();
        assert!(!text.contains(&*data_dir.to_string_lossy()), "{path}: {text}");
    }
}
