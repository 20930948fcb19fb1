//! A disk that is full, read-only, or that loses what it was given: nothing is answered that is
//! not on it, and the server goes on as soon as it can. Cuts no power.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::own_disk::{Filling, with_own_disk};
use super::strace::Strace;
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::options::API_KEY;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually};

fn echo(receiver: &TestReceiver) -> Value {
    json!({"language": "sh", "code": "echo x", "callback_url": receiver.url("/hook")})
}

fn id_of(accepted: &Answer) -> String {
    accepted.json()["id"].as_str().expect("an accepted execution has an id").to_owned()
}

/// Submits until the server refuses, and gives the ids of what it took and the refusal.
#[track_caller]
fn submit_until_refused(app: &TestApp, program: &Value) -> (Vec<String>, Answer) {
    let mut taken = Vec::new();
    let refusal = eventually(DEADLINE, "the server refuses", || {
        let answer = app.post("/v1/executions", program);
        if answer.status != 202 {
            return Some(answer);
        }
        taken.push(id_of(&answer));
        None
    });
    (taken, refusal)
}

/// A refusal for now, that says what is in the way.
#[track_caller]
fn assert_for_now(refusal: &Answer, why: &str) {
    assert_eq!(refusal.status, 503, "{}", refusal.text());
    let problem = refusal.json();
    assert_eq!(problem["code"], "store_unavailable");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.starts_with("Nothing can be written: ") && detail.contains(why), "{problem}");
    assert!(refusal.header("retry-after").is_some());
}

/// The server says of itself that it is not ready, and why, and still reads.
#[track_caller]
fn assert_only_reads(app: &TestApp, ids: &[String], why: &str) {
    assert_for_now(&app.anonymous("GET", "/readyz").send(), why);
    let verbose = app.get("/readyz?verbose").expect(503).json();
    let error = verbose["checks"]["store"]["error"].as_str().unwrap_or_default();
    assert!(error.contains(why), "{verbose:#}");
    for id in ids {
        assert_eq!(app.record(id)["id"], json!(id));
    }
    app.get("/v1/executions").expect(200);
}

/// Those who keep the server running see it too: in the metrics, and by what the doctor says.
#[track_caller]
fn assert_is_seen(app: &TestApp) {
    let metrics = app.get("/metrics").expect(200).text();
    assert!(metrics.contains("\nringback_ready{check=\"store\"} 0\n"), "{metrics}");
    let refused = "ringback_requests_refused_total{code=\"store_unavailable\"}";
    assert!(!metrics.contains(&format!("{refused} 0\n")), "{metrics}");
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_ringback"));
    doctor.args(["doctor", "--server", &format!("http://{}", app.address())]);
    let ran = doctor.env_clear().env("RINGBACK_TOKEN", API_KEY).output().expect("our own binary");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("bad   store") && said.contains("make room on the disk"), "{said}");
}

/// Every one of these has ended and is delivered.
#[track_caller]
fn assert_all_end_and_are_delivered(app: &TestApp, ids: &[String]) {
    for id in ids {
        app.finished(id);
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
}

/// How often the event of an execution has come.
fn told(receiver: &TestReceiver, id: &str) -> usize {
    let event = id.replace("exec_", "evt_");
    let received = receiver.received();
    received.iter().filter(|request| request.header("webhook-id") == Some(&event)).count()
}

/// Waits until the server takes things on again.
#[track_caller]
fn accepts_again(app: &TestApp, program: &Value) -> String {
    eventually(DEADLINE, "the server is ready", || {
        (app.anonymous("GET", "/readyz").send().status == 200).then_some(())
    });
    app.submit(program.clone()).id
}

fn log_of(app: &TestApp) -> PathBuf {
    app.data_dir().join("ringback.db-wal")
}

#[test]
fn on_a_full_disk_nothing_is_taken_and_nothing_is_lost() {
    let name = "disk::on_a_full_disk_nothing_is_taken_and_nothing_is_lost";
    with_own_disk(name, "32m", |_| {
        let mut app = TestApp::with(|options| options.slots(2));
        let gate = Gate::closed();
        let receiver = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
        let program = echo(&receiver);
        let under_way = app.submit(program.clone()).id;
        receiver.first();
        let mut ids = vec![under_way.clone()];
        ids.extend((0..10).map(|_| app.submit(program.clone()).id));
        assert_all_end_and_are_delivered(&app, &ids[1..]);

        let filling = Filling::of(app.scratch());
        let (taken, refusal) = submit_until_refused(&app, &program);
        ids.extend(taken);
        assert_for_now(&refusal, "the disk is full");
        assert_only_reads(&app, &ids, "the disk is full");
        assert_is_seen(&app);
        // The endpoint has answered, and that cannot be written down yet.
        filling.again();
        gate.open();
        for _ in 0..10 {
            assert_for_now(&app.anonymous("GET", "/readyz").send(), "the disk is full");
        }

        drop(filling);
        ids.push(accepts_again(&app, &program));
        assert_all_end_and_are_delivered(&app, &ids);
        assert_eq!(told(&receiver, &under_way), 1, "an attempt that was made is remembered");
        let before: Vec<_> = ids.iter().map(|id| app.record(id)).collect();
        app.restart();
        let after: Vec<_> = ids.iter().map(|id| app.record(id)).collect();
        assert_eq!(before, after);
        assert!(app.stderr().contains("can be written again"), "{}", app.stderr());
    });
}

#[test]
fn what_ends_on_a_full_disk_has_its_end_when_there_is_room() {
    let name = "disk::what_ends_on_a_full_disk_has_its_end_when_there_is_room";
    with_own_disk(name, "32m", |elsewhere| {
        let app = TestApp::with(|options| options.slots(2));
        let receiver = TestReceiver::start();
        let end = elsewhere.join("end");
        let mut waiting = echo(&receiver);
        let code = format!("until [ -e {} ]; do sleep 0.02; done; exit 7", end.display());
        waiting["code"] = json!(code);
        let ids: Vec<_> = (0..2).map(|_| app.submit(waiting.clone()).id).collect();
        eventually(DEADLINE, "both run", || (app.programs().len() >= 2).then_some(()));

        let filling = Filling::of(app.scratch());
        submit_until_refused(&app, &echo(&receiver));
        filling.again();
        fs::write(&end, "").expect("a directory of the test's");
        eventually(DEADLINE, "both have ended", || app.programs().is_empty().then_some(()));
        assert_only_reads(&app, &ids, "the disk is full");
        assert!(ids.iter().all(|id| app.record(id)["status"] == "running"));

        drop(filling);
        assert_all_end_and_are_delivered(&app, &ids);
        for id in &ids {
            assert_eq!(app.record(id)["exit_code"], json!(7));
            assert_eq!(told(&receiver, id), 1);
        }
    });
}

#[test]
fn a_disk_that_takes_no_writes_for_a_while_keeps_the_server_from_nothing_afterwards() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let program = echo(&receiver);
    let mut ids: Vec<_> = (0..5).map(|_| app.submit(program.clone()).id).collect();
    assert_all_end_and_are_delivered(&app, &ids);

    let strace = Strace::failing(app.pid(), "pwrite64", "EROFS", &log_of(&app));
    for _ in 0..5 {
        let refusal = app.post("/v1/executions", &program);
        assert_for_now(&refusal, "the disk takes no writes");
    }
    assert_only_reads(&app, &ids, "the disk takes no writes");
    strace.detach();

    ids.push(accepts_again(&app, &program));
    assert_all_end_and_are_delivered(&app, &ids);
    let listed = app.get("/v1/executions").expect(200).json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(ids.len()), "{listed:#}");
}

#[test]
fn after_a_sync_that_failed_the_server_ends_by_itself_and_the_next_one_has_it_all() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let program = echo(&receiver);
    let mut ids: Vec<_> = (0..5).map(|_| app.submit(program.clone()).id).collect();
    // Nothing is left to be written, so that a client is the first to meet the failure.
    assert_all_end_and_are_delivered(&app, &ids);
    let mut endless = program.clone();
    endless["code"] = json!("exec sleep 1000");
    ids.push(app.submit(endless).id);
    app.wait_for_program("sleep 1000");

    let strace = Strace::failing(app.pid(), "fsync,fdatasync", "EIO", &log_of(&app));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let submit = || app.request("POST", "/v1/executions").json(&program).try_send();
        let clients: Vec<_> = (0..3).map(|_| scope.spawn(submit)).collect();
        clients.into_iter().map(|client| client.join().expect("no panic")).collect()
    });
    // Whoever has come before the end was told, and whoever has come after it got no answer.
    let statuses: Vec<_> = answers.iter().flatten().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| *status == 503), "{statuses:?}");
    assert!(!statuses.is_empty(), "the one who met the failure is told");
    assert_eq!(app.ended().code(), Some(70), "{}", app.stderr());
    strace.wait();
    let said = app.stderr();
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("ringback: the store has stopped: "), "{said}");
    assert!(last.contains("a sync to disk failed"), "{said}");

    app.restart();
    ids.push(accepts_again(&app, &program));
    assert_all_end_and_are_delivered(&app, &ids);
    let listed = app.get("/v1/executions").expect(200).json();
    let listed = listed["data"].as_array().cloned().unwrap_or_default();
    for id in &ids {
        let found = listed.iter().filter(|execution| execution["id"] == json!(id)).count();
        assert_eq!(found, 1, "{id} in {listed:#?}");
    }
}

#[test]
fn a_sync_that_failed_while_the_log_was_copied_back_is_not_passed_over() {
    let mut app = TestApp::with(|options| options.slots(1));
    app.submit(json!({"language": "sh", "code": "exec sleep 1000"}));
    app.wait_for_program("sleep 1000");
    let database = app.data_dir().join("ringback.db");
    let strace = Strace::failing(app.pid(), "fsync,fdatasync", "EIO", &database);

    // The log is synced as ever; it is copied back when it has 16 MiB.
    let large = json!({"language": "sh", "code": format!(": {}", "x".repeat(900_000))});
    let mut taken = Vec::new();
    eventually(DEADLINE, "the server takes nothing any more", || {
        match app.request("POST", "/v1/executions").json(&large).try_send() {
            Ok(answer) if answer.status == 202 => taken.push(id_of(&answer)),
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            Err(_) => return Some(()),
        }
        None
    });
    assert_eq!(app.ended().code(), Some(70), "{}", app.stderr());
    strace.wait();
    assert!(app.stderr().contains("a sync to disk failed"), "{}", app.stderr());
    assert!(taken.len() > 10, "the log was copied back after {}", taken.len());

    app.restart();
    for id in &taken {
        assert_eq!(app.finished(id)["status"], "completed");
    }
}
