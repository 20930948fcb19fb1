//! Rules of what is told on the way to the end: while it runs, and not a moment longer.

use ringback::domain::{
    DeliveryId, DeliveryStatus, DeliverySummary, EventId, EventType, Execution, Guard, Next,
    Requeue,
};
use ringback::store::{
    Announcement, AttemptKept, AttemptMade, Finish, NewDelivery, NewExecution, Redelivered,
    Requeued, Rooms, Settled, Store,
};

use crate::support::{
    Backend, attempt, calling_back, delivery, epoch, exited, finish, ids, queued, read, tenant,
};

async fn running(store: &dyn Store) -> Execution {
    let new = NewExecution { start: true, ..queued(calling_back("https://example.com/hook")) };
    store.accept(new).await.unwrap().execution
}

fn announcement(execution: &Execution, event_type: EventType) -> Announcement {
    let delivery = NewDelivery {
        event_id: EventId::generate(),
        event_type,
        ..delivery(execution.id, "example.com")
    };
    Announcement { execution: execution.id, epoch: epoch(execution), delivery }
}

async fn announce(store: &dyn Store, execution: &Execution, kind: EventType) -> Option<DeliveryId> {
    let announcement = announcement(execution, kind);
    let id = announcement.delivery.id;
    let settled = store.announce(announcement).await.unwrap();
    (settled == Settled::Written).then_some(id)
}

async fn end(store: &dyn Store, execution: &Execution) -> DeliveryId {
    let owed = delivery(execution.id, "example.com");
    let id = owed.id;
    let guard = Guard::Running(epoch(execution));
    let end = Finish { delivery: Some(owed), ..finish(execution.id, guard, exited(0)) };
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
    id
}

async fn claim(store: &dyn Store) -> Vec<DeliveryId> {
    ids(&store.claim_deliveries(Rooms::total(9)).await.unwrap())
}

pub async fn what_runs_can_be_told_of_and_what_has_ended_cannot(backend: &impl Backend) {
    let store = backend.open().await;
    let execution = running(&*store).await;
    let started = announce(&*store, &execution, EventType::Started).await.unwrap();
    assert_eq!(claim(&*store).await, [started]);
    assert_eq!(read(&*store, execution.id).await.delivery, DeliverySummary::None);
    end(&*store, &execution).await;
    assert_eq!(announce(&*store, &execution, EventType::Output).await, None);

    let waiting = running(&*store).await;
    let requeued = store.requeue(waiting.id, epoch(&waiting), Requeue::Drained).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    assert_eq!(announce(&*store, &waiting, EventType::Started).await, None, "it waits");
    let wished = running(&*store).await;
    store.wish_cancelled(wished.id, Default::default()).await.unwrap();
    assert_eq!(announce(&*store, &wished, EventType::Output).await, None, "it is being ended");
}

pub async fn the_end_gives_up_what_was_not_taken_before(backend: &impl Backend) {
    let store = backend.open().await;
    let execution = running(&*store).await;
    let untried = announce(&*store, &execution, EventType::Started).await.unwrap();
    let under_way = announce(&*store, &execution, EventType::Output).await.unwrap();
    assert_eq!(claim(&*store).await, [untried, under_way]);
    store.release_deliveries(&[untried]).await.unwrap();
    assert_eq!(store.superseded(), 0);
    let owed = end(&*store, &execution).await;
    assert_eq!(store.superseded(), 2);
    assert_eq!(claim(&*store).await, [owed]);
    // What was under way when the end was written is not tried again.
    let later = Next::RetryAt(read(&*store, execution.id).await.created_at);
    let made = AttemptMade { delivery: under_way, wishes: 0, attempt: attempt(1), next: later };
    let kept = store.record_attempt(made).await.unwrap();
    // It had ended before, and ends once.
    assert_eq!(kept, AttemptKept { next_due: None, ended: None });
    for id in [untried, under_way] {
        let given_up = store.delivery(&tenant(), id).await.unwrap().unwrap();
        assert_eq!(given_up.status, DeliveryStatus::Exhausted);
        assert_eq!(given_up.ended_by.map(|end| end.as_str()), Some("superseded"));
        let again = store.redeliver(&tenant(), id, 3).await.unwrap();
        assert_eq!(again, Redelivered::NotTerminal);
    }
    let all = store.deliveries(&tenant(), execution.id).await.unwrap().unwrap();
    assert_eq!(
        all.iter().map(|delivery| delivery.id).collect::<Vec<_>>(),
        [untried, under_way, owed]
    );
    assert_eq!(read(&*store, execution.id).await.delivery, DeliverySummary::Pending);
}

pub async fn of_all_that_was_told_the_newest_and_the_end_are_read(backend: &impl Backend) {
    let store = backend.open().await;
    let execution = running(&*store).await;
    let mut told = Vec::new();
    for _ in 0..210 {
        let id = announce(&*store, &execution, EventType::Output).await.unwrap();
        let made =
            AttemptMade { delivery: id, wishes: 0, attempt: attempt(1), next: Next::Delivered };
        store.record_attempt(made).await.unwrap();
        told.push(id);
    }
    told.push(end(&*store, &execution).await);
    let all = store.deliveries(&tenant(), execution.id).await.unwrap().unwrap();
    let all: Vec<_> = all.iter().map(|delivery| delivery.id).collect();
    assert_eq!(all, told[10..], "in the order in which they came to be owed");
}

pub async fn output_is_owed_once_at_a_time(backend: &impl Backend) {
    let store = backend.open().await;
    let execution = running(&*store).await;
    let first = announce(&*store, &execution, EventType::Output).await.unwrap();
    assert_eq!(announce(&*store, &execution, EventType::Output).await, None);
    assert_eq!(claim(&*store).await, [first]);
    let made =
        AttemptMade { delivery: first, wishes: 0, attempt: attempt(1), next: Next::Delivered };
    store.record_attempt(made).await.unwrap();
    assert!(announce(&*store, &execution, EventType::Output).await.is_some());
}
