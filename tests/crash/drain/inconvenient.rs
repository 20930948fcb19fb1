//! SIGTERM when somebody or something hangs: programs, an endpoint, the disk, the server's own
//! start. It ends with 0 in the time that it may take, and the next server does what is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::{COMPLETED, DEAF, INTERRUPTED, MARGIN};
use crate::ledger::Unended;
use crate::own_disk::{Filling, with_own_disk};
use crate::scene::{SECOND_TIME_LUCKY, Scene};
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

/// Longer than any of these tests may take.
const FOR_EVER: &str = "90s";

/// An endpoint that says nothing until it is told to answer.
fn hanging() -> (TestReceiver, Arc<AtomicBool>) {
    let answers = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&answers);
    let choose = move || match is_well.load(Ordering::SeqCst) {
        true => Scripted::status(200),
        false => Scripted::silence(),
    };
    (TestReceiver::choosing(choose), answers)
}

/// Waits until the server has ended, with 0, and gives how long that took.
#[track_caller]
fn ends_well(scene: &mut Scene, begin: Instant) -> Duration {
    assert_eq!(scene.app.ended().code(), Some(0), "{}", scene.app.stderr());
    begin.elapsed()
}

#[track_caller]
fn run_at_last(scene: &Scene, ids: &[&String]) {
    eventually(DEADLINE, "all of them run", || {
        ids.iter().all(|id| scene.evidence.runs_of(id) == 1).then_some(())
    });
}

#[test]
fn a_second_signal_ends_it_at_once_whoever_hangs() {
    let (receiver, answers) = hanging();
    let mut scene = Scene::of(receiver, |options| {
        options
            .grace("1s")
            .env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", FOR_EVER)
            .env("RINGBACK_WEBHOOK__TIMEOUT", "60s")
    });
    let owed = scene.submit(&scene.program("echo x", "fail"));
    scene.receiver.first();
    let deaf = scene.submit(&scene.program(DEAF, "fail"));
    let again = scene.submit(&scene.program(SECOND_TIME_LUCKY, "rerun"));
    run_at_last(&scene, &[&deaf, &again]);
    processes::signal(scene.app.pid(), Signal::TERM);
    eventually(DEADLINE, "it stops", || {
        (scene.app.anonymous("GET", "/readyz").send().status == 503).then_some(())
    });
    let begin = Instant::now();
    processes::signal(scene.app.pid(), Signal::TERM);
    let took = ends_well(&mut scene, begin);
    assert!(took < Duration::from_secs(1) + MARGIN, "{took:?}");

    answers.store(true, Ordering::SeqCst);
    scene.start_again();
    scene.ends(&owed, COMPLETED, 1);
    scene.ends(&deaf, INTERRUPTED, 1);
    scene.ends(&again, COMPLETED, 2);
    assert!(scene.told(&owed) > 1, "the same event comes again");
    scene.audit_after(1);
}

#[test]
fn an_endpoint_that_hangs_holds_it_no_longer_than_one_attempt_may_take() {
    let (receiver, answers) = hanging();
    let timeout = Duration::from_secs(2);
    let delays = ["50ms"; 30].join(",");
    let mut scene = Scene::of(receiver, |options| {
        options.env("RINGBACK_WEBHOOK__TIMEOUT", "2s").retry_schedule(&delays)
    });
    let ids: Vec<_> = (0..5).map(|_| scene.submit(&scene.program("echo x", "fail"))).collect();
    scene.receiver.wait_for(5);
    let begin = Instant::now();
    processes::signal(scene.app.pid(), Signal::TERM);
    let took = ends_well(&mut scene, begin);
    assert!(took < timeout + MARGIN, "{took:?}");

    answers.store(true, Ordering::SeqCst);
    scene.start_again();
    for id in &ids {
        scene.ends(id, COMPLETED, 1);
        assert_eq!(scene.evidence.runs_of(id), 1);
    }
    scene.audit();
}

#[test]
fn told_to_stop_while_it_recovers_it_starts_nothing_and_leaves_the_rest_to_the_next() {
    let mut scene = Scene::with("", 6);
    let submit = |code, on_interrupt| scene.submit(&scene.program(code, on_interrupt));
    let fail: Vec<_> = (0..3).map(|_| submit("exec sleep 1000", "fail")).collect();
    let rerun: Vec<_> = (0..3).map(|_| submit(SECOND_TIME_LUCKY, "rerun")).collect();
    let waiting: Vec<_> = (0..4).map(|_| submit("exec sleep 0.1", "fail")).collect();
    scene.killed_when_all_run(&[&fail[..], &rerun].concat());
    let slowly = "finish-before-commit=1*print(recovery has begun)->sleep(500)";
    scene.app.change(|options| options.failpoints(slowly));
    scene.app.begin_restart();
    eventually(DEADLINE, "it recovers", || {
        scene.app.stderr().contains("recovery has begun").then_some(())
    });
    let begin = Instant::now();
    processes::signal(scene.app.pid(), Signal::TERM);
    let took = ends_well(&mut scene, begin);
    assert!(took < MARGIN, "{took:?}");
    assert_eq!(scene.app.stderr().matches("listening on").count(), 1, "only the first had started");

    for id in &waiting {
        let all = Unended::all(&scene.app.data_dir());
        let found = all.iter().find(|one| one.id == *id);
        let is = found.map(|one| (one.state.as_str(), one.attempt, scene.evidence.runs_of(id)));
        assert_eq!(is, Some(("queued", 1, 0)), "{all:?}");
    }
    scene.start_again();
    for id in &fail {
        scene.ends(id, INTERRUPTED, 1);
    }
    for (ids, attempt) in [(&rerun, 2), (&waiting, 1)] {
        for id in ids {
            scene.ends(id, COMPLETED, attempt);
            assert_eq!((scene.evidence.runs_of(id), scene.told(id)), (attempt as usize, 1));
        }
    }
    scene.audit();
}

#[test]
fn a_full_disk_does_not_keep_it_from_ending() {
    let name = "drain::inconvenient::a_full_disk_does_not_keep_it_from_ending";
    with_own_disk(name, "32m", |_| {
        let mut scene = Scene::with("", 2);
        let fail = scene.submit(&scene.program("exec sleep 1000", "fail"));
        let again = scene.submit(&scene.program(SECOND_TIME_LUCKY, "rerun"));
        let waits = scene.submit(&scene.program("echo x", "fail"));
        run_at_last(&scene, &[&fail, &again]);
        let filling = Filling::of(scene.app.scratch());
        let large = json!({"language": "sh", "code": format!(": {}", "x".repeat(100_000))});
        eventually(DEADLINE, "nothing can be written", || {
            filling.again();
            (scene.app.post("/v1/executions", &large).status == 503).then_some(())
        });
        filling.again();
        let begin = Instant::now();
        processes::signal(scene.app.pid(), Signal::TERM);
        let took = ends_well(&mut scene, begin);
        // What it gives itself beyond the grace to write the ends down.
        assert!(took < Duration::from_secs(10) + MARGIN, "{took:?}");
        assert!(scene.app.stderr().contains("not every execution could be settled in time"));
        assert!(scene.app.programs().is_empty(), "{:?}", scene.app.programs());

        drop(filling);
        scene.start_again();
        scene.ends(&fail, INTERRUPTED, 1);
        scene.ends(&again, COMPLETED, 2);
        scene.ends(&waits, COMPLETED, 1);
        assert_eq!([&fail, &again, &waits].map(|id| scene.evidence.runs_of(id)), [1, 2, 1]);
        scene.audit();
    });
}
