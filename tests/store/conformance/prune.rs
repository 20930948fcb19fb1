//! Rules of retention: what goes after its time, what stays, and in which batches.
//! Says nothing of who prunes, and when.

use std::time::Duration;

use ringback::domain::{
    Captured, DeliveryEnd, Ended, ExecutionId, Guard, Next, Outcome, ProgramResult, Requeue,
    Timestamp,
};
use ringback::store::{
    Finish, NewExecution, Prune, PruneCursor, Pruned, Requeued, Rooms, Settled, Store,
};

use crate::support::{
    Backend, calling_back, delivery, epoch, page, plain, queued, record, running, tenant, turns,
};

const HOUR: Duration = Duration::from_secs(3600);

const GIVEN_UP: Next = Next::End(DeliveryEnd::Attempts);

/// Nothing goes by these bounds.
const KEEP_ALL: Prune =
    Prune { age: None, failed_age: None, count_max: None, batch: 1000, after: None };

/// All goes that may go at all.
const KEEP_NOTHING: Prune = Prune { count_max: Some(0), ..KEEP_ALL };

/// Accepts an execution and ends it now with some output; its delivery, if it owes one, has had
/// these attempts. All of it is named after `id`.
async fn end(store: &dyn Store, id: ExecutionId, attempts: Option<&[Next]>) {
    let spec = calling_back("https://example.com/hook");
    let new = NewExecution { id, start: true, ..queued(spec) };
    let accepted = store.accept(new).await.unwrap().execution;
    let now = accepted.created_at;
    let ended = Ended {
        stdout: Captured::whole(b"some output".to_vec()),
        result: ProgramResult::Json("1".into()),
        ..Ended::without_output(Outcome::Exited { code: 0 }, Some(now), now)
    };
    let owed = delivery(id, "example.com");
    let delivery_id = owed.id;
    let guard = Guard::Running(epoch(&accepted));
    let finish = Finish { id, guard, ended, delivery: attempts.is_some().then_some(owed) };
    assert_eq!(store.finish(finish.into()).await.unwrap(), Settled::Written);
    for (number, next) in (1..).zip(attempts.unwrap_or_default()) {
        record(store, delivery_id, number, *next).await;
    }
}

/// The same with a name of its own.
async fn ended(store: &dyn Store, attempts: Option<&[Next]>) -> ExecutionId {
    let id = ExecutionId::generate();
    end(store, id, attempts).await;
    id
}

/// Prunes until there is no more to prune; answers how many each batch removed.
async fn sweep(store: &dyn Store, prune: &Prune) -> Vec<usize> {
    let mut removed = Vec::new();
    let mut after: Option<PruneCursor> = None;
    loop {
        let batch = store.prune(Prune { after, ..prune.clone() }).await.unwrap();
        removed.push(batch.removed);
        match batch.next {
            Some(next) => after = Some(next),
            None => return removed,
        }
    }
}

/// The executions that are still there, newest first.
async fn left(store: &dyn Store) -> Vec<ExecutionId> {
    let listed = store.executions(&tenant(), page(100)).await.unwrap();
    listed.iter().map(|execution| execution.id).collect()
}

pub async fn what_ended_long_enough_ago_is_gone_with_all_that_belonged_to_it(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let delivered: Option<&[Next]> =
        Some(&[Next::RetryAt(Timestamp::from_millis(0)), Next::Delivered]);
    let old = ended(&*store, delivered).await;
    let silent = ended(&*store, None).await;
    backend.advance(HOUR).await;
    let young = ended(&*store, delivered).await;
    let prune = Prune { age: Some(HOUR), ..KEEP_ALL };
    assert_eq!(store.prune(prune.clone()).await.unwrap(), Pruned { removed: 2, next: None });
    for id in [old, silent] {
        assert_eq!(store.execution(&tenant(), id).await.unwrap(), None);
        assert_eq!(store.deliveries(&tenant(), id).await.unwrap(), None);
    }
    assert_eq!(left(&*store).await, [young]);
    assert_eq!(store.deliveries(&tenant(), young).await.unwrap().unwrap()[0].attempts.len(), 2);
    // Whatever was left of it would be in the way of another of the same name.
    end(&*store, old, delivered).await;
    backend.advance(HOUR).await;
    assert_eq!(sweep(&*store, &prune).await, [2]);
    assert!(left(&*store).await.is_empty());
}

pub async fn what_was_not_delivered_is_kept_for_a_time_of_its_own(backend: &impl Backend) {
    let store = backend.open().await;
    let exhausted = ended(&*store, Some(&[GIVEN_UP])).await;
    let refused = ended(&*store, Some(&[Next::End(DeliveryEnd::Refused)])).await;
    let delivered = ended(&*store, Some(&[Next::Delivered])).await;
    backend.advance(HOUR).await;
    let longer = Prune { age: Some(HOUR), failed_age: Some(2 * HOUR), ..KEEP_ALL };
    let shorter = Prune { age: Some(2 * HOUR), failed_age: Some(HOUR), ..KEEP_ALL };
    assert_eq!(sweep(&*store, &longer).await, [1]);
    assert_eq!(left(&*store).await, [refused, exhausted]);
    let delivered_too = ended(&*store, Some(&[Next::Delivered])).await;
    assert_ne!(delivered, delivered_too);
    backend.advance(HOUR).await;
    assert_eq!(sweep(&*store, &shorter).await, [2]);
    assert_eq!(left(&*store).await, [delivered_too]);
}

pub async fn the_newest_ends_are_kept_up_to_a_number(backend: &impl Backend) {
    let store = backend.open().await;
    let mut ids = Vec::new();
    // The last to be accepted is the first to end.
    for _ in 0..6 {
        ids.insert(0, store.accept(running()).await.unwrap().execution);
    }
    for accepted in &ids {
        backend.advance(HOUR).await;
        let now = store.accept(plain()).await.unwrap().execution.created_at;
        let ended = Ended::without_output(Outcome::Exited { code: 0 }, Some(now), now);
        let guard = Guard::Running(epoch(accepted));
        let finish = Finish { id: accepted.id, guard, ended, delivery: None };
        assert_eq!(store.finish(finish.into()).await.unwrap(), Settled::Written);
    }
    let prune = |count_max| Prune { count_max: Some(count_max), ..KEEP_ALL };
    assert_eq!(sweep(&*store, &prune(6)).await, [0]);
    assert_eq!(sweep(&*store, &Prune { batch: 3, ..prune(2) }).await, [3, 1]);
    for (id, is_there) in ids.iter().zip([false, false, false, false, true, true]) {
        let found = store.execution(&tenant(), id.id).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{}", id.id);
    }
    // An age goes beside it.
    let both = Prune { age: Some(HOUR), ..prune(2) };
    assert_eq!(sweep(&*store, &both).await, [1]);
}

pub async fn without_bounds_everything_is_kept(backend: &impl Backend) {
    let store = backend.open().await;
    ended(&*store, Some(&[Next::Delivered])).await;
    ended(&*store, Some(&[GIVEN_UP])).await;
    backend.advance(10_000 * HOUR).await;
    let nothing = Pruned { removed: 0, next: None };
    assert_eq!(store.prune(KEEP_ALL).await.unwrap(), nothing);
    // Each age is for its own kind alone.
    let half = Prune { age: Some(Duration::ZERO), ..KEEP_ALL };
    assert_eq!(sweep(&*store, &half).await, [1]);
    assert_eq!(left(&*store).await.len(), 1);
}

pub async fn what_is_still_owed_is_never_removed(backend: &impl Backend) {
    let store = backend.open().await;
    let later = Timestamp::from_millis(i64::MAX);
    let new = ended(&*store, Some(&[])).await;
    let tried = ended(&*store, Some(&[Next::RetryAt(later)])).await;
    let claimed = ended(&*store, Some(&[])).await;
    let done = ended(&*store, Some(&[Next::RetryAt(later), Next::Delivered])).await;
    assert_eq!(store.claim_deliveries(Rooms::total(9)).await.unwrap().due.len(), 2);
    backend.advance(10_000 * HOUR).await;
    assert_eq!(sweep(&*store, &KEEP_NOTHING).await, [1]);
    assert_eq!(left(&*store).await, [claimed, tried, new]);
    assert_eq!(store.deliveries(&tenant(), done).await.unwrap(), None);
    let owed = store.deliveries(&tenant(), tried).await.unwrap().unwrap();
    assert_eq!(owed[0].attempts.len(), 1);
    record(&*store, owed[0].id, 2, Next::Delivered).await;
    assert_eq!(sweep(&*store, &KEEP_NOTHING).await, [1]);
    assert_eq!(left(&*store).await, [claimed, new]);
}

pub async fn what_has_not_ended_is_never_removed(backend: &impl Backend) {
    let store = backend.open().await;
    let again = store.accept(running()).await.unwrap().execution;
    let requeued = store.requeue(again.id, epoch(&again), Requeue::Interrupted).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    let waits = store.accept(plain()).await.unwrap().execution.id;
    let runs = store.accept(running()).await.unwrap().execution.id;
    backend.advance(10_000 * HOUR).await;
    let all = Prune { age: Some(Duration::ZERO), failed_age: Some(HOUR), ..KEEP_NOTHING };
    assert_eq!(sweep(&*store, &all).await, [0]);
    assert_eq!(left(&*store).await, [runs, waits, again.id]);
    assert_eq!(store.start(&turns(9)).await.unwrap().len(), 2, "with their specs");
}

pub async fn a_sweep_goes_batch_by_batch_and_passes_by_what_stays(backend: &impl Backend) {
    let store = backend.open().await;
    for _ in 0..25 {
        ended(&*store, Some(&[])).await;
    }
    for _ in 0..5 {
        ended(&*store, Some(&[Next::Delivered])).await;
    }
    backend.advance(HOUR).await;
    let bounds = [KEEP_NOTHING, Prune { age: Some(HOUR), ..KEEP_ALL }];
    for (prune, in_all) in bounds.into_iter().zip([5, 0]) {
        let removed = sweep(&*store, &Prune { batch: 2, ..prune }).await;
        assert_eq!(removed.iter().sum::<usize>(), in_all, "{removed:?}");
        assert!(removed.iter().all(|&removed| removed <= 2), "{removed:?}");
        assert!(removed.len() <= 6, "nothing is looked at twice: {removed:?}");
    }
    assert_eq!(left(&*store).await.len(), 25);
}
