//! The log as machines read it: each line is JSON, what it is about has a field, each request has a
//! line, and nothing secret is in any. What the words of a line are matters to no test here.

use serde_json::{Value, json};

use super::owed::{gives_up_at_once, id_of, owed_for, with_status};
use crate::support::app::TestApp;
use crate::support::held::{Held, get};
use crate::support::options::{API_KEY, Options};
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn telling_machines(options: Options) -> Options {
    gives_up_at_once(options)
        .env("RINGBACK_LOG_FORMAT", "json")
        .env("RINGBACK_LOG", "warn,ringback=debug")
}

/// Every line of the log; each must be an object with what all lines have.
#[track_caller]
fn lines(app: &TestApp) -> Vec<Value> {
    let said = app.stderr();
    // For who waits for it, in words that never change.
    let is_line = |line: &&str| !line.starts_with("listening on http://");
    let lines = said.lines().filter(is_line).map(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        for field in ["time", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field} of {line}");
        }
        line
    });
    lines.collect()
}

/// The first line that satisfies a condition, once there is one.
#[track_caller]
fn line_once(app: &TestApp, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(DEADLINE, what, || lines(app).into_iter().find(&is))
}

#[track_caller]
fn line_of_request(app: &TestApp, request_id: &str) -> Value {
    line_once(app, "the request has a line", |line| {
        line["target"] == "ringback::access" && line["request_id"] == request_id
    })
}

/// The ids in a text that begin so.
fn ids<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let at = text.match_indices(prefix).map(|(at, _)| at);
    at.filter_map(|at| text.get(at..at + prefix.len() + 32)).collect()
}

/// Who speaks of something names it in a field, and nobody speaks of what is secret.
#[track_caller]
fn check_all(app: &TestApp, secrets: &[&str]) {
    for line in lines(app) {
        let text = line.to_string();
        for (prefix, field) in [("exec_", "execution"), ("dlv_", "delivery")] {
            for id in ids(&text, prefix) {
                assert_eq!(line[field], id, "{line}");
            }
        }
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in {line}");
        }
    }
}

#[test]
fn every_line_is_json_and_has_fields_for_what_it_is_about_and_nothing_secret() {
    let app = TestApp::with(|options| telling_machines(options).slots(1));
    let receiver = TestReceiver::always(Scripted::status(404));
    let body = json!({
        "language": "sh",
        "code": "echo code-is-secret; echo said-aloud",
        "env": {"A": "env-is-secret"},
        "callback_url": receiver.url("/hook?token=url-is-secret"),
        "callback_headers": {"x-mine": "header-is-secret"},
        "callback_signature_secret": "signing-is-secret-0001",
    });
    let submit = app.request("POST", "/v1/executions").json(&body);
    let submit = submit.header("traceparent", &format!("00-{TRACE}-b7ad6b7169203331-01"));
    let answer = submit.header("x-request-id", "of-mine").send().expect(202);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let delivery = with_status(&app, &id, "exhausted");

    let failed = line_once(&app, "the attempt that failed has a line", |line| {
        line["delivery"] == id_of(&delivery)
    });
    assert_eq!((&failed["execution"], &failed["trace_id"]), (&json!(id), &json!(TRACE)));
    assert_eq!((&failed["level"], &failed["attempt"]), (&json!("warn"), &json!(1)));
    assert_eq!(failed["error_class"], "status");
    for words in ["is started", "has ended"] {
        let line = line_once(&app, words, |line| line["message"] == words);
        assert_eq!((&line["execution"], &line["trace_id"]), (&json!(id), &json!(TRACE)));
    }

    let running = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    let waiting = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    for id in [&waiting, &running] {
        let answer = app.delete(&format!("/v1/executions/{id}"));
        let request_id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(line_of_request(&app, &request_id)["execution"], id.as_str());
        let ended = line_once(&app, "its end has a line", |line| {
            line["message"] == "has ended" && line["execution"] == id.as_str()
        });
        assert_eq!((&ended["outcome"], &ended["trace_id"]), (&json!("cancelled"), &Value::Null));
    }
    check_all(&app, &[API_KEY, "is-secret", "said-aloud"]);
}

#[test]
fn each_request_has_a_line_with_what_was_asked_and_answered_and_by_whom() {
    let app = TestApp::with(telling_machines);
    let submit = app.request("POST", "/v1/executions").header("x-request-id", "first");
    let body = json!({"language": "sh", "code": "sleep 0.2"});
    let answer = submit.json(&body).send().expect(202);
    let line = line_of_request(&app, "first");
    let expected = json!({
        "method": "POST",
        "path": "/v1/executions",
        "route": "/v1/executions",
        "status": 202,
        "bytes": answer.body.len(),
        "tenant": "default",
        "key": "admin",
        "peer": "127.0.0.1",
        "level": "info",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(line[name], *value, "{name} of {line}");
    }
    assert!(line["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{line}");
    assert!(line.get("problem").is_none(), "{line}");

    // One that is held back has its line when it was answered, with all the time that it took.
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let held =
        app.request("GET", &format!("/v1/executions/{id}?wait=20&cancel_on_disconnect=true"));
    let held = held.header("x-request-id", "held").send().expect(200).json();
    assert_eq!(held["status"], "completed");
    let line = line_of_request(&app, "held");
    assert_eq!(
        (&line["path"], &line["execution"]),
        (&json!(format!("/v1/executions/{id}")), &json!(id))
    );
    assert_eq!(line["route"], "/v1/executions/{id}");

    let nobody = app.anonymous("GET", "/v1/executions?key=in-the-query");
    nobody.header("x-request-id", "nobody").send().expect(401);
    let line = line_of_request(&app, "nobody");
    assert_eq!((&line["status"], &line["problem"]), (&json!(401), &json!("unauthorized")));
    assert!(line.get("tenant").is_none() && line.get("key").is_none(), "{line}");
    app.request("GET", "/no/such/path").header("x-request-id", "lost").send().expect(404);
    let line = line_of_request(&app, "lost");
    assert_eq!((&line["path"], line.get("route")), (&json!("/no/such/path"), None));
    check_all(&app, &[API_KEY, "in-the-query"]);
}

#[test]
fn the_line_of_a_client_that_went_away_names_what_it_waited_for() {
    let app = TestApp::with(telling_machines);
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    let held = Held::send(app.address(), &get(&format!("/v1/executions/{id}?wait=60")));
    eventually(DEADLINE, "it is held back", || held.is_read().then_some(()));
    held.reset();
    let line = line_once(&app, "it has gone", |line| line["status"] == 499);
    assert_eq!(line["execution"], id.as_str(), "{line}");
    check_all(&app, &[API_KEY]);
}

#[test]
fn what_probes_ask_has_a_line_only_when_something_is_wrong() {
    let app = TestApp::with(telling_machines);
    for path in ["/livez", "/readyz", "/health", "/metrics"] {
        app.get(path).expect(200);
    }
    let refused = app.anonymous("GET", "/metrics").header("x-request-id", "refused").send();
    refused.expect(401);
    line_of_request(&app, "refused");
    let probes: Vec<_> =
        lines(&app).into_iter().filter(|line| line["target"] == "ringback::access").collect();
    assert_eq!(probes.len(), 1, "{probes:#?}");
}

#[test]
fn the_log_of_requests_can_be_turned_off_by_its_name_and_people_read_fields_behind_the_words() {
    let quiet = |options: Options| options.env("RINGBACK_LOG", "info,ringback::access=off");
    let app = TestApp::with(|options| quiet(gives_up_at_once(options)));
    let receiver = TestReceiver::always(Scripted::status(404));
    let body = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/")});
    let id = app.submit(body).id;
    with_status(&app, &id, "exhausted");
    let delivery = id_of(&owed_for(&app, &id)[0]).to_owned();
    let line = eventually(DEADLINE, "the attempt has a line", || {
        app.stderr().lines().find(|line| line.contains(&delivery)).map(str::to_owned)
    });
    assert!(line.contains(&format!(" delivery={delivery} execution={id} attempt=1 ")), "{line}");
    assert!(!line.contains("trace_id"), "what there is not has no field: {line}");
    assert!(!app.stderr().contains("ringback::access"), "{}", app.stderr());
}

#[cfg(feature = "failpoints")]
#[test]
fn what_goes_wrong_inside_is_json_as_well_and_names_the_request() {
    let app = TestApp::with(|options| {
        telling_machines(options).failpoints(
            "accept-before-commit=1*panic(it broke)->off;supervisor=1*off->1*panic->off",
        )
    });
    let submit = |id: &str| {
        let body = json!({"language": "sh", "code": "true"});
        app.request("POST", "/v1/executions").header("x-request-id", id).json(&body).send()
    };
    submit("under-it").expect(503);
    let panic = line_once(&app, "the panic has a line", |line| line["target"] == "panic");
    assert!(panic["place"].is_string() && panic["level"] == "error", "{panic}");
    let told = line_once(&app, "the failure has a line", |line| {
        line["request_id"] == "under-it" && line["level"] == "error"
    });
    assert!(told["message"].as_str().unwrap().contains("it broke"), "{told}");
    assert_eq!(line_of_request(&app, "under-it")["problem"], "store_unavailable");
    // The supervisor falls over the next one, and is started again.
    submit("fallen").expect(503);
    assert_eq!(line_of_request(&app, "fallen")["problem"], "unavailable");
    eventually(DEADLINE, "it goes on", || (submit("again").status == 202).then_some(()));
    check_all(&app, &[API_KEY]);
}
