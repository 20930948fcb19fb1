//! The rules that the tables leave open: one test for each.

use serde_json::{Value, json};

use super::fields_of;
use crate::support::app::TestApp;
use crate::support::options::API_KEY;

#[test]
fn signals_have_names() {
    let app = TestApp::start();
    let record = app.run(json!({"language": "sh", "code": "kill -TERM $$"}));
    assert_eq!((&record["signal"], &record["exit_code"]), (&json!("SIGTERM"), &Value::Null));
    let id = app.submit(json!({"language": "sh", "code": "kill -TERM $$"})).id;
    app.finished(&id);
    let hopx = app.get(&format!("/execute/async/{id}")).expect(200).json();
    assert_eq!(hopx["exit_code"], 128 + 15, "{hopx}");
}

#[test]
fn working_directory_of_its_own_or_the_workspace() {
    let app = TestApp::start();
    let first = app.run(json!({"language": "sh", "code": "pwd; touch left"}));
    let second = app.run(json!({"language": "sh", "code": "ls"}));
    assert_eq!(second["stdout"], "", "{first}");
    let kept = json!({"language": "sh", "code": "touch kept", "working_dir": "/workspace"});
    app.run(kept);
    let seen = app.run(json!({"language": "sh", "code": "ls", "working_dir": "/workspace"}));
    assert_eq!(seen["stdout"], "kept\n");
}

#[test]
fn a_listed_working_directory() {
    let directory = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open).unwrap();
    let path = directory.path().to_str().unwrap().to_owned();
    let listed = path.clone();
    let app =
        TestApp::with(move |options| options.env("RINGBACK_EXECUTION__WORKING_DIRS", &listed));
    let record = app.run(json!({"language": "sh", "code": "pwd", "working_dir": path}));
    assert_eq!(record["stdout"], format!("{path}\n"), "{record}");
    let other = json!({"language": "sh", "code": "pwd", "working_dir": "/var"});
    app.post("/v1/executions", &other).expect(400);
}

#[test]
fn output_keeps_the_first_and_the_last_half() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "printf aaaaBBBBBBBBzzzz",
        "limits": {"output_bytes": 8}});
    let record = app.run(body);
    assert_eq!((&record["stdout_bytes"], &record["stdout_truncated"]), (&json!(16), &json!(true)));
    let text = record["stdout"].as_str().unwrap();
    assert!(text.starts_with("aaaa") && text.ends_with("zzzz") && !text.contains('B'), "{text}");
    let id = record["id"].as_str().unwrap();
    let raw = app.get(&format!("/v1/executions/{id}/output/stdout")).expect(200);
    assert_eq!(raw.header("ringback-total-bytes"), Some("16"));
    assert_eq!(raw.header("ringback-truncated"), Some("true"));
}

#[test]
fn what_the_leader_leaves_behind_is_killed() {
    let app = TestApp::start();
    let record = app.run(json!({"language": "sh", "code": "setsid sleep 300 & sleep 300 & true"}));
    assert_eq!(record["status"], "completed");
    assert!(app.programs().is_empty(), "{:?}", app.programs());
}

/// Addresses in any spelling, ports, schemes, and what else a URL may not be.
#[test]
fn callback_url() {
    let app = TestApp::with(|options| options.callbacks_only_to_the_world());
    for url in [
        "ftp://example.com/",
        "https://",
        "https://me:pw@example.com/",
        "https://example.com/#here",
        "https://example.com:0/",
        "https://example.com:22/",
        "https://example.com:6379/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "http://example.com/",
    ] {
        let body = json!({"language": "sh", "code": "true", "callback_url": url});
        let answer = app.post("/v1/executions", &body);
        assert_eq!(answer.status, 400, "{url}: {}", answer.text());
        assert_eq!(fields_of(&answer.json()), ["callback_url"], "{url}");
    }
}

#[test]
fn callback_headers_that_are_ours() {
    let app = TestApp::start();
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "connection",
        "content-type",
        "content-encoding",
        "User-Agent",
        "webhook-id",
        "Webhook-Whatever",
        "x-hopx-signature",
        "x-fetch-hive-event",
        "Metadata-Flavor",
        "x-aws-ec2-metadata-token",
        "X-Goog-Anything",
        "proxy-authorization",
    ] {
        let body = json!({"code": "x", "callback_url": "http://127.0.0.1:9/",
            "callback_headers": {name: "x"}});
        let problem = app.post("/v1/executions", &body).expect(400);
        assert!(problem.text().contains(name), "{name}: {}", problem.text());
    }
    for value in ["a\r\nb", "a\nb", "a\u{0}b"] {
        let body = json!({"code": "x", "callback_url": "http://127.0.0.1:9/",
            "callback_headers": {"X-Mine": value}});
        let problem = app.post("/v1/executions", &body).expect(400);
        assert!(problem.text().contains("X-Mine"), "{}", problem.text());
    }
}

/// Below `on-request`, with nobody asking, a program has no network; whoever asks has the host's.
#[test]
fn network_is_off_unless_it_is_asked_for() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__ISOLATION", "sandbox"));
    let address = app.address();
    let code = format!(
        "import socket\ntry:\n    socket.create_connection(('{}', {}), 5)\n    print('there')\n\
         except OSError as error:\n    print('not there')",
        address.ip(),
        address.port()
    );
    let reached =
        |network: Value| app.run(json!({"code": code, "network": network}))["stdout"].clone();
    assert_eq!(reached(Value::Null), "not there\n");
    assert_eq!(reached(json!(true)), "there\n");
}

#[test]
fn readyz_verbose_tells_everything_to_who_may_know() {
    let app = TestApp::start();
    app.anonymous("GET", "/readyz?verbose").send().expect(401);
    let told = app.get("/readyz?verbose").expect(200).json();
    assert_eq!(told["ready"], true);
    assert!(told["checks"].is_object() && told["isolation"]["level"].is_string(), "{told}");
    assert!(told["isolation"]["reason"].is_string(), "{told}");
    let containment = told["containment"].as_str().unwrap();
    assert!(["cgroup2", "pidns", "session"].contains(&containment), "{told}");
    for count in ["slots", "queued", "running"] {
        assert!(told[count].is_u64(), "{count}: {told}");
    }
    assert!(told["node"].is_string(), "{told}");
}

#[test]
fn code_input_and_output_are_at_rest_as_they_are_and_secrets_are_not() {
    let mut app = TestApp::start();
    app.run(json!({"language": "sh", "code": "echo plain-code; cat", "stdin": "plain-input",
        "env": {"A": "sealed-value"}, "callback_url": "http://127.0.0.1:9/",
        "callback_headers": {"X-A": "sealed-header"},
        "callback_signature_secret": "sealed-secret"}));
    app.terminate();
    let holding = |words: &str| crate::support::files::holding(&app.data_dir(), words);
    for plain in ["plain-code", "plain-input"] {
        assert!(!holding(plain).is_empty(), "{plain}");
    }
    for sealed in ["sealed-value", "sealed-header", "sealed-secret", API_KEY] {
        assert!(holding(sealed).is_empty(), "{sealed} is in {:?}", holding(sealed));
    }
}

/// A twin that comes while the first is being accepted waits for it.
#[test]
fn idempotency_of_twins() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "true"});
    let submit = || {
        app.request("POST", "/v1/executions").header("idempotency-key", "twin").json(&body).send()
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let twins: Vec<_> = (0..8).map(|_| scope.spawn(submit)).collect();
        twins.into_iter().map(|twin| twin.join().unwrap().expect(202)).collect()
    });
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let firsts = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(firsts.count(), 1);
    let listed = app.get("/v1/executions").expect(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

/// Drain puts back what has not started, and ends the rest by `on_interrupt`.
#[test]
fn drain_requeues_what_has_not_started() {
    let mut app = TestApp::with(|options| {
        options.slots(1).grace("100ms").env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "100ms")
    });
    let running = app.submit(super::long()).id;
    app.wait_for_program("sleep 300");
    let queued = app.submit(json!({"language": "sh", "code": "true"})).id;
    app.restart();
    let record = app.finished(&running);
    assert_eq!((&record["status"], &record["cause"]), (&json!("failed"), &json!("interrupted")));
    assert_eq!(app.finished(&queued)["status"], "completed");
}
