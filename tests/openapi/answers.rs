//! A tour of the API: every operation is answered as the document says, the good answers and the bad,
//! and so are the callbacks that come of it.

use serde_json::{Value, json};

use super::document::{DOCUMENT, operations};
use super::tour::{Tour, fits};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

fn tour() -> Tour {
    Tour::of(TestApp::with(|options| options.env("RINGBACK_WEBHOOK__ED25519", "true")))
}

fn sh(code: &str) -> Value {
    json!({"code": code, "language": "sh"})
}

/// Executions from their submission to their purge.
fn executions(tour: &Tour, receiver: &TestReceiver) {
    let mut called_back = sh("echo hi; echo '[1]' > $RINGBACK_RESULT");
    called_back["callback_url"] = receiver.url("/standard").into();
    called_back["events"] = json!(["started", "output"]);
    called_back["labels"] = json!({"team": "x"});
    called_back["metadata"] = json!({"n": 1, "yes": true, "none": null});
    let record = tour.call("POST", "/v1/executions", Some(called_back), 202).json();
    let own = record["links"]["self"].as_str().unwrap().to_owned();
    tour.call("GET", &format!("{own}?wait=20"), None, 200);
    tour.app.finished(record["id"].as_str().unwrap());
    tour.call("GET", &own, None, 200);
    tour.call("GET", "/v1/executions?limit=1", None, 200);
    tour.call("GET", &format!("{own}/output/stdout"), None, 200);
    let part = format!("{own}/output/stdout");
    let ranged = |range: &str| tour.app.request("GET", &part).header("range", range);
    tour.send(ranged("bytes=0-0"), ("GET", &part), 206);
    tour.send(ranged("bytes=100-"), ("GET", &part), 416);
    tour.call("GET", &format!("{own}/deliveries"), None, 200);

    let long = tour.call("POST", "/v1/executions", Some(sh("exec sleep 1000")), 202).json();
    tour.app.wait_for_program("sleep 1000");
    let own = long["links"]["self"].as_str().unwrap();
    tour.call("DELETE", &format!("{own}?purge=true"), None, 409);
    tour.call("DELETE", own, Some(json!({"reason": "enough"})), 202);
    tour.app.finished(long["id"].as_str().unwrap());
    tour.call("DELETE", own, None, 200);
    tour.call("DELETE", &format!("{own}?purge=true"), None, 204);
    tour.call("GET", own, None, 404);
    tour.call("GET", "/v1/runtimes", None, 200);
}

/// The same request again, another one under its key, and one whose execution was purged.
fn again(tour: &Tour) {
    let submit = |code: &str, status| {
        let request = tour.app.request("POST", "/v1/executions");
        let request = request.header("idempotency-key", "of-the-tour").json(&sh(code));
        tour.send(request, ("POST", "/v1/executions"), status)
    };
    let id = submit("true", 202).json()["id"].as_str().unwrap().to_owned();
    submit("true", 202);
    submit("false", 422);
    tour.app.finished(&id);
    tour.call("GET", &format!("/v1/executions/{id}/events"), None, 200);
    tour.call("DELETE", &format!("/v1/executions/{id}?purge=true"), None, 204);
    submit("true", 409);
    tour.call("GET", "/v1/executions?label.team=x&cause=exited", None, 200);
}

/// API keys.
fn keys(tour: &Tour) {
    let new = json!({"name": "of the tour", "tenant": "other", "scopes": ["executions:read"]});
    let key = tour.call("POST", "/v1/keys", Some(new), 201).json();
    tour.call("GET", "/v1/keys", None, 200);
    let path = format!("/v1/keys/{}", key["id"].as_str().unwrap());
    tour.call("DELETE", &path, None, 204);
    tour.call("DELETE", &path, None, 404);
    tour.call("POST", "/v1/keys", Some(json!({"name": ""})), 400);
}

/// The log of deliveries, and its repair.
fn deliveries(tour: &Tour, receiver: &TestReceiver) {
    let list = tour.call("GET", "/v1/deliveries?event_type=execution.completed", None, 200).json();
    let id = list["data"][0]["id"].as_str().expect("something was delivered").to_owned();
    tour.call("GET", &format!("/v1/deliveries/{id}"), None, 200);
    tour.call("POST", &format!("/v1/deliveries/{id}/redeliver"), None, 202);
    let window = json!({"since": "1h", "host": "nowhere.example.com"});
    let recovery = tour.call("POST", "/v1/deliveries/recover", Some(window), 202).json();
    let recovery = recovery["id"].as_str().unwrap().to_owned();
    tour.call("GET", &format!("/v1/deliveries/recover/{recovery}"), None, 200);
    let ping = json!({"url": receiver.url("/ping"), "headers": {"x-mine": "1"}});
    tour.call("POST", "/v1/callbacks/test", Some(ping), 200);
    let started = tour.call("GET", "/v1/deliveries?event_type=execution.started", None, 200).json();
    let started = started["data"][0]["id"].as_str().expect("it was told of its start").to_owned();
    tour.call("POST", &format!("/v1/deliveries/{started}/redeliver"), None, 409);
}

fn functions(tour: &Tour) {
    let definition = json!({
        "code": "cat", "language": "sh", "env": {"A": "b"}, "limits": {"processes": 9},
        "callback_url": "https://example.com/", "retry": {"schedule": [1], "max_age": 60},
    });
    tour.call("PUT", "/v1/functions/f", Some(definition.clone()), 201);
    tour.call("PUT", "/v1/functions/f", Some(definition), 200);
    tour.call("PUT", "/v1/functions/script", Some(sh("cat > $RINGBACK_RESULT")), 201);
    tour.call("GET", "/v1/functions", None, 200);
    tour.call("GET", "/v1/functions/f", None, 200);
    tour.call("GET", "/v1/functions/f/versions", None, 200);
    let call = tour.call("POST", "/v1/functions/script/invoke", Some(json!({"input": 1})), 202);
    tour.app.finished(call.json()["id"].as_str().unwrap());
    tour.call("POST", "/v1/functions/f/rotate-secret", None, 200);
    tour.call("DELETE", "/v1/functions/f", None, 204);
    tour.call("DELETE", "/v1/functions/f", None, 404);
}

fn server(tour: &Tour) {
    tour.call("GET", "/v1/signing-secret", None, 200);
    tour.call("POST", "/v1/signing-secret", None, 201);
    tour.call("POST", "/v1/signing-secret", Some(json!({"revoke_previous": true})), 201);
    tour.call("GET", "/v1/signing-secret", None, 200);
    for path in ["/.well-known/ringback-keys", "/livez", "/readyz", "/readyz?verbose", "/metrics"] {
        tour.call("GET", path, None, 200);
    }
    tour.call("GET", "/openapi.json", None, 200);
    tour.call("GET", "/docs", None, 200);
}

/// HopX's routes.
fn hopx(tour: &Tour, receiver: &TestReceiver) {
    tour.call("GET", "/v1/sandboxes/a", None, 200);
    tour.call("POST", "/v1/sandboxes/a/token/refresh", None, 200);
    tour.call("POST", "/v1/sandboxes", None, 405);
    tour.call("GET", "/health", None, 200);
    tour.call("POST", "/execute", Some(sh("exit 3")), 200);
    tour.call("POST", "/execute", Some(json!({})), 400);
    let mut called_back = sh("true");
    called_back["callback_url"] = receiver.url("/hopx").into();
    let accepted = tour.call("POST", "/execute/async", Some(called_back), 200).json();
    let id = accepted["execution_id"].as_str().unwrap().to_owned();
    tour.app.finished(&id);
    tour.call("GET", &format!("/execute/async/{id}"), None, 200);
    tour.call("DELETE", &format!("/execute/async/{id}"), None, 200);
    let mut named = sh("true");
    named["name"] = "mine".into();
    tour.call("POST", "/execute/background", Some(named), 200);
    tour.call("GET", "/execute/processes", None, 200);
    tour.call("GET", "/processes", None, 200);
    tour.call("DELETE", &format!("/execute/kill?process_id={id}"), None, 200);
    tour.call("DELETE", "/execute/kill", Some(json!({"process_id": "other"})), 404);
    tour.call("POST", &format!("/execute/kill/{id}"), None, 200);
    tour.call("POST", &format!("/processes/{id}/kill"), None, 200);
    tour.call("GET", "/execute/stream", None, 400);
}

/// Fetch Hive's and Cortex's.
fn others(tour: &Tour, receiver: &TestReceiver) {
    let mut call = json!({"deployment": "script", "variant": "default", "inputs": {"a": 1}});
    let run = tour.call("POST", "/v1/workflow/invoke", Some(call.clone()), 200).json();
    call["async"] = json!({"enabled": true, "callback_url": receiver.url("/fetchhive")});
    tour.call("POST", "/v1/workflow/invoke", Some(call), 200);
    let run = format!("/v1/workflow/runs/{}", run["request_id"].as_str().unwrap());
    tour.call("GET", &run, None, 200);
    tour.call("DELETE", &run, None, 200);
    tour.call("GET", &format!("{run}/webhooks"), None, 200);
    tour.call("GET", "/v1/workflow/runs/nothing", None, 404);
    let cortex = tour.app.request("POST", "/apis/script");
    let cortex = cortex.header("x-request-id", "mine");
    let cortex = cortex.header("ringback-callback-url", &receiver.url("/cortex"));
    tour.send(cortex.json(&json!([1])), ("POST", "/apis/script"), 200);
    tour.call("GET", "/apis/script/mine", None, 200);
    tour.call("GET", "/apis/script/other", None, 404);
}

/// The same mistakes everywhere, in the words of each.
fn mistakes(tour: &Tour) {
    for operation in operations() {
        let path = operation.example_path();
        let bare = |key: &str| tour.app.anonymous(operation.method, &path).header("x-api-key", key);
        let called = (operation.method, path.as_str());
        if operation.says["responses"].get("401").is_some() && operation.path != "/readyz" {
            tour.send(bare("no-good-key"), called, 401);
        }
        if operation.says["requestBody"]["required"] == true {
            let request = || tour.app.request(operation.method, &path);
            tour.send(request().header("content-type", "text/css").bytes("a"), called, 415);
            tour.send(request().bytes("{"), called, 400);
            tour.send(request().bytes(vec![b' '; 5 << 20]), called, 413);
        }
    }
}

#[test]
fn every_answer_and_every_callback_is_what_the_document_says() {
    let tour = tour();
    let receiver = TestReceiver::start();
    executions(&tour, &receiver);
    again(&tour);
    keys(&tour);
    deliveries(&tour, &receiver);
    server(&tour);
    functions(&tour);
    hopx(&tour, &receiver);
    others(&tour, &receiver);
    mistakes(&tour);
    tour.call("DELETE", "/v1/signing-secret", None, 204);
    let well = tour.answered_well();
    let is_left_out = |name: &str| ["GET /execute/stream", "POST /v1/sandboxes"].contains(&name);
    for operation in operations() {
        let name = operation.name();
        assert!(well.contains(&name) || is_left_out(&name), "{name} was never answered well");
    }
    callbacks(&receiver);
}

/// Judges all that the receiver was sent, and that it was sent something in each format.
fn callbacks(receiver: &TestReceiver) {
    let formats = ["/standard", "/hopx", "/fetchhive", "/cortex"];
    let all = crate::support::wait::eventually(
        crate::support::wait::DEADLINE,
        "there is a callback in each format",
        || {
            let all = receiver.received();
            let has = |path: &&str| all.iter().any(|one| one.path == **path);
            formats.iter().all(has).then_some(all)
        },
    );
    let webhook = &DOCUMENT["webhooks"]["executionEvent"]["post"];
    let schema = &webhook["requestBody"]["content"]["application/json"]["schema"];
    let callbacks = DOCUMENT["paths"]["/v1/executions"]["post"]["callbacks"].to_string();
    for received in all.iter().filter(|received| formats.contains(&received.path.as_str())) {
        fits(&format!("a callback to {}", received.path), schema, &received.json());
        let parameters = webhook["parameters"].as_array().unwrap();
        for parameter in parameters.iter().filter(|parameter| parameter["required"] == true) {
            let name = parameter["name"].as_str().unwrap();
            assert!(received.header(name).is_some(), "{name}");
            assert!(callbacks.contains(name), "{name}");
        }
    }
}
