//! `ringback keys create|list|revoke`: what they print, what they refuse, and that a running server heeds
//! them at its next request. What keys are good for is tested where the API is.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Ran, ringback};
use crate::shared::app::TestApp;
use crate::shared::files;
use crate::shared::wait::eventually;

fn keys(dir: &Path, arguments: &[&str]) -> Ran {
    let dir = dir.to_str().unwrap();
    ringback(&[&["keys"], arguments, &["--data-dir", dir]].concat())
}

/// Makes a key, and gives its text and its id.
#[track_caller]
fn create(dir: &Path, arguments: &[&str]) -> (String, String) {
    let ran = keys(dir, &[&["create"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let key = ran.stdout.strip_suffix('\n').unwrap().to_owned();
    let id = key.split('_').nth(1).unwrap().to_owned();
    assert_eq!(key, format!("rbk_{id}_{}", key.rsplit('_').next().unwrap()), "alone on stdout");
    assert!(ran.stderr.contains(&id) && !ran.stderr.contains(&key), "{}", ran.stderr);
    (key, id)
}

fn listed(dir: &Path) -> Vec<Value> {
    let ran = keys(dir, &["list", "-o", "jsonl"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn status(app: &TestApp, key: &str) -> u16 {
    let request = app.anonymous("GET", "/v1/executions");
    request.header("authorization", &format!("Bearer {key}")).send().status
}

#[test]
fn a_key_can_be_made_before_the_first_start() {
    let mut app = TestApp::start();
    app.terminate();
    std::fs::remove_dir_all(app.data_dir()).unwrap();
    let (key, id) = create(&app.data_dir(), &["--name", "ci", "--scope", "executions:read"]);
    app.restart();
    assert_eq!(status(&app, &key), 200);
    let in_clear = files::holding(&app.data_dir(), &key);
    assert!(in_clear.is_empty(), "the key lies in the clear in {in_clear:?}");
    app.terminate();
    let [kept] = listed(&app.data_dir()).try_into().unwrap();
    assert_eq!((&kept["id"], &kept["name"]), (&json!(id), &json!("ci")));
    assert!(kept["last_used_at"].is_string(), "written down at the end: {kept}");
    let revoked = keys(&app.data_dir(), &["revoke", &id]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
    assert!(revoked.stderr.contains("warning: no key"), "{}", revoked.stderr);
    app.restart();
    assert_eq!(status(&app, &key), 401);
}

#[test]
fn a_running_server_heeds_every_change_at_its_next_request_and_goes_on_under_load() {
    let app = TestApp::start();
    let (stop, accepted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = || {
        while !stop.load(Ordering::Relaxed) {
            app.submit(json!({"code": "true", "language": "sh"}));
            accepted.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let loads: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
        for round in 0..8 {
            let before = accepted.load(Ordering::Relaxed);
            let (key, id) = create(&app.data_dir(), &["--name", "x", "--scope", "executions:read"]);
            assert_eq!(status(&app, &key), 200, "made, round {round}");
            let revoked = keys(&app.data_dir(), &["revoke", &id]);
            assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
            assert_eq!(status(&app, &key), 401, "revoked, round {round}");
            eventually(Duration::from_secs(20), "the load goes on", || {
                (accepted.load(Ordering::Relaxed) > before).then_some(())
            });
        }
        stop.store(true, Ordering::Relaxed);
        // A submission that was not accepted has failed its thread.
        loads.into_iter().for_each(|load| load.join().unwrap());
    });
    assert!(!app.stderr().contains("nothing can be written"), "{}", app.stderr());
}

#[test]
fn keys_are_listed_for_people_and_for_machines() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let (first, first_id) = create(dir, &["--name", "first", "--scope", "admin"]);
    let (second, second_id) = create(
        dir,
        &["--name", "second", "--tenant", "acme", "--scope", "metrics:read,executions:read"],
    );
    let table = keys(dir, &["list"]);
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", table.stdout);
    for words in [&second_id, "second", "acme", "never", "executions:read metrics:read"] {
        assert!(lines[2].contains(words), "{words}: {}", lines[2]);
    }
    let json: Value = serde_json::from_str(&keys(dir, &["list", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["data"].as_array().unwrap(), &listed(dir));
    let members: Vec<&String> = json["data"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "name", "tenant", "scopes", "created_at", "last_used_at"]);
    let ids = keys(dir, &["list", "-o", "id"]).stdout;
    assert_eq!(ids, format!("{first_id}\n{second_id}\n"));
    let of_acme = keys(dir, &["list", "-o", "id", "--tenant", "acme"]).stdout;
    assert_eq!(of_acme, format!("{second_id}\n"));
    for secret in [first, second] {
        let secret = secret.rsplit('_').next().unwrap();
        assert!(!table.stdout.contains(secret) && !json.to_string().contains(secret));
    }
    let none = keys(dir, &["list", "--tenant", "nobody"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
}

#[test]
fn whoever_names_no_scope_gets_what_a_client_needs_and_is_told_so() {
    let scratch = tempfile::tempdir().unwrap();
    let ran = keys(scratch.path(), &["create", "--name", "client"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("since no --scope was given"), "{}", ran.stderr);
    let [kept] = listed(scratch.path()).try_into().unwrap();
    let scopes = ["executions:write", "executions:read", "executions:cancel", "deliveries:read"];
    assert_eq!(kept["scopes"], json!(scopes));
    assert_eq!(kept["tenant"], "default");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    let long = "x".repeat(65);
    for (arguments, words) in [
        (&["create", "--name", ""][..], "--name must be 1 to 64 characters"),
        (&["create", "--name", &long], "--name must be 1 to 64 characters"),
        (&["create", "--name", "a\u{7}"], "--name must be 1 to 64 characters"),
        (&["create", "--name", "a", "--tenant", "a/b"], "--tenant must be 1 to 64 of"),
        (&["create", "--name", "a", "--tenant", ".."], "--tenant must be 1 to 64 of"),
        (
            &["create", "--name", "a", "--scope", "executions:raed"],
            "`executions:raed`; the scopes are",
        ),
        (&["create"], "--name"),
        (&["revoke", "rbk_1_hunter2hunter2"], "expected the id of a key"),
        (&["list", "-o", "yaml"], "--output"),
    ] {
        let ran = keys(&dir, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
        assert!(!dir.exists(), "{arguments:?}");
    }
    let url = "postgres://ringback:hunter2@db/ringback";
    for verb in [&["list"][..], &["create", "--name", "a"], &["revoke", "a"]] {
        let ran = ringback(&[&["keys"], verb, &["--database-url", url]].concat());
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains("PostgreSQL is not built yet"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_not_there_is_not_found_and_not_made() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    for verb in [&["list"][..], &["revoke", "a"]] {
        let ran = keys(&dir, verb);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("there is no such file"), "{}", ran.stderr);
        assert!(!dir.exists());
    }
    let (_, id) = create(&dir, &["--name", "a"]);
    assert_eq!(keys(&dir, &["revoke", "0197"]).code, Some(4));
    assert_eq!(keys(&dir, &["revoke", &id]).code, Some(0));
    let again = keys(&dir, &["revoke", &id]);
    assert_eq!(again.code, Some(4), "{}", again.stderr);
    assert!(again.stderr.contains(&id), "{}", again.stderr);
}

/// The key of the secrets may be only in the server's surroundings; keys need none of it.
#[test]
fn no_sealing_key_is_needed_or_made_for_a_database_that_is_there() {
    let app = TestApp::with(|options| {
        options.env("RINGBACK_SECRETS__KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
    });
    let mut app = app;
    for is_running in [true, false] {
        if !is_running {
            app.terminate();
        }
        let (_, id) = create(&app.data_dir(), &["--name", "a"]);
        assert_eq!(keys(&app.data_dir(), &["revoke", &id]).code, Some(0));
        assert!(!app.data_dir().join("secrets.key").exists(), "running: {is_running}");
    }
}
