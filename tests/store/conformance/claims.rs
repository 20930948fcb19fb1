//! Rules of claiming deliveries: each to one at a time, in which order, and when to come again.
//! What is kept of an attempt is in the rules of `deliveries`.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use ringback::domain::{DeliveryEnd, DeliveryId, Guard, Next, Timestamp};
use ringback::store::{NewExecution, Rooms, Settled, Store};

use crate::support::{
    Backend, calling_back, delivery, epoch, exited, finish, ids, owe, queued, record,
};

/// The time that the store's clock shows.
async fn store_time(store: &dyn Store) -> Timestamp {
    store.accept(crate::support::plain()).await.unwrap().execution.created_at
}

/// So many, and none of these hosts.
fn without_room(total: usize, hosts: &[&str]) -> Rooms {
    let other = hosts.iter().map(|host| ((*host).to_owned(), 0)).collect();
    Rooms { other, ..Rooms::total(total) }
}

async fn claim(store: &dyn Store, limit: usize) -> Vec<DeliveryId> {
    ids(&store.claim_deliveries(Rooms::total(limit)).await.unwrap())
}

pub async fn a_delivery_is_claimed_by_one_until_it_is_given_back(backend: &impl Backend) {
    let store = backend.open().await;
    let (_, id) = owe(&*store, "example.com").await;
    assert_eq!(claim(&*store, 0).await, []);
    assert_eq!(claim(&*store, 9).await, [id]);
    assert_eq!(claim(&*store, 9).await, [], "it is claimed");
    store.release_deliveries(&[id]).await.unwrap();
    assert_eq!(claim(&*store, 9).await, [id], "it was given back");

    let now = store_time(&*store).await;
    record(&*store, id, 1, Next::RetryAt(now)).await;
    let again = store.claim_deliveries(Rooms::total(9)).await.unwrap();
    assert_eq!(ids(&again), [id], "recording an attempt ends the claim");
    assert_eq!(again.due[0].attempts_made, 1);
    record(&*store, id, 2, Next::RetryAt(now.after(Duration::from_secs(5)))).await;
    assert_eq!(claim(&*store, 9).await, [], "it is not due");
    backend.advance(Duration::from_secs(5)).await;
    assert_eq!(claim(&*store, 9).await, [id]);
    record(&*store, id, 3, Next::End(DeliveryEnd::Attempts)).await;
    backend.advance(Duration::from_secs(3600)).await;
    assert_eq!(claim(&*store, 9).await, [], "no more attempts");
}

pub async fn all_claims_but_those_that_are_known_can_be_given_back(backend: &impl Backend) {
    let store = backend.open().await;
    let (_, known) = owe(&*store, "a.example").await;
    let (_, forgotten) = owe(&*store, "b.example").await;
    assert_eq!(store.claim_deliveries(Rooms::total(9)).await.unwrap().due.len(), 2);
    store.release_deliveries_but(&[known]).await.unwrap();
    assert_eq!(ids(&store.claim_deliveries(Rooms::total(9)).await.unwrap()), [forgotten]);
}

pub async fn concurrent_claims_share_out_what_is_due(backend: &impl Backend) {
    let store = backend.open().await;
    let mut owed = HashSet::new();
    for _ in 0..60 {
        owed.insert(owe(&*store, "example.com").await.1);
    }
    // Half of what each claims is recorded while the others still claim.
    let claimers = (0..16).map(|_| async {
        let claimed = claim(&*store, 5).await;
        let later = Timestamp::from_millis(i64::MAX);
        for id in claimed.iter().step_by(2) {
            record(&*store, *id, 1, Next::RetryAt(later)).await;
        }
        claimed
    });
    let claimed = join_all(claimers).await.concat();
    assert_eq!(claimed.len(), 60);
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), owed);
    assert_eq!(claim(&*store, 9).await, []);
}

pub async fn first_attempts_come_before_retries_and_older_before_newer(backend: &impl Backend) {
    let store = backend.open().await;
    let mut retries = Vec::new();
    for _ in 0..2 {
        retries.push(owe(&*store, "down.example").await.1);
    }
    claim(&*store, 9).await;
    let now = store_time(&*store).await;
    // The second is due before the first.
    record(&*store, retries[0], 1, Next::RetryAt(now.after(Duration::from_secs(2)))).await;
    record(&*store, retries[1], 1, Next::RetryAt(now.after(Duration::from_secs(1)))).await;
    backend.advance(Duration::from_secs(60)).await;
    let (_, first) = owe(&*store, "up.example").await;
    backend.advance(Duration::from_secs(1)).await;
    let (_, second) = owe(&*store, "up.example").await;
    assert_eq!(claim(&*store, 3).await, [first, second, retries[1]]);
    assert_eq!(claim(&*store, 9).await, [retries[0]]);
}

pub async fn saturated_hosts_are_passed_over(backend: &impl Backend) {
    let store = backend.open().await;
    let (_, slow) = owe(&*store, "slow.example").await;
    let (_, other) = owe(&*store, "other.example").await;
    let (_, fast) = owe(&*store, "fast.example").await;
    let saturated = ["slow.example", "other.example"];
    let found = store.claim_deliveries(without_room(9, &saturated)).await.unwrap();
    assert_eq!(ids(&found), [fast]);
    assert_eq!(found.next_due, None, "what is passed over is no reason to come again");
    let found = store.claim_deliveries(without_room(9, &saturated[1..])).await.unwrap();
    assert_eq!(ids(&found), [slow]);
    assert_eq!(claim(&*store, 9).await, [other]);
}

pub async fn the_next_due_time_is_that_of_the_next_unclaimed_delivery(backend: &impl Backend) {
    let store = backend.open().await;
    let next_due = async |limit, saturated: &[&str]| {
        store.claim_deliveries(without_room(limit, saturated)).await.unwrap().next_due
    };
    assert_eq!(next_due(9, &[]).await, None, "nothing is owed");
    let (_, first) = owe(&*store, "a.example").await;
    let (_, second) = owe(&*store, "b.example").await;
    let now = store_time(&*store).await;
    assert!(next_due(1, &[]).await.unwrap() <= now, "more is due than was asked for");
    assert_eq!(next_due(9, &[]).await, None, "all is claimed");

    let at = |seconds| now.after(Duration::from_secs(seconds));
    record(&*store, first, 1, Next::RetryAt(at(20))).await;
    assert_eq!(next_due(9, &[]).await, Some(at(20)));
    record(&*store, second, 1, Next::RetryAt(at(10))).await;
    assert_eq!(next_due(9, &[]).await, Some(at(10)));
    assert_eq!(next_due(0, &["b.example"]).await, Some(at(20)), "b is saturated");
    assert_eq!(next_due(9, &["a.example", "b.example"]).await, None);
    backend.advance(Duration::from_secs(10)).await;
    assert_eq!(next_due(0, &[]).await, Some(at(10)), "due, and not asked for");
    assert_eq!(claim(&*store, 9).await, [second]);
    assert_eq!(next_due(9, &[]).await, Some(at(20)), "the due one is claimed");
    backend.advance(Duration::from_secs(10)).await;
    owe(&*store, "c.example").await;
    assert_eq!(next_due(1, &[]).await, Some(at(20)), "a retry waits behind a first attempt");
    backend.advance(Duration::from_secs(5)).await;
    owe(&*store, "d.example").await;
    assert_eq!(next_due(0, &[]).await, Some(at(20)), "and was due before another one");
}

pub async fn a_claim_ends_with_its_owner(backend: &impl Backend) {
    let store = backend.open().await;
    let (_, id) = owe(&*store, "example.com").await;
    assert_eq!(claim(&*store, 9).await, [id]);
    drop(store);
    assert_eq!(claim(&*backend.open().await, 9).await, [id]);
}

pub async fn a_claim_brings_all_that_an_attempt_needs(backend: &impl Backend) {
    let store = backend.open().await;
    let mut spec = calling_back("https://example.com/hook");
    spec.env.insert("TOKEN".into(), "not for the receiver".into());
    let callback = spec.callback.as_mut().unwrap();
    callback.headers = vec![("x-b".into(), "2 ☃".into()), ("x-a".into(), "1".into())];
    callback.signing_secret = Some("whsec_x".into());
    let headers = callback.headers.clone();

    let new = NewExecution { start: true, ..queued(spec) };
    let accepted = store.accept(new).await.unwrap().execution;
    let mut owed = delivery(accepted.id, "example.com");
    owed.body = vec![0xFF; 3 * 1024 * 1024];
    let mut end = finish(accepted.id, Guard::Running(epoch(&accepted)), exited(0));
    end.delivery = Some(owed.clone());
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);

    let claimed = store.claim_deliveries(Rooms::total(1)).await.unwrap().due.remove(0);
    assert_eq!((claimed.id, claimed.event_id), (owed.id, owed.event_id));
    assert_eq!((claimed.execution_id, claimed.url), (accepted.id, owed.url));
    assert_eq!((claimed.host, claimed.payload_format), (owed.host, owed.payload_format));
    assert!(claimed.body == owed.body);
    assert_eq!((claimed.headers, claimed.signing_secrets), (headers, vec!["whsec_x".into()]));
    assert_eq!(claimed.attempts_made, 0);
}

pub async fn of_each_host_no_more_is_claimed_than_it_has_room_for(backend: &impl Backend) {
    let store = backend.open().await;
    let mut owed = Vec::new();
    for host in ["a.example", "a.example", "a.example", "b.example", "b.example"] {
        owed.push(owe(&*store, host).await.1);
    }
    let rooms = Rooms { total: 9, per_host: 2, other: [("b.example".to_owned(), 1)].into() };
    let claim = store.claim_deliveries(rooms.clone()).await.unwrap();
    assert_eq!(ids(&claim), [owed[0], owed[1], owed[3]]);
    assert_eq!((claim.next_due, claim.is_more), (None, true), "more is due of both");
    let none = Rooms { per_host: 0, other: [].into(), ..rooms.clone() };
    let claim = store.claim_deliveries(none).await.unwrap();
    assert_eq!((ids(&claim), claim.is_more), (vec![], false), "that there is no room was known");
    let claim = store.claim_deliveries(rooms).await.unwrap();
    assert_eq!((ids(&claim), claim.is_more), (vec![owed[2], owed[4]], false));
}

pub async fn what_comes_due_at_a_host_that_a_claim_has_filled_says_when_to_come_again(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (_, later) = owe(&*store, "a.example").await;
    assert_eq!(claim(&*store, 9).await, [later]);
    let soon = store_time(&*store).await.after(Duration::from_secs(5));
    record(&*store, later, 1, Next::RetryAt(soon)).await;
    let (_, first) = owe(&*store, "a.example").await;
    let one_each = Rooms { total: 9, per_host: 1, other: [].into() };
    let claim = store.claim_deliveries(one_each.clone()).await.unwrap();
    assert_eq!((ids(&claim), claim.next_due, claim.is_more), (vec![first], Some(soon), false));
    store.release_deliveries(&[first]).await.unwrap();

    // The same behind so much of another host that each host is looked at by itself.
    for _ in 0..150 {
        owe(&*store, "slow.example").await;
    }
    let rooms = Rooms { other: [("slow.example".to_owned(), 0)].into(), ..one_each };
    let claim = store.claim_deliveries(rooms.clone()).await.unwrap();
    assert_eq!((ids(&claim), claim.next_due, claim.is_more), (vec![first], Some(soon), false));
    store.release_deliveries(&[first]).await.unwrap();
    backend.advance(Duration::from_secs(5)).await;
    let claim = store.claim_deliveries(rooms).await.unwrap();
    assert_eq!((ids(&claim), claim.next_due, claim.is_more), (vec![first], None, true));
}

pub async fn a_long_backlog_of_one_host_stands_in_nobodys_way(backend: &impl Backend) {
    let store = backend.open().await;
    let mut slow = Vec::new();
    for _ in 0..250 {
        slow.push(owe(&*store, "slow.example").await.1);
    }
    backend.advance(Duration::from_secs(1)).await;
    let (_, first) = owe(&*store, "z.example").await;
    backend.advance(Duration::from_secs(1)).await;
    let (_, second) = owe(&*store, "a.example").await;
    let (_, third) = owe(&*store, "z.example").await;
    let rooms = Rooms { total: 9, per_host: 2, other: [("slow.example".to_owned(), 0)].into() };
    let claim = store.claim_deliveries(Rooms { total: 2, ..rooms.clone() }).await.unwrap();
    assert_eq!(ids(&claim), [first, second], "the longest due first, whatever its host");
    assert!(claim.next_due.is_some(), "more is due than was asked for");
    let claim = store.claim_deliveries(rooms).await.unwrap();
    assert_eq!((ids(&claim), claim.next_due), (vec![third], None));

    // One that is to be probed gives one, and the rest stays.
    let other = [("slow.example".to_owned(), 1)].into();
    let claim = store.claim_deliveries(Rooms { total: 9, per_host: 2, other }).await.unwrap();
    assert_eq!((ids(&claim), claim.is_more), (vec![slow[0]], true));
    let now = store_time(&*store).await;
    // A retry that is not due says when to come again, also behind such a backlog.
    record(&*store, first, 1, Next::RetryAt(now.after(Duration::from_secs(9)))).await;
    let other = [("slow.example".to_owned(), 0)].into();
    let claim = store.claim_deliveries(Rooms { total: 9, per_host: 2, other }).await.unwrap();
    assert_eq!((ids(&claim), claim.next_due), (vec![], Some(now.after(Duration::from_secs(9)))));
}
