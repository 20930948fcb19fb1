//! Rules of keys by which requests are known again.
//! Makes no keys of its own accord.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use ringback::domain::{Guard, IdempotencyKey, KeyHolds, Tenant};
use ringback::store::{Accepted, NewExecution, Purged, Settled, Store};

use crate::support::{Backend, epoch, exited, finish, plain, running, tenant, turns};

const MINUTE: Duration = Duration::from_secs(60);

fn key(name: &str, holds: KeyHolds) -> IdempotencyKey {
    IdempotencyKey { scope: "f".into(), key: name.into(), holds }
}

fn lasting(name: &str) -> IdempotencyKey {
    key(name, KeyHolds::WithExecution)
}

fn passing(name: &str) -> IdempotencyKey {
    key(name, KeyHolds::WhileUnfinished { within: MINUTE })
}

async fn accept(store: &dyn Store, new: NewExecution, key: &IdempotencyKey) -> Accepted {
    store.accept(NewExecution { key: Some(key.clone()), ..new }).await.unwrap()
}

pub async fn a_request_that_is_known_begins_nothing(backend: &impl Backend) {
    let store = backend.open().await;
    let first = accept(&*store, running(), &lasting("a")).await;
    assert!(first.is_new);
    let again = accept(&*store, running(), &lasting("a")).await;
    assert_eq!(again, Accepted { is_new: false, ..first.clone() });
    let found = store.keyed(&tenant(), &lasting("a")).await.unwrap();
    assert_eq!(found, Some(first.execution.clone()));
    assert_eq!(store.census().await.unwrap().running, 1, "and starts nothing");
    // Its end changes nothing about that.
    let guard = Guard::Running(epoch(&first.execution));
    let ended = finish(first.execution.id, guard, exited(0));
    assert_eq!(store.finish(ended.into()).await.unwrap(), Settled::Written);
    let later = accept(&*store, plain(), &lasting("a")).await;
    assert_eq!((later.is_new, later.execution.id), (false, first.execution.id));
    assert!(later.execution.ended().is_some(), "it is told as it stands");
}

pub async fn keys_are_of_one_tenant_and_one_scope(backend: &impl Backend) {
    let store = backend.open().await;
    let first = accept(&*store, plain(), &lasting("a")).await.execution;
    let acme = Tenant::new("acme");
    let theirs = NewExecution { tenant: acme.clone(), ..plain() };
    assert!(accept(&*store, theirs, &lasting("a")).await.is_new);
    let elsewhere = IdempotencyKey { scope: "g".into(), ..lasting("a") };
    assert!(accept(&*store, plain(), &elsewhere).await.is_new);
    assert!(accept(&*store, plain(), &lasting("b")).await.is_new);
    let found = store.keyed(&tenant(), &lasting("a")).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(first.id));
    assert_eq!(store.keyed(&acme, &lasting("b")).await.unwrap(), None);
}

pub async fn a_passing_key_holds_until_the_end_or_until_its_time_is_over(backend: &impl Backend) {
    let store = backend.open().await;
    let first = accept(&*store, running(), &passing("a")).await.execution;
    backend.advance(MINUTE).await;
    assert!(!accept(&*store, plain(), &passing("a")).await.is_new);
    let ended = finish(first.id, Guard::Running(epoch(&first)), exited(0));
    assert_eq!(store.finish(ended.into()).await.unwrap(), Settled::Written);
    assert_eq!(store.keyed(&tenant(), &passing("a")).await.unwrap(), None);
    let second = accept(&*store, plain(), &passing("a")).await;
    assert!(second.is_new && second.execution.id != first.id);
    backend.advance(MINUTE + Duration::from_millis(1)).await;
    let third = accept(&*store, plain(), &passing("a")).await;
    assert!(third.is_new && third.execution.id != second.execution.id);
}

pub async fn of_twins_at_the_same_time_one_begins(backend: &impl Backend) {
    let store = backend.open().await;
    let (one, key) = (&*store, &lasting("a"));
    let all = join_all((0..20).map(|_| accept(one, plain(), key))).await;
    assert_eq!(all.iter().filter(|accepted| accepted.is_new).count(), 1);
    let ids: HashSet<_> = all.iter().map(|accepted| accepted.execution.id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(store.start(&turns(99)).await.unwrap().len(), 1);
}

pub async fn a_key_outlives_the_server_and_goes_with_its_execution(backend: &impl Backend) {
    let store = backend.open().await;
    let first = accept(&*store, running(), &lasting("a")).await.execution;
    let ended = finish(first.id, Guard::Running(epoch(&first)), exited(0));
    assert_eq!(store.finish(ended.into()).await.unwrap(), Settled::Written);
    drop(store);
    let store = backend.open().await;
    assert!(!accept(&*store, plain(), &lasting("a")).await.is_new);
    assert_eq!(store.purge(&tenant(), first.id).await.unwrap(), Purged::Removed);
    assert!(accept(&*store, plain(), &lasting("a")).await.is_new);
}
