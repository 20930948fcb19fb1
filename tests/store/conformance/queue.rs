//! Rules of the queue: wishes, orphans, waiting too long, counting.
//! Needs a second owner for orphans, opened after the first is gone.

use std::time::Duration;

use ringback::domain::{
    CancelWish, ExecutionId, ExecutionSpec, Guard, OnInterrupt, Requeue, State, Tenant,
};
use ringback::store::{Census, NewExecution, Requeued, Settled};

use crate::support::{Backend, epoch, exited, finish, plain, queued, read, running, tenant};

fn wish(reason: &str) -> CancelWish {
    CancelWish { reason: Some(reason.into()), by: Some("ci ☃".into()) }
}

pub async fn the_first_wish_to_cancel_stays(backend: &impl Backend) {
    let store = backend.open().await;
    let accepted = store.accept(running()).await.unwrap().execution;
    let other = store.accept(running()).await.unwrap().execution;
    for reason in ["first", "second"] {
        store.wish_cancelled(accepted.id, wish(reason)).await.unwrap();
    }
    let found = read(&*store, accepted.id).await;
    assert!(found.cancelling);
    assert_eq!(found.state, accepted.state, "it runs until it has ended");
    assert!(!read(&*store, other.id).await.cancelling);

    drop(store);
    let store = backend.open().await;
    let orphan = store.orphans(None, 1).await.unwrap().remove(0);
    assert_eq!(orphan.cancel, Some(wish("first")));
}

pub async fn only_a_run_takes_a_wish_to_be_cancelled(backend: &impl Backend) {
    let store = backend.open().await;
    let waits = store.accept(plain()).await.unwrap().execution;
    assert!(!store.wish_cancelled(waits.id, wish("early")).await.unwrap(), "it ends at once");
    assert!(!read(&*store, waits.id).await.cancelling);
    let runs = store.accept(running()).await.unwrap().execution;
    assert!(store.wish_cancelled(runs.id, wish("in time")).await.unwrap());
    let guard = Guard::Running(epoch(&runs));
    let _ = store.finish(finish(runs.id, guard, exited(0)).into()).await.unwrap();
    assert!(!store.wish_cancelled(runs.id, wish("late")).await.unwrap());
}

pub async fn an_owner_finds_what_it_runs_itself(backend: &impl Backend) {
    let store = backend.open().await;
    let _of_another = store.accept(running()).await.unwrap().execution;
    drop(store);
    let store = backend.open().await;
    store.accept(plain()).await.unwrap();
    let ours = store.accept(running()).await.unwrap().execution;
    let found = store.situation().await.unwrap();
    assert_eq!(found.running.iter().map(|o| o.execution.id).collect::<Vec<_>>(), [ours.id]);
    assert_eq!(found.census, Census { queued: vec![(tenant(), 1)], running: 2 });
}

pub async fn a_wish_reaches_the_rescue_of_an_orphan(backend: &impl Backend) {
    let store = backend.open().await;
    let rerun =
        ExecutionSpec { on_interrupt: OnInterrupt::Rerun, ..ExecutionSpec::new("python", "") };
    let wished = store.accept(running()).await.unwrap().execution;
    let unwished = NewExecution { start: true, ..queued(rerun) };
    let unwished = store.accept(unwished).await.unwrap().execution;
    store.wish_cancelled(wished.id, CancelWish::default()).await.unwrap();
    store.wish_cancelled(ExecutionId::generate(), wish("unknown")).await.unwrap();
    drop(store);

    let orphans = backend.open().await.orphans(None, 10).await.unwrap();
    let found: Vec<_> =
        orphans.into_iter().map(|o| (o.execution.id, o.on_interrupt, o.cancel)).collect();
    let expected = [
        (wished.id, OnInterrupt::Fail, Some(CancelWish::default())),
        (unwished.id, OnInterrupt::Rerun, None),
    ];
    assert_eq!(found, expected);
}

pub async fn orphans_are_the_running_ones_of_other_owners(backend: &impl Backend) {
    let store = backend.open().await;
    let mut left = Vec::new();
    for _ in 0..5 {
        left.push(store.accept(running()).await.unwrap().execution);
    }
    let waiting = store.accept(plain()).await.unwrap().execution;
    assert!(store.orphans(None, 10).await.unwrap().is_empty(), "their owner lives");
    drop(store);

    let store = backend.open().await;
    let own = store.accept(running()).await.unwrap().execution;
    let mut found = Vec::new();
    while let page @ [_, ..] = &store
        .orphans(found.last().map(|e: &ringback::domain::Execution| e.id), 2)
        .await
        .unwrap()[..]
    {
        assert!(page.len() <= 2);
        found.extend(page.iter().map(|orphan| orphan.execution.clone()));
    }
    assert_eq!(found, left, "in order of their ids, as their owner left them");

    let guard = Guard::Running(epoch(&left[0]));
    let settled = store.finish(finish(left[0].id, guard, exited(1)).into()).await.unwrap();
    assert_eq!(settled, Settled::Written);
    let requeued = store.requeue(left[1].id, epoch(&left[1]), Requeue::Interrupted).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    assert_eq!(store.orphans(None, 10).await.unwrap().len(), 3);
    assert_eq!(read(&*store, waiting.id).await.state, State::Queued);
    assert_eq!(read(&*store, own.id).await, own);
}

pub async fn what_waits_too_long_is_overdue(backend: &impl Backend) {
    let store = backend.open().await;
    let patient = |seconds| ExecutionSpec {
        queue_timeout: Some(Duration::from_secs(seconds)),
        ..ExecutionSpec::new("python", "")
    };
    let later = store.accept(queued(patient(20))).await.unwrap().execution;
    let sooner = store.accept(queued(patient(10))).await.unwrap().execution;
    store.accept(plain()).await.unwrap();
    store.accept(NewExecution { start: true, ..queued(patient(1)) }).await.unwrap();

    backend.advance(Duration::from_secs(9)).await;
    assert!(store.overdue(10).await.unwrap().is_empty());
    backend.advance(Duration::from_secs(11)).await;
    let overdue = store.overdue(10).await.unwrap();
    let found: Vec<_> = overdue.into_iter().map(|w| (w.execution, w.queue_timeout)).collect();
    let expected = [(sooner.clone(), Duration::from_secs(10)), (later, Duration::from_secs(20))];
    assert_eq!(found, expected, "the running and the patient are not among them");
    assert_eq!(store.overdue(1).await.unwrap()[0].execution, sooner);
    let settled = store.finish(finish(sooner.id, Guard::Queued, exited(1)).into()).await.unwrap();
    assert_eq!(settled, Settled::Written);
    assert_eq!(store.overdue(10).await.unwrap().len(), 1);
}

pub async fn a_queue_timeout_counts_anew_after_a_requeue(backend: &impl Backend) {
    let store = backend.open().await;
    let queue_timeout = Some(Duration::from_secs(10));
    let spec = ExecutionSpec { queue_timeout, ..ExecutionSpec::new("python", "") };
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    backend.advance(Duration::from_secs(60)).await;
    let requeued =
        store.requeue(accepted.id, epoch(&accepted), Requeue::Interrupted).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    assert!(store.overdue(10).await.unwrap().is_empty(), "it had been running meanwhile");
    backend.advance(Duration::from_secs(11)).await;
    assert_eq!(store.overdue(10).await.unwrap().len(), 1);
}

pub async fn the_census_counts_what_has_not_ended(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.census().await.unwrap(), Census::default());
    let acme = Tenant::new("acme");
    for _ in 0..3 {
        store.accept(plain()).await.unwrap();
        store.accept(running()).await.unwrap();
    }
    store.accept(NewExecution { tenant: acme.clone(), ..plain() }).await.unwrap();
    let ended = store.accept(plain()).await.unwrap().execution;
    let _ = store.finish(finish(ended.id, Guard::Queued, exited(0)).into()).await.unwrap();
    drop(store);

    let mut census = backend.open().await.census().await.unwrap();
    census.queued.sort();
    let expected = Census { queued: vec![(acme, 1), (tenant(), 3)], running: 3 };
    assert_eq!(census, expected, "those of an owner that is gone as well");
}
