//! The clients find their sandbox, and say in their own words what is wrong with it.

use serde_json::json;

use super::client::{ALL, Kind};
use crate::support::app::TestApp;
use crate::support::options::API_KEY;

#[test]
fn every_client_connects_to_a_sandbox_and_finds_it_healthy() {
    let app = TestApp::start();
    let host = format!("http://{}", app.address());
    for kind in ALL {
        let mut client = kind.connected(&app);
        let info = client.get("get_info", json!({}));
        let (id, public_host) = match kind {
            Kind::JavaScript => (&info["sandboxId"], &info["publicHost"]),
            Kind::Python | Kind::PythonAsync => (&info["sandbox_id"], &info["public_host"]),
        };
        assert_eq!((id, public_host), (&json!("sb_1"), &json!(host)), "{kind:?}: {info}");
        assert_eq!(info["status"], "running");
        assert_eq!(client.get("is_healthy", json!({})), true, "{kind:?}");
        let health = client.get("health_check", json!({ "base_url": host }));
        assert_eq!(health["status"], "healthy", "{kind:?}");
    }
}

#[test]
fn every_client_throws_its_own_exception_when_the_key_is_wrong() {
    let app = TestApp::start();
    for kind in ALL {
        let thrown = kind.start().connect(&app, "a-key-of-nobody-at-all").unwrap_err();
        assert_eq!((thrown.class.as_str(), thrown.status), ("AuthenticationError", Some(401)));
        assert!(thrown.message.contains("A valid API key"), "{kind:?}: {thrown:?}");
    }
}

#[test]
fn every_client_is_told_what_can_be_no_sandbox() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.start();
        let base_url = format!("http://{}", app.address());
        let id = "x".repeat(129);
        let arguments = json!({ "sandbox_id": id, "api_key": API_KEY, "base_url": base_url });
        let thrown = client.call("connect", arguments).unwrap_err();
        let expected = match kind {
            Kind::JavaScript => "APIError",
            Kind::Python | Kind::PythonAsync => "NotFoundError",
        };
        assert_eq!((thrown.class.as_str(), thrown.status), (expected, Some(404)), "{thrown:?}");
        assert!(thrown.message.contains("No sandbox can be called that"), "{thrown:?}");
    }
}
