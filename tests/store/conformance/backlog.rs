//! Rules of what is told of the backlog: since when something is due, and how much is pending.
//! Who gets what is due is in the rules of `claims`.

use std::time::Duration;

use ringback::domain::{DeliveryEnd, Next, Timestamp};
use ringback::store::{Rooms, Store};

use crate::support::{Backend, ids, owe, record, turns};

/// The time that the store's clock shows.
async fn store_time(store: &dyn Store) -> Timestamp {
    store.accept(crate::support::plain()).await.unwrap().execution.created_at
}

async fn due_since(store: &dyn Store) -> Option<Timestamp> {
    store.oldest().await.unwrap().due
}

pub async fn it_is_known_since_when_the_first_in_the_queue_has_waited(backend: &impl Backend) {
    let store = backend.open().await;
    let queued_since = async || store.oldest().await.unwrap().queued;
    assert_eq!(queued_since().await, None);
    let first = store.accept(crate::support::plain()).await.unwrap().execution;
    backend.advance(Duration::from_secs(60)).await;
    let second = store.accept(crate::support::plain()).await.unwrap().execution;
    assert!(first.created_at < second.created_at);
    assert_eq!(queued_since().await, Some(first.created_at));
    assert_eq!(store.start(&turns(1)).await.unwrap().len(), 1);
    assert_eq!(queued_since().await, Some(second.created_at));
    assert_eq!(store.start(&turns(1)).await.unwrap().len(), 1);
    assert_eq!(queued_since().await, None, "who runs does not wait");
}

pub async fn it_is_known_since_when_the_longest_due_is_due(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(due_since(&*store).await, None);
    let began = store_time(&*store).await;
    let (_, retried) = owe(&*store, "a.example").await;
    assert_eq!(due_since(&*store).await, Some(began));
    let claim = store.claim_deliveries(Rooms::total(9)).await.unwrap();
    assert_eq!(ids(&claim), [retried]);
    assert_eq!(due_since(&*store).await, None, "what is being attempted is not waiting");
    let minute = Duration::from_secs(60);
    record(&*store, retried, 1, Next::RetryAt(began.after(minute))).await;
    assert_eq!(due_since(&*store).await, None, "it is not due yet");
    backend.advance(minute * 2).await;
    let (_, first) = owe(&*store, "b.example").await;
    assert_eq!(due_since(&*store).await, Some(began.after(minute)), "also a retry");
    let now = store_time(&*store).await;
    assert_eq!(ids(&store.claim_deliveries(Rooms::total(9)).await.unwrap()), [first, retried]);
    store.release_deliveries(&[first]).await.unwrap();
    assert_eq!(due_since(&*store).await, Some(now), "it was given back");
}

pub async fn what_is_pending_is_counted_until_it_ends(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.count_pending().await.unwrap(), 0);
    let ends = [
        Next::Delivered,
        Next::End(DeliveryEnd::Attempts),
        Next::End(DeliveryEnd::Refused),
        Next::RetryAt(Timestamp::from_millis(i64::MAX)),
    ];
    let mut owed = Vec::new();
    for next in ends {
        owed.push((owe(&*store, "a.example").await.1, next));
    }
    assert_eq!(store.count_pending().await.unwrap(), 4);
    assert_eq!(store.claim_deliveries(Rooms::total(9)).await.unwrap().due.len(), 4);
    assert_eq!(store.count_pending().await.unwrap(), 4, "a claim is no end");
    for (id, next) in owed {
        record(&*store, id, 1, next).await;
    }
    assert_eq!(store.count_pending().await.unwrap(), 1, "one is to be tried again");
}
