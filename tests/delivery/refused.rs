//! Endpoints that are judged when a delivery is due: what the operator allows by then, what a name
//! leads to by then. What is refused at submit is tested with the API.

use serde_json::{Value, json};

use super::outbox::{calling, delivery_once, first_attempt};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;

#[test]
fn what_was_allowed_when_it_was_accepted_is_judged_again_when_it_is_due() {
    for host in ["127.0.0.1", "localhost"] {
        let mut app = TestApp::with(|options| {
            options.argument("--allow-callback-to", "localhost").retry_schedule("1s,1s,1s")
        });
        let mut receiver = TestReceiver::down();
        let mut body = calling(&receiver);
        body["callback_url"] = json!(format!("https://{host}:{}/", receiver.address().port()));
        let id = app.submit(body).id;
        assert_eq!(first_attempt(&app, &id)["error_class"], "connect");
        app.terminate();
        receiver.up();
        app.change(Options::callbacks_only_to_the_world);
        app.restart();
        let delivery = delivery_once(&app, &id, "refused");
        assert_eq!(delivery["ended_by"], "refused", "{delivery:#}");
        assert_eq!(delivery["next_attempt_at"], Value::Null);
        let attempt = delivery["attempts"].as_array().unwrap().last().unwrap();
        assert_eq!(attempt["error_class"], "refused", "{attempt:#}");
        assert_eq!(
            (&attempt["status_code"], &attempt["response_body"]),
            (&Value::Null, &json!(""))
        );
        assert_eq!(app.record(&id)["delivery"], "refused");
        assert!(receiver.received().is_empty(), "{host} was called");
    }
}

#[test]
fn networks_and_names_that_the_operator_trusts_are_called() {
    for (trusted, host) in [("127.0.0.0/8", "127.0.0.1"), ("localhost", "localhost")] {
        let app = TestApp::with(|options| {
            options.callbacks_only_to_the_world().argument("--allow-callback-to", trusted)
        });
        let receiver = TestReceiver::start();
        let mut body = calling(&receiver);
        body["callback_url"] = json!(format!("http://{host}:{}/hook", receiver.address().port()));
        let id = app.submit(body).id;
        let delivery = delivery_once(&app, &id, "delivered");
        assert_eq!(delivery["attempts"][0]["address"], receiver.address().to_string());
        let host_header = format!("{host}:{}", receiver.address().port());
        assert_eq!(receiver.first().header("host"), Some(host_header.as_str()));
    }
}

#[test]
fn a_name_that_does_not_exist_is_a_failure_of_dns() {
    let app = TestApp::with(|options| {
        options.argument("--allow-callback-to", "nowhere.invalid").retry_schedule("10ms")
    });
    let receiver = TestReceiver::start();
    let mut body = calling(&receiver);
    body["callback_url"] = json!("http://nowhere.invalid/hook");
    let id = app.submit(body).id;
    let delivery = delivery_once(&app, &id, "exhausted");
    assert_eq!(delivery["attempts"][0]["error_class"], "dns", "{delivery:#}");
}
