//! The clients' tokens: asked for with the key, and asked for anew when they are of no use any more.

use std::fs;

use serde_json::{Value, json};

use super::client::{ALL, Client, Kind};
use crate::support::app::TestApp;
use crate::support::options::API_KEY;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

/// Runs a program to its callback.
#[track_caller]
fn run(client: &mut Client, receiver: &TestReceiver) -> Value {
    let already = receiver.received().len();
    let arguments = json!({ "code": "print('hi')", "callback_url": receiver.url("/") });
    client.get("run_code_async", arguments);
    receiver.wait_for(already + 1).remove(already).json()
}

/// Waits until every token has ended that was given so far.
fn wait_for_the_end_of_tokens(app: &TestApp) {
    let refresh = app.request("POST", "/v1/sandboxes/sb_1/token/refresh").send();
    let token = refresh.expect(200).json()["auth_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    eventually(DEADLINE, "the token has ended", || {
        let request = app.anonymous("GET", "/v1/executions").header("authorization", &bearer);
        (request.send().status == 401).then_some(())
    });
}

#[test]
fn every_client_gets_a_token_that_it_need_not_renew_for_an_hour() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let token = client.get("get_token", json!({}));
        assert_eq!(run(&mut client, &receiver)["stdout"], "hi\n", "{kind:?}");
        assert_eq!(client.get("get_token", json!({})), token, "{kind:?} had no reason to renew it");
    }
}

#[test]
fn a_client_whose_token_has_ended_gets_another_and_goes_on() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__TOKEN_LIFETIME", "2s"));
    let receiver = TestReceiver::start();
    let mut clients = ALL.map(|kind| (kind, kind.connected(&app)));
    for (kind, client) in &mut clients {
        client.get("is_healthy", json!({}));
        // By now it has its token.
        assert!(client.get("get_token", json!({})).is_string(), "{kind:?}");
    }
    wait_for_the_end_of_tokens(&app);
    for (kind, client) in &mut clients {
        if *kind == Kind::JavaScript {
            // It asks for another, but sends its first one for as long as it is connected.
            client.connect(&app, API_KEY).unwrap();
        }
        assert_eq!(run(client, &receiver)["stdout"], "hi\n", "{kind:?}");
    }
}

#[test]
fn a_client_whose_token_the_server_has_forgotten_gets_another_and_goes_on() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let mut clients = [Kind::Python, Kind::PythonAsync].map(|kind| (kind, kind.connected(&app)));
    for (_, client) in &mut clients {
        run(client, &receiver);
    }
    let address = app.address().to_string();
    app.change(|options| options.argument("--listen", &address));
    app.terminate();
    fs::remove_file(app.data_dir().join("token.key")).unwrap();
    app.restart();
    for (kind, client) in &mut clients {
        assert_eq!(run(client, &receiver)["stdout"], "hi\n", "{kind:?}");
    }
}

#[test]
fn a_token_outlives_the_server_for_every_client() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let mut clients = ALL.map(|kind| (kind, kind.connected(&app)));
    for (_, client) in &mut clients {
        run(client, &receiver);
    }
    let address = app.address().to_string();
    app.change(|options| options.argument("--listen", &address));
    app.restart();
    for (kind, client) in &mut clients {
        assert_eq!(run(client, &receiver)["stdout"], "hi\n", "{kind:?}");
    }
}
