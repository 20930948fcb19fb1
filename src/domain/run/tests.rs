//! Each way through a run, and what comes too late.

use std::time::Duration;

use super::*;
use crate::domain::CancelWish;

const BY_ITSELF: RunEvent = RunEvent::Ended { exit: Exit::Code(0), raised: None, exceeded: None };
const ASKED: RunEvent = RunEvent::Ended { exit: Exit::Signal(15), raised: None, exceeded: None };

fn cancel() -> StopReason {
    StopReason::Cancel(CancelWish::default())
}

fn timeout() -> StopReason {
    StopReason::Timeout(Duration::from_secs(1))
}

fn cancelled(exit: Option<Exit>) -> Outcome {
    Outcome::Cancelled { reason: None, by: None, exit }
}

/// Everything that is done for these events, in order.
#[track_caller]
fn check(on_interrupt: OnInterrupt, events: &[RunEvent], done: &[RunStep]) {
    let (mut machine, first) = RunMachine::begin(on_interrupt, 0, None);
    let later = events.iter().flat_map(|event| machine.step(event.clone()));
    let all: Vec<_> = [first].into_iter().chain(later).collect();
    assert_eq!(all, [&[RunStep::Launch], done].concat(), "{events:?}");
}

#[test]
fn a_program_runs_and_ends() {
    let done = [RunStep::StartTimeout, RunStep::Finish(Outcome::Exited { code: 0 }, Remains::All)];
    let late = [RunEvent::Stop(cancel()), BY_ITSELF, RunEvent::Lost, RunEvent::Settled];
    let events = [&[RunEvent::Launched, BY_ITSELF], &late[..]].concat();
    check(OnInterrupt::Fail, &events, &done);
}

#[test]
fn the_first_reason_to_end_counts() {
    let events = [RunEvent::Launched, RunEvent::Stop(timeout()), RunEvent::Stop(cancel()), ASKED];
    let outcome = Outcome::of(Exit::Signal(15), None, Some(timeout()));
    let finish = RunStep::Finish(outcome, Remains::All);
    check(OnInterrupt::Fail, &events, &[RunStep::StartTimeout, RunStep::Terminate, finish]);
}

#[test]
fn a_clients_wish_comes_before_the_servers_own_end() {
    let stop = RunEvent::Stop(StopReason::Shutdown);
    let events = [RunEvent::Launched, stop, RunEvent::Stop(cancel()), ASKED];
    let finish = RunStep::Finish(cancelled(Some(Exit::Signal(15))), Remains::All);
    let done = [RunStep::StartTimeout, RunStep::Terminate, finish];
    check(OnInterrupt::Rerun, &events, &done);
}

#[test]
fn a_wish_that_comes_while_it_is_launched_ends_it_when_it_runs() {
    let events = [RunEvent::Stop(cancel()), RunEvent::Launched, ASKED];
    let finish = RunStep::Finish(cancelled(Some(Exit::Signal(15))), Remains::All);
    let done = [RunStep::StartTimeout, RunStep::Terminate, finish];
    check(OnInterrupt::Fail, &events, &done);
}

#[test]
fn what_cannot_be_started_fails_unless_nobody_was_there_to_start_it() {
    let failed = Outcome::SpawnFailed { reason: "No.".into() };
    let not = RunEvent::NotLaunched("No.".into());
    check(
        OnInterrupt::Fail,
        std::slice::from_ref(&not),
        &[RunStep::Finish(failed, Remains::Nothing)],
    );
    let untried = RunStep::Requeue(Requeue::Untried);
    check(OnInterrupt::Fail, &[RunEvent::NoLauncher], std::slice::from_ref(&untried));
    let shutdown = RunEvent::Stop(StopReason::Shutdown);
    check(OnInterrupt::Fail, &[shutdown, not], &[untried]);
    let finish = RunStep::Finish(cancelled(None), Remains::Nothing);
    check(OnInterrupt::Fail, &[RunEvent::Stop(cancel()), RunEvent::NoLauncher], &[finish]);
}

#[test]
fn what_is_drained_fails_or_runs_again_as_its_client_wants() {
    let events = [RunEvent::Launched, RunEvent::Stop(StopReason::Shutdown), ASKED];
    let [started, asked] = [RunStep::StartTimeout, RunStep::Terminate];
    let outcome = Outcome::of(Exit::Signal(15), None, Some(StopReason::Shutdown));
    let finish = RunStep::Finish(outcome, Remains::All);
    check(OnInterrupt::Fail, &events, &[started.clone(), asked.clone(), finish]);
    let again = RunStep::Requeue(Requeue::Drained);
    check(OnInterrupt::Rerun, &events, &[started, asked, again]);
}

#[test]
fn a_lost_launcher_is_met_by_policy_and_by_policy_once() {
    let steps = |interruptions, events: &[RunEvent]| {
        let (mut machine, _) = RunMachine::begin(OnInterrupt::Rerun, interruptions, None);
        events.iter().flat_map(|event| machine.step(event.clone())).last()
    };
    let again = Some(RunStep::Requeue(Requeue::Interrupted));
    assert_eq!(steps(0, &[RunEvent::Launched, RunEvent::Lost]), again);
    assert_eq!(steps(0, &[RunEvent::Lost]), again, "it may have begun");
    let failed = |step| matches!(step, Some(RunStep::Finish(Outcome::Interrupted { .. }, _)));
    assert!(failed(steps(1, &[RunEvent::Launched, RunEvent::Lost])));
    let wished = [RunEvent::Launched, RunEvent::Stop(cancel()), RunEvent::Lost];
    let outcome = cancelled(Some(Exit::Signal(SIGKILL)));
    assert_eq!(steps(0, &wished), Some(RunStep::Finish(outcome, Remains::Recording)));
}

#[test]
fn a_wish_that_came_before_the_slot_needs_no_program() {
    let begin = |stopped| RunMachine::begin(OnInterrupt::Fail, 0, Some(stopped)).1;
    assert_eq!(begin(cancel()), RunStep::Finish(cancelled(None), Remains::Nothing));
    assert_eq!(begin(StopReason::Shutdown), RunStep::Requeue(Requeue::Untried));
}
