//! Rules of making deliveries again: by hand, and all that failed in a window.
//! What is sent is not the store's to say.

use std::time::Duration;

use ringback::domain::{
    Attempt, Delivery, DeliveryEnd, DeliveryId, DeliveryStatus, Ended, Guard, Next, RecoveryId,
    Tenant, Timestamp, Trigger,
};
use ringback::store::{
    AttemptKept, AttemptMade, ClaimedDelivery, DeliveryPage, Finish, NewExecution, NewRecovery,
    Recovered, Redelivered, Rooms, Settled, Store,
};

use crate::support::{
    Backend, NOW, attempt, calling_back, delivery as new_delivery, epoch, exited, finish, ids, owe,
    queued, record, tenant,
};

const LATER: Next = Next::RetryAt(Timestamp::from_millis(i64::MAX));

async fn delivery(store: &dyn Store, id: DeliveryId) -> Delivery {
    store.delivery(&tenant(), id).await.unwrap().expect("it is owed")
}

async fn claim(store: &dyn Store) -> Vec<DeliveryId> {
    ids(&store.claim_deliveries(Rooms::total(99)).await.unwrap())
}

async fn redeliver(store: &dyn Store, id: DeliveryId) -> Delivery {
    match store.redeliver(&tenant(), id, 3).await.unwrap() {
        Redelivered::Due(delivery) => *delivery,
        other => panic!("{other:?}"),
    }
}

pub async fn whatever_became_of_it_a_delivery_can_be_made_again(backend: &impl Backend) {
    let store = backend.open().await;
    let ends = [
        LATER,
        Next::Delivered,
        Next::End(DeliveryEnd::Attempts),
        Next::End(DeliveryEnd::Gone),
        Next::End(DeliveryEnd::Refused),
    ];
    for end in ends {
        let (_, id) = owe(&*store, "example.com").await;
        claim(&*store).await;
        record(&*store, id, 1, end).await;
        let again = redeliver(&*store, id).await;
        assert_eq!((again.status, again.ended_by), (DeliveryStatus::Pending, None), "{end:?}");
        assert_eq!((again.next_trigger, again.attempts_max), (Trigger::Manual, 4), "{end:?}");
        let due = store.claim_deliveries(Rooms::total(9)).await.unwrap().due.remove(0);
        assert_eq!((due.id, due.trigger), (id, Trigger::Manual), "{end:?}");
        assert_eq!((due.attempts_made, due.round_made), (1, 0), "{end:?}");
        let next = Next::End(DeliveryEnd::Attempts);
        let made = AttemptMade { delivery: id, wishes: due.wishes, attempt: attempt(2), next };
        let recorded = store.record_attempt(made).await.unwrap();
        let kept = delivery(&*store, id).await;
        // What the endpoint has had once, it has had.
        let was_delivered = end == Next::Delivered;
        assert_eq!(kept.status == DeliveryStatus::Delivered, was_delivered, "{end:?}");
        assert_eq!(kept.delivered_at.is_some(), was_delivered, "{end:?}");
        let ended = (!was_delivered).then_some(DeliveryStatus::Exhausted);
        assert_eq!(recorded, AttemptKept { next_due: None, ended }, "{end:?}");
    }
}

pub async fn the_schedule_goes_on_behind_an_attempt_beside_it_and_begins_anew_after_an_end(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (_, id) = owe(&*store, "example.com").await;
    let due = async || store.claim_deliveries(Rooms::total(9)).await.unwrap().due.remove(0);
    let record = async |number, wishes, next| {
        let made = AttemptMade { delivery: id, wishes, attempt: attempt(number), next };
        store.record_attempt(made).await.unwrap();
    };
    let at_once = Next::RetryAt(NOW);
    for number in 1..=2 {
        assert_eq!(due().await.round_made, number - 1);
        record(number, 0, at_once).await;
    }
    redeliver(&*store, id).await;
    let manual = due().await;
    assert_eq!((manual.trigger, manual.round_made), (Trigger::Manual, 1), "as if not made");
    record(3, 1, at_once).await;
    let next = due().await;
    assert_eq!((next.trigger, next.round_made), (Trigger::Schedule, 2), "where it was");
    record(4, 1, Next::End(DeliveryEnd::Attempts)).await;
    redeliver(&*store, id).await;
    assert_eq!(due().await.round_made, 0, "from the beginning");
}

pub async fn wishes_that_one_attempt_fulfils_are_one_attempt_beside_the_schedule(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (_, id) = owe(&*store, "example.com").await;
    let due = async || store.claim_deliveries(Rooms::total(9)).await.unwrap().due.remove(0);
    let at_once = Next::RetryAt(NOW);
    let record = async |number, due: &ClaimedDelivery| {
        let attempt = Attempt { trigger: due.trigger, ..attempt(number) };
        let made = AttemptMade { delivery: id, wishes: due.wishes, attempt, next: at_once };
        store.record_attempt(made).await.unwrap();
    };
    for number in 1..=2 {
        record(number, &due().await).await;
    }
    let attempts_max = delivery(&*store, id).await.attempts_max;
    // Three wishes, and one attempt for all of them.
    for _ in 0..3 {
        assert_eq!(redeliver(&*store, id).await.attempts_max, attempts_max + 1);
    }
    let manual = due().await;
    assert_eq!((manual.trigger, manual.round_made), (Trigger::Manual, 1));
    // Two more while it is made: the next attempt is for both.
    redeliver(&*store, id).await;
    redeliver(&*store, id).await;
    record(3, &manual).await;
    let manual = due().await;
    assert_eq!((manual.trigger, manual.round_made), (Trigger::Manual, 1));
    record(4, &manual).await;
    let next = due().await;
    assert_eq!((next.trigger, next.round_made), (Trigger::Schedule, 2), "where it was");
    assert_eq!(delivery(&*store, id).await.attempts_max, attempts_max + 2);
    // One while it is made by its schedule.
    redeliver(&*store, id).await;
    record(5, &next).await;
    let manual = due().await;
    assert_eq!((manual.trigger, manual.round_made), (Trigger::Manual, 2));
    record(6, &manual).await;
    assert_eq!(due().await.round_made, 3);
    assert_eq!(delivery(&*store, id).await.attempts_max, attempts_max + 3);
}

pub async fn a_wish_that_comes_while_it_is_tried_is_not_undone(backend: &impl Backend) {
    let store = backend.open().await;
    for (next, is_due) in
        [(LATER, true), (Next::End(DeliveryEnd::Attempts), true), (Next::Delivered, false)]
    {
        let (_, id) = owe(&*store, "example.com").await;
        assert_eq!(claim(&*store).await, [id]);
        redeliver(&*store, id).await;
        assert_eq!(claim(&*store).await, [], "it is under way");
        record(&*store, id, 1, next).await;
        let kept = delivery(&*store, id).await;
        assert_eq!(kept.status == DeliveryStatus::Pending, is_due, "{next:?}");
        assert_eq!(claim(&*store).await, if is_due { vec![id] } else { vec![] }, "{next:?}");
        if is_due {
            assert_eq!(kept.next_trigger, Trigger::Manual);
            let due = kept.attempts[0].next_attempt_at;
            assert_eq!(due, kept.next_attempt_at, "and the attempt says so");
        }
    }
}

pub async fn what_a_tenant_does_not_have_it_cannot_make_again(backend: &impl Backend) {
    let store = backend.open().await;
    let (_, id) = owe(&*store, "example.com").await;
    let other = Tenant::new("other");
    for (tenant, id) in [(&other, id), (&tenant(), DeliveryId::generate())] {
        assert_eq!(store.redeliver(tenant, id, 3).await.unwrap(), Redelivered::NotFound);
        assert_eq!(store.delivery(tenant, id).await.unwrap(), None);
    }
    let page = DeliveryPage { limit: 9, ..DeliveryPage::default() };
    assert_eq!(store.delivery_page(&other, page.clone()).await.unwrap(), []);
    assert_eq!(store.delivery_page(&tenant(), page).await.unwrap().len(), 1);
}

/// A delivery for something that ended so many seconds after another.
async fn owe_after(store: &dyn Store, host: &str, seconds: u64) -> DeliveryId {
    let spec = calling_back(&format!("https://{host}/hook"));
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    let owed = new_delivery(accepted.id, host);
    let id = owed.id;
    let ended = Ended { completed_at: NOW.after(Duration::from_secs(seconds)), ..exited(0) };
    let guard = Guard::Running(epoch(&accepted));
    let end = Finish { delivery: Some(owed), ..finish(accepted.id, guard, ended) };
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
    id
}

/// Failed deliveries to these hosts, of events one second after the other.
async fn failed(store: &dyn Store, hosts: &[&str]) -> Vec<DeliveryId> {
    let mut failed = Vec::new();
    for (host, seconds) in hosts.iter().zip(0..) {
        let id = owe_after(store, host, seconds).await;
        claim(store).await;
        record(store, id, 1, Next::End(DeliveryEnd::Attempts)).await;
        failed.push(id);
    }
    failed
}

fn wish(host: Option<&str>) -> NewRecovery {
    NewRecovery {
        id: RecoveryId::generate(),
        tenant: tenant(),
        since: NOW,
        until: Timestamp::from_millis(i64::MAX),
        host: host.map(str::to_owned),
        matched_max: 100,
    }
}

pub async fn all_that_failed_in_a_window_is_made_again_bit_by_bit(backend: &impl Backend) {
    let store = backend.open().await;
    let hosts = ["a.example:443", "b.example:443", "a.example:8443", "a.example:443"];
    let failed = failed(&*store, &hosts).await;
    let (_, delivered) = owe(&*store, "a.example:443").await;
    claim(&*store).await;
    record(&*store, delivered, 1, Next::Delivered).await;

    let begun = store.begin_recovery(wish(Some("a.example")), None).await.unwrap();
    assert_eq!((begun.matched, begun.is_capped, begun.is_done), (3, false, false));
    assert_eq!(store.recoveries_to_do().await.unwrap(), [begun.wish.id]);
    let step = store.recover(begun.wish.id, 2, 3).await.unwrap();
    assert_eq!(step, Some(Recovered { redelivered: 2, is_done: false }));
    // Another server goes on where that one was lost.
    drop(store);
    let store = backend.open().await;
    let step = store.recover(begun.wish.id, 2, 3).await.unwrap();
    assert_eq!(step, Some(Recovered { redelivered: 1, is_done: true }));
    assert_eq!(store.recoveries_to_do().await.unwrap(), []);
    let again = store.recover(begun.wish.id, 2, 3).await.unwrap();
    assert_eq!(again, Some(Recovered { redelivered: 0, is_done: true }));

    let due = store.claim_deliveries(Rooms::total(9)).await.unwrap().due;
    assert!(due.iter().all(|due| due.trigger == Trigger::Recover));
    let mut due: Vec<_> = due.iter().map(|due| due.id).collect();
    due.sort_unstable();
    assert_eq!(due, [failed[0], failed[2], failed[3]]);
    let one =
        AttemptMade { delivery: due[0], wishes: 1, attempt: attempt(2), next: Next::Delivered };
    store.record_attempt(one).await.unwrap();
    let next = Next::End(DeliveryEnd::Attempts);
    let two = AttemptMade { delivery: due[1], wishes: 1, attempt: attempt(2), next };
    store.record_attempt(two).await.unwrap();
    let now = store.recovery(&tenant(), begun.wish.id).await.unwrap().unwrap();
    assert_eq!((now.redelivered, now.delivered, now.failed), (3, 1, 1));
    assert_eq!(store.recovery(&Tenant::new("other"), begun.wish.id).await.unwrap(), None);
}

pub async fn a_recovery_takes_its_window_and_no_more_than_it_may(backend: &impl Backend) {
    let store = backend.open().await;
    let failed = failed(&*store, &["a.example:443"; 5]).await;
    let second = delivery(&*store, failed[1]).await.created_at;
    let fourth = delivery(&*store, failed[3]).await.created_at;
    let window = NewRecovery { since: second, until: fourth, ..wish(None) };
    let begun = store.begin_recovery(window.clone(), None).await.unwrap();
    assert_eq!(begun.matched, 2, "from, and before");
    let nothing =
        store.begin_recovery(NewRecovery { until: NOW, ..wish(None) }, None).await.unwrap();
    assert_eq!((nothing.matched, nothing.is_done), (0, true));

    let capped = NewRecovery { matched_max: 3, ..wish(None) };
    let begun = store.begin_recovery(capped, None).await.unwrap();
    assert_eq!((begun.matched, begun.is_capped), (3, true));
    let step = store.recover(begun.wish.id, 99, 3).await.unwrap();
    assert_eq!(step, Some(Recovered { redelivered: 3, is_done: true }));
    assert_eq!(claim(&*store).await.len(), 3);
    let unknown = store.recover(RecoveryId::generate(), 99, 3).await.unwrap();
    assert_eq!(unknown, None);
}

pub async fn lists_have_the_newest_first_each_with_its_last_attempt(backend: &impl Backend) {
    let store = backend.open().await;
    let failed = failed(&*store, &["a.example:443", "b.example:443", "a.example:1"]).await;
    let pending = owe_after(&*store, "c.example:443", 9).await;
    let all = DeliveryPage { limit: 9, ..DeliveryPage::default() };
    let list = async |page: DeliveryPage| {
        let found = store.delivery_page(&tenant(), page).await.unwrap();
        found.iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    let newest_first = [pending, failed[2], failed[1], failed[0]];
    assert_eq!(list(all.clone()).await, newest_first);
    let status = Some(DeliveryStatus::Exhausted);
    assert_eq!(list(DeliveryPage { status, ..all.clone() }).await, newest_first[1..]);
    let status = Some(DeliveryStatus::Pending);
    assert_eq!(list(DeliveryPage { status, ..all.clone() }).await, [pending]);
    let host = Some("a.example".to_owned());
    assert_eq!(list(DeliveryPage { host, ..all.clone() }).await, [failed[2], failed[0]]);
    let first = store.delivery_page(&tenant(), DeliveryPage { limit: 2, ..all.clone() }).await;
    let first = first.unwrap();
    assert_eq!(first[1].attempts.len(), 1);
    let before = Some((first[1].created_at, first[1].id));
    assert_eq!(list(DeliveryPage { before, ..all }).await, newest_first[2..]);
}
