//! SIGTERM in the middle of load: short programs by the hundred, long ones with either policy,
//! ones that take no notice of signals, a queue behind them, and cancels before and meanwhile.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::clients::{Clients, Seen};
use super::{CANCELLED, COMPLETED, DEAF, DEAF_TWICE, INTERRUPTED, MARGIN, THIRD_TIME_LUCKY};
use crate::ledger::Unended;
use crate::scene::Scene;
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(2);
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// How many slots are left for short programs.
const SHORT: usize = 3;

/// How much is to wait, and to be done, when the server is told to stop.
const WAITING: u64 = 60;
const TOLD: usize = 100;

/// Programs that run when the server is told to stop, each in a slot of its own.
struct Long {
    fail: Vec<String>,
    rerun: Vec<String>,
    /// To be cancelled: just before the signal, after it, and when programs are being ended.
    before: String,
    meanwhile: String,
    at_last: String,
}

const LONG: usize = 7;

impl Long {
    #[track_caller]
    fn start(scene: &Scene) -> Self {
        let submit = |code, on_interrupt| scene.submit(&scene.program(code, on_interrupt));
        let long = Self {
            fail: vec![submit("exec sleep 1000", "fail"), submit(DEAF, "fail")],
            rerun: vec![submit(THIRD_TIME_LUCKY, "rerun"), submit(DEAF_TWICE, "rerun")],
            before: submit(DEAF, "rerun"),
            meanwhile: submit("exec sleep 1000", "rerun"),
            at_last: submit(DEAF, "rerun"),
        };
        let cancelled = [&long.before, &long.meanwhile, &long.at_last];
        let all: Vec<_> = long.fail.iter().chain(&long.rerun).chain(cancelled).collect();
        assert_eq!(all.len(), LONG);
        eventually(DEADLINE, "all of them run", || {
            all.iter().all(|id| scene.evidence.runs_of(id) == 1).then_some(())
        });
        long
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs())
}

fn scene() -> Scene {
    Scene::of(TestReceiver::start(), |options| {
        options
            .slots(LONG + SHORT)
            .grace(&seconds(GRACE))
            .env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", &seconds(DRAIN_TIMEOUT))
            .env("RINGBACK_WEBHOOK__TIMEOUT", &seconds(WEBHOOK_TIMEOUT))
    })
}

/// Cancels a program that runs; the wish is accepted.
#[track_caller]
fn cancel_what_runs(scene: &Scene, id: &str) {
    let answer = scene.app.delete(&format!("/v1/executions/{id}")).expect(202);
    scene.evidence.cancelled(&answer.json());
}

/// Tells the server to stop and cancels meanwhile; gives what the clients saw until it was gone.
#[track_caller]
fn stop_under_load(scene: &Scene, long: &Long) -> (Instant, Vec<Seen>) {
    let clients = Clients::of(scene);
    std::thread::scope(|scope| {
        let working = clients.start(scope);
        eventually(DEADLINE, "there is load", || {
            let queued = scene.app.get("/readyz?verbose").expect(200).json()["queued"].as_u64();
            (queued >= Some(WAITING) && scene.receiver.received().len() >= TOLD).then_some(())
        });
        cancel_what_runs(scene, &long.before);
        clients.it_stops();
        let begin = Instant::now();
        processes::signal(scene.app.pid(), Signal::TERM);
        eventually(DEADLINE, "it stops", || {
            (scene.app.anonymous("GET", "/readyz").send().status == 503).then_some(())
        });
        cancel_what_runs(scene, &long.meanwhile);
        scene.app.wait_for(&long.fail[0], "programs are ended", |now| now["status"] == "failed");
        cancel_what_runs(scene, &long.at_last);
        (begin, working.into_iter().map(|client| client.join().expect("no panic")).collect())
    })
}

/// What was waiting waits as it did; of what ran only that waits which may run again, and nobody
/// counts that as a loss.
#[track_caller]
fn waits_as_it_should(scene: &Scene, long: &Long, ended: &BTreeSet<&String>) {
    let waiting = Unended::all(&scene.app.data_dir());
    for one in &waiting {
        assert_eq!((one.state.as_str(), one.interruptions), ("queued", 0), "{one:?}");
        let attempt = if long.rerun.contains(&one.id) { 2 } else { 1 };
        let runs = scene.evidence.runs_of(&one.id);
        assert_eq!((one.attempt, runs + 1), (attempt, attempt as usize), "{one:?}");
        assert!(!ended.contains(&one.id), "its client was told that it had ended: {one:?}");
    }
    let again = |id: &String| waiting.iter().any(|one| one.id == *id);
    assert!(long.rerun.iter().all(again), "{waiting:?}");
    assert!(waiting.len() as u64 >= WAITING / 2, "there was no queue: {waiting:?}");
}

#[test]
fn drained_under_load_it_loses_nothing_and_runs_nothing_twice_that_may_not() {
    let mut scene = scene();
    let long = Long::start(&scene);
    let (begin, seen) = stop_under_load(&scene, &long);
    assert_eq!(scene.app.ended().code(), Some(0), "{}", scene.app.stderr());
    let took = begin.elapsed();
    // The deaf ones made use of all the time that they had.
    assert!(took >= DRAIN_TIMEOUT + GRACE, "{took:?}");
    assert!(took < DRAIN_TIMEOUT + GRACE + WEBHOOK_TIMEOUT + MARGIN, "{took:?}");
    assert!(scene.app.programs().is_empty(), "{:?}", scene.app.programs());
    assert!(seen.iter().all(|client| client.refused > 0), "nobody was refused: {seen:?}");

    let ended: BTreeSet<_> = seen.iter().flat_map(|client| &client.ended).collect();
    assert!(!ended.is_empty(), "nothing was cancelled while it stopped: {seen:?}");
    waits_as_it_should(&scene, &long, &ended);
    for id in long.fail.iter().chain([&long.before, &long.meanwhile, &long.at_last]) {
        assert_eq!(scene.told(id), 1, "{id} is told by the server that ended it");
    }

    // What was only put back can be lost once, as if nothing had been.
    scene.start_again();
    eventually(DEADLINE, "what may run again does", || {
        long.rerun.iter().all(|id| scene.evidence.runs_of(id) == 2).then_some(())
    });
    scene.app.kill9();
    scene.start_again();
    for id in &long.rerun {
        scene.ends(id, COMPLETED, 3);
        assert_eq!((scene.evidence.runs_of(id), scene.told(id)), (3, 1));
    }
    for id in &long.fail {
        scene.ends(id, INTERRUPTED, 1);
    }
    for id in [&long.before, &long.meanwhile, &long.at_last] {
        scene.ends(id, CANCELLED, 1);
    }
    for id in seen.iter().flat_map(|client| client.wished.iter().chain(&client.ended)) {
        assert_eq!(scene.app.finished(id)["attempt"], 1);
    }
    let ids: Vec<_> = seen.iter().flat_map(|client| &client.ids).collect();
    ids.iter().for_each(|id| drop(scene.app.finished(id)));
    scene.audit_after(1);
}
