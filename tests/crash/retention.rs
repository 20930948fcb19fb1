//! Retention in the real server: what was kept long enough goes, what is owed stays, and a server
//! that is killed in the middle of it leaves every execution whole or gone.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};
use crate::support::server::Server;
use crate::support::wait::{DEADLINE, eventually};
use crate::support::{files, recordings};

/// Keeps nothing that need not be kept, and looks often.
fn short(options: Options) -> Options {
    options.env("RINGBACK_RETENTION__AGE", "1ms").env("RINGBACK_RETENTION__INTERVAL", "20ms")
}

fn path(id: &str) -> String {
    format!("/v1/executions/{id}")
}

#[test]
fn what_was_kept_long_enough_goes_and_what_is_owed_stays() {
    let app = TestApp::with(short);
    let gate = Gate::closed();
    let slow = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
    let program = |receiver: &TestReceiver| json!({"language": "sh", "code": "echo x", "callback_url": receiver.url("/")});
    let owed = app.submit(program(&slow)).id;
    app.finished(&owed);
    let gone = |id: &str| {
        eventually(DEADLINE, format!("{id} is gone"), || {
            (app.get(&path(id)).status == 404).then_some(())
        });
    };
    let fast = TestReceiver::start();
    let told = app.submit(program(&fast)).id;
    gone(&told);
    assert_eq!(fast.received().len(), 1, "not before it was delivered");
    assert_eq!(app.record(&owed)["stdout"], "x\n");
    // What a program had on disk goes with its end, not with its record.
    let none_left = || files::all_in(&recordings::folder(&app.data_dir())).is_empty().then_some(());
    eventually(DEADLINE, "no recording is left", none_left);
    gate.open();
    gone(&owed);
    assert_eq!(slow.received().len(), 1);
    assert!(app.stderr().contains("kept long enough and is removed"), "{}", app.stderr());
}

/// The ids in a column, as the API writes them.
fn ids(database: &Connection, sql: &str) -> BTreeSet<String> {
    let mut select = database.prepare(sql).unwrap();
    let ids = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    ids.map(|id| format!("exec_{}", id.unwrap().to_lowercase())).collect()
}

/// Which of these executions are whole; fails the test when one is neither that nor gone.
#[track_caller]
fn whole(app: &TestApp, submitted: &BTreeSet<String>) -> BTreeSet<String> {
    let database = Connection::open(app.data_dir().join("ringback.db")).unwrap();
    let in_all = ids(&database, "SELECT hex(id) FROM executions");
    assert!(in_all.is_subset(submitted));
    // All of them have code, and output, and a delivery with its attempt.
    for sql in [
        "SELECT hex(id) FROM specs",
        "SELECT hex(id) FROM outputs",
        "SELECT hex(execution_id) FROM deliveries",
        "SELECT hex(execution_id) FROM deliveries JOIN attempts ON delivery_id = deliveries.id",
    ] {
        assert_eq!(ids(&database, sql), in_all, "{sql}");
    }
    let attempts =
        "SELECT count(*) FROM attempts WHERE delivery_id NOT IN (SELECT id FROM deliveries)";
    assert_eq!(database.query_row(attempts, [], |row| row.get(0)), Ok(0), "{attempts}");
    in_all
}

#[test]
fn killed_while_it_removes_it_leaves_every_execution_whole_or_gone() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let program = json!({"language": "sh", "code": "echo x", "callback_url": receiver.url("/")});
    let submitted: BTreeSet<String> = (0..40).map(|_| app.submit(program.clone()).id).collect();
    for id in &submitted {
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
    app.terminate();
    // It may be killed before it listens, which no other server of these tests may be.
    let options = short(Options::default())
        .env("RINGBACK_RETENTION__BATCH", "7")
        .env("FAILPOINTS", "prune-before-commit=2*off->return(kill)");
    let mut killed = Server::spawn(&options, &app.data_dir());
    assert_eq!(killed.end().signal(), Some(9), "{}", killed.stderr());
    let left = whole(&app, &submitted);
    assert_eq!(left.len(), 40 - 2 * 7, "the third batch is as if it had never been begun");
    app.restart();
    for id in &submitted {
        let record = app.get(&path(id));
        let deliveries = app.get(&format!("{}/deliveries", path(id)));
        if left.contains(id) {
            assert_eq!(record.expect(200).json()["stdout"], "x\n");
            let deliveries: Value = deliveries.expect(200).json();
            assert_eq!(deliveries["data"][0]["attempts"][0]["status_code"], 200, "{deliveries}");
        } else {
            record.expect(404);
            deliveries.expect(404);
        }
    }
}
