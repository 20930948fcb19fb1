//! Both system actors fall again and again under load, at whatever message it is: what they hold
//! for others comes back, every slot and every permit, and nothing is counted that is not there.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::evidence::Evidence;
use crate::ledger::{Outstanding, Unended};
use crate::soak::chance::Chance;
use crate::soak::clients::{Clients, Length};
use crate::soak::progress::Progress;
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually, within};

/// How often each of the two falls: less than it may in a minute.
const FALLS: usize = 10;

/// In how many of a hundred messages, and how often at most, by the kind of message.
const FAILPOINTS: &str = "supervisor=2%4*panic;supervisor-told=1%6*panic;\
     webhook=2%5*panic;webhook-told=2%5*panic";

const SLOTS: usize = 8;
const PERMITS: usize = 6;

fn options(options: Options) -> Options {
    options
        .slots(SLOTS)
        .failpoints(FAILPOINTS)
        .retry_schedule(&["100ms"; 20].join(","))
        .env("RINGBACK_WEBHOOK__IN_FLIGHT_MAX", &PERMITS.to_string())
        .env("RINGBACK_WEBHOOK__IN_FLIGHT_PER_HOST_MAX", &PERMITS.to_string())
        .env("RINGBACK_WEBHOOK__TIMEOUT", "60s")
        .env("RINGBACK_QUEUE__POLL", "200ms")
        .env("RINGBACK_LOG", "warn")
}

/// An endpoint that fails now and then.
fn endpoint(evidence: &Arc<Evidence>) -> TestReceiver {
    let chance = Mutex::new(Chance::new(0, "endpoint"));
    let fails = move || chance.lock().expect("nobody panics with the lock").percent(20);
    let choose = move || Scripted::status(if fails() { 500 } else { 200 });
    let evidence = Arc::clone(evidence);
    TestReceiver::choosing(choose).observed_by(move |request| evidence.received(request))
}

fn submit(app: &TestApp, evidence: &Evidence, program: &Value) -> String {
    let id = super::submit_in_the_end(app, program);
    evidence.submitted(program, &id);
    id
}

/// How often both have fallen by now.
fn falls(app: &TestApp) -> [usize; 2] {
    let said = app.stderr();
    ["the supervisor", "the webhook actor"]
        .map(|name| said.matches(&format!("{name} has failed and is started again")).count())
}

/// As many programs as there are slots run at the same time, and not one more.
#[track_caller]
fn every_slot_is_free(app: &TestApp, evidence: &Evidence) {
    let program = evidence.silent_program("exec sleep 1000");
    let ids: Vec<_> = (0..=SLOTS).map(|_| submit(app, evidence, &program)).collect();
    let (run, waits) = ids.split_at(SLOTS);
    eventually(DEADLINE, "one runs in each slot", || {
        run.iter().all(|id| evidence.runs_of(id) == 1).then_some(())
    });
    assert_eq!(app.record(&waits[0])["status"], "queued");
    for id in ids.iter().rev() {
        evidence.cancelled(&app.delete(&format!("/v1/executions/{id}")).json());
        assert_eq!(app.finished(id)["status"], "cancelled");
    }
}

/// As many attempts as there are permits are under way at the same time, and not one more.
#[track_caller]
fn every_permit_is_free(app: &TestApp, evidence: &Arc<Evidence>) {
    let (gate, came) = (Gate::closed(), Arc::new(AtomicUsize::new(0)));
    let (counter, log) = (Arc::clone(&came), Arc::clone(evidence));
    let observe = move |request: &Received| {
        log.received(request);
        counter.fetch_add(1, Ordering::SeqCst);
    };
    let holding = TestReceiver::always(Scripted::status(200).held_by(&gate)).observed_by(observe);
    let program = evidence.program(&holding, "true");
    let ids: Vec<_> = (0..=PERMITS).map(|_| submit(app, evidence, &program)).collect();
    ids.iter().for_each(|id| drop(app.finished(id)));
    eventually(DEADLINE / 2, "an attempt is under way with each permit", || {
        (came.load(Ordering::SeqCst) >= PERMITS).then_some(())
    });
    assert_eq!(came.load(Ordering::SeqCst), PERMITS, "no more than there are permits");
    gate.open();
    for id in &ids {
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
}

#[test]
fn whatever_fell_under_load_nothing_is_lost_and_nothing_leaks() {
    let (evidence, progress) = (Arc::new(Evidence::new()), Progress::default());
    let endpoint = endpoint(&evidence);
    let mut app = TestApp::with(|all| options(evidence.allowing(all)));
    let clients = Clients::of(&app, &endpoint, &evidence, &progress);
    std::thread::scope(|scope| drop(clients.start(scope, 0, Length::Executions(400))));
    let program = evidence.program(&endpoint, "true");
    eventually(DEADLINE, "both have fallen as often as they should", || {
        (falls(&app) == [FALLS, FALLS]).then_some(()).or_else(|| {
            submit(&app, &evidence, &program);
            None
        })
    });

    let data_dir = app.data_dir();
    let nothing_is_left = || (Outstanding::of(&data_dir) == Outstanding::NOTHING).then_some(());
    if within(DEADLINE, nothing_is_left).is_none() {
        let ready = app.get("/readyz?verbose").json();
        let (left, unended) = (Outstanding::of(&data_dir), Unended::all(&data_dir));
        panic!("{left:?} and {unended:?} are left and nobody sees to it: {ready:#}");
    }
    eventually(DEADLINE, "nobody counts on anything", || {
        let ready = app.get("/readyz?verbose").expect(200).json();
        (ready["queued"] == 0 && ready["running"] == 0).then_some(())
    });
    every_slot_is_free(&app, &evidence);
    every_permit_is_free(&app, &evidence);
    assert_eq!(falls(&app), [FALLS, FALLS]);
    app.terminate();
    evidence.audit(&data_dir, &["--settled", "--stopped", "--mark", app.mark()]);
}
