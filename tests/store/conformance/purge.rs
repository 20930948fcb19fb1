//! Rules of purging: one execution goes at once, unless something is still to happen to it.
//! Knows no ages.

use ringback::domain::{DeliveryEnd, ExecutionId, Guard, Next, Tenant};
use ringback::store::{Purged, Settled, Store};

use crate::support::{
    Backend, epoch, exited, finish, owe, page, plain, read, record, running, tenant, turns,
};

/// The executions that are still there, newest first.
async fn left(store: &dyn Store) -> Vec<ExecutionId> {
    let listed = store.executions(&tenant(), page(100)).await.unwrap();
    listed.iter().map(|execution| execution.id).collect()
}

pub async fn one_execution_is_gone_and_its_neighbours_stay(backend: &impl Backend) {
    let store = backend.open().await;
    let mut ids = Vec::new();
    for next in [Next::Delivered, Next::End(DeliveryEnd::Gone), Next::End(DeliveryEnd::Refused)] {
        let (id, owed) = owe(&*store, "example.com").await;
        record(&*store, owed, 1, next).await;
        ids.push(id);
    }
    let accepted = store.accept(running()).await.unwrap().execution;
    let end = finish(accepted.id, Guard::Running(epoch(&accepted)), exited(0));
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
    ids.push(accepted.id);
    while let Some(id) = ids.pop() {
        assert_eq!(store.purge(&tenant(), id).await.unwrap(), Purged::Removed);
        assert_eq!(store.purge(&tenant(), id).await.unwrap(), Purged::NotFound);
        assert_eq!(store.execution(&tenant(), id).await.unwrap(), None);
        assert_eq!(store.deliveries(&tenant(), id).await.unwrap(), None);
        assert_eq!(left(&*store).await, ids.iter().rev().copied().collect::<Vec<_>>());
    }
}

pub async fn the_execution_of_another_tenant_is_not_found(backend: &impl Backend) {
    let store = backend.open().await;
    let (id, owed) = owe(&*store, "example.com").await;
    record(&*store, owed, 1, Next::Delivered).await;
    let other = Tenant::new("other");
    assert_eq!(store.purge(&other, id).await.unwrap(), Purged::NotFound);
    assert_eq!(left(&*store).await, [id]);
    let unknown = ExecutionId::generate();
    assert_eq!(store.purge(&tenant(), unknown).await.unwrap(), Purged::NotFound);
}

pub async fn what_has_not_ended_cannot_be_purged(backend: &impl Backend) {
    let store = backend.open().await;
    let waits = store.accept(plain()).await.unwrap().execution.id;
    let runs = store.accept(running()).await.unwrap().execution.id;
    for id in [waits, runs] {
        let before = read(&*store, id).await;
        assert_eq!(store.purge(&tenant(), id).await.unwrap(), Purged::NotTerminal);
        assert_eq!(read(&*store, id).await, before);
    }
    assert_eq!(store.start(&turns(9)).await.unwrap().len(), 1, "with its spec");
}

pub async fn what_is_still_owed_cannot_be_purged(backend: &impl Backend) {
    let store = backend.open().await;
    let (id, owed) = owe(&*store, "example.com").await;
    assert_eq!(store.purge(&tenant(), id).await.unwrap(), Purged::DeliveryPending);
    let now = read(&*store, id).await.created_at;
    record(&*store, owed, 1, Next::RetryAt(now)).await;
    assert_eq!(store.purge(&tenant(), id).await.unwrap(), Purged::DeliveryPending);
    let kept = store.deliveries(&tenant(), id).await.unwrap().unwrap();
    assert_eq!(kept[0].attempts.len(), 1);
    record(&*store, owed, 2, Next::Delivered).await;
    assert_eq!(store.purge(&tenant(), id).await.unwrap(), Purged::Removed);
}
