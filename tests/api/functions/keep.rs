//! What is kept of a function, what is told of it, and that each `PUT` makes a version.
//! Calls none.

use serde_json::{Value, json};

use super::{put_again, put_new, putting, script, told};
use crate::problem::expect_problem;
use crate::support::app::TestApp;

#[test]
fn a_new_function_is_told_whole_with_its_secret_and_then_without() {
    let app = TestApp::start();
    let answer = putting(&app, "f", &script("true")).send().expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut kept = answer.json();
    let secret = kept.as_object_mut().unwrap().remove("signing_secret").unwrap();
    let secret = secret.as_str().unwrap();
    standardwebhooks::Webhook::new(secret).unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 44, "{secret}");
    assert!(kept["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{kept}");
    let limits = kept["limits"].clone();
    assert_eq!(limits["output_bytes"], 1024 * 1024);
    let expected = json!({
        "name": "f", "variant": "default", "version": 1, "created_at": kept["created_at"],
        "language": "sh", "entrypoint": "script", "config": null, "code": "true",
        "timeout": 3600.0, "queue_timeout": null, "priority": 1, "limits": limits, "on_output_limit": "truncate",
        "network": null, "working_dir": null, "on_interrupt": "fail", "env": [], "labels": {},
        "metadata": {}, "callback_url": null, "callback_headers": [], "payload_format": null,
        "events": [], "retry": null,
    });
    assert_eq!(kept, expected);
    let answer = app.get("/v1/functions/f").expect(200);
    assert_eq!(answer.json(), expected);
    assert!(!answer.text().contains(secret));
}

/// Every field with a value that is not its default.
fn everything() -> Value {
    json!({
        "language": "python3",
        "entrypoint": "handler",
        "config": {"webhook_url": "https://example.com/a", "deep": {"b": [1, null]}},
        "code": "class Handler:\n    def handle_async(self):\n        return {}\n",
        "timeout": 7.5,
        "queue_timeout": 60,
        "priority": 3,
        "limits": {"memory_bytes": 100_000_000, "processes": 20, "cpu_seconds": 5.5,
            "output_bytes": 1000, "open_files": 64, "disk_bytes": 1_000_000},
        "on_output_limit": "fail",
        "network": true,
        "working_dir": "/workspace/a/b",
        "on_interrupt": "rerun",
        "env": {"TOKEN": "value-of-the-variable", "A": "1"},
        "labels": {"team": "blue"},
        "metadata": {"order": 7, "z": null},
        "callback_url": "https://example.com/hook?token=in-the-query",
        "callback_headers": {"X-Token": "value-of-the-header"},
        "payload_format": "standard",
        "events": ["started", "output"],
        "retry": {"schedule": [1, 2.5], "max_age": 600},
    })
}

#[test]
fn every_field_is_kept_and_told_and_what_is_secret_by_name_only() {
    let app = TestApp::start();
    put_new(&app, "f", &everything());
    let told = told(&app, "f");
    let mut expected = everything();
    let told_otherwise = json!({
        "name": "f", "variant": "default", "version": 1, "created_at": told["created_at"],
        "language": "python", "queue_timeout": 60.0, "env": ["A", "TOKEN"],
        "callback_url": "https://example.com/hook", "callback_headers": ["X-Token"],
        "events": ["started", "output", "completed"],
        "retry": {"schedule": [1.0, 2.5], "max_age": 600.0},
    });
    expected.as_object_mut().unwrap().extend(told_otherwise.as_object().unwrap().clone());
    assert_eq!(told, expected);
    for path in ["f", "f?version=1", "f/versions", ""] {
        let text =
            app.get(format!("/v1/functions/{path}").trim_end_matches('/')).expect(200).text();
        for secret in ["value-of-the-variable", "value-of-the-header", "in-the-query", "whsec_"] {
            assert!(!text.contains(secret), "{path}: {text}");
        }
    }
}

#[test]
fn a_directory_is_told_as_it_is_named() {
    let app = TestApp::start();
    for (name, given) in [("whole", "/workspace"), ("part", "/workspace/a")] {
        let mut definition = script("true");
        definition["working_dir"] = json!(given);
        put_new(&app, name, &definition);
        assert_eq!(told(&app, name)["working_dir"], given);
    }
}

#[test]
fn another_put_is_the_next_version_and_tells_no_secret() {
    let app = TestApp::start();
    put_new(&app, "f", &everything());
    let answer = putting(&app, "f", &script("echo 2")).send().expect(200);
    assert_eq!(answer.header("cache-control"), None);
    let second = answer.json();
    assert_eq!((&second["version"], &second["code"]), (&json!(2), &json!("echo 2")));
    assert!(!answer.text().contains("whsec_"), "{second}");
    // Nothing of the version before it is left in it.
    assert_eq!((&second["config"], &second["env"]), (&json!(null), &json!([])));
    assert_eq!(told(&app, "f"), second);
    assert_eq!(told(&app, "f?version=2"), second);
    let first = told(&app, "f?version=1");
    assert_eq!((&first["version"], &first["entrypoint"]), (&json!(1), &json!("handler")));
    expect_problem(&app.get("/v1/functions/f?version=3"), 404);
    // The same once more is a version too: nobody compares.
    assert_eq!(put_again(&app, "f", &script("echo 2"))["version"], 3);
}

#[test]
fn variants_are_functions_of_their_own() {
    let app = TestApp::start();
    let variant = |name: &str, code: &str| {
        let mut definition = script(code);
        definition["variant"] = json!(name);
        definition
    };
    let secrets = [
        put_new(&app, "f", &script("echo default")),
        put_new(&app, "f", &variant("a", "echo a")),
        put_new(&app, "f", &variant("b", "echo b")),
    ];
    assert!(secrets[0] != secrets[1] && secrets[1] != secrets[2]);
    assert_eq!(put_again(&app, "f", &variant("a", "echo again"))["version"], 2);
    assert_eq!(told(&app, "f")["code"], "echo default");
    assert_eq!(told(&app, "f?variant=default")["version"], 1);
    assert_eq!(told(&app, "f?variant=a")["code"], "echo again");
    assert_eq!(told(&app, "f?variant=a&version=1")["code"], "echo a");
    assert_eq!(told(&app, "f?variant=b")["version"], 1);
    expect_problem(&app.get("/v1/functions/f?variant=c"), 404);
    app.delete("/v1/functions/f?variant=a").expect(204);
    expect_problem(&app.get("/v1/functions/f?variant=a"), 404);
    assert_eq!(told(&app, "f?variant=b")["code"], "echo b");
    app.delete("/v1/functions/f").expect(204);
    assert_eq!(told(&app, "f?variant=b")["code"], "echo b");
}

#[test]
fn a_function_that_is_removed_is_gone_and_begins_anew_with_the_next_number() {
    let app = TestApp::start();
    let first = put_new(&app, "f", &script("echo 1"));
    put_again(&app, "f", &script("echo 2"));
    assert!(app.delete("/v1/functions/f").expect(204).body.is_empty());
    for path in ["f", "f?version=1", "f?version=2", "f/versions"] {
        expect_problem(&app.get(&format!("/v1/functions/{path}")), 404);
    }
    expect_problem(&app.delete("/v1/functions/f"), 404);
    expect_problem(&super::try_invoke(&app, "f", &json!({})), 404);
    expect_problem(&app.request("POST", "/v1/functions/f/rotate-secret").send(), 404);
    assert_eq!(app.get("/v1/functions").expect(200).json()["data"], json!([]));

    let again = putting(&app, "f", &script("echo 3")).send().expect(201);
    assert_eq!(again.header("cache-control"), Some("no-store"));
    let again = again.json();
    assert_eq!(again["version"], 3);
    assert_ne!(again["signing_secret"], first);
    for gone in [1, 2] {
        expect_problem(&app.get(&format!("/v1/functions/f?version={gone}")), 404);
    }
}

#[test]
fn of_two_puts_at_once_one_is_the_first() {
    let app = TestApp::start();
    let mut versions: Vec<(u64, bool)> = std::thread::scope(|scope| {
        let put = || {
            let answer = putting(&app, "f", &script("true")).send();
            let kept = answer.json();
            assert_eq!(answer.status == 201, kept["signing_secret"].is_string(), "{kept}");
            (kept["version"].as_u64().unwrap(), answer.status == 201)
        };
        let putting: Vec<_> = (0..8).map(|_| scope.spawn(put)).collect();
        putting.into_iter().map(|put| put.join().unwrap()).collect()
    });
    versions.sort_unstable();
    let expected: Vec<_> = (1..=8).map(|version| (version, version == 1)).collect();
    assert_eq!(versions, expected);
}
