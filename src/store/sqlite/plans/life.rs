//! Everything that can happen to executions and deliveries, with every verb of the contract.
//! Judges nothing; it is there to be listened to.

mod answers;
mod functions;
mod keys;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;

use super::super::super::{
    Announcement, AttemptMade, Clock, DeliveryPage, Finish, NewDelivery, NewExecution, NewRecovery,
    NewSigningSecret, Page, Prune, Purged, Redelivered, Requeued, Rooms, SealingKey, Settled,
    Store, Turn,
};
use super::super::reseal::{Survey, reseal, survey};
use super::super::{SqliteOptions, key_check};
use super::Heard;
use crate::domain::{
    Attempt, AttemptOutcome, Callback, CancelWish, Captured, DeliveryEnd, DeliveryId,
    DeliveryStatus, Ended, Endpoint, Epoch, EventId, EventType, Execution, ExecutionId,
    ExecutionSpec, Guard, IdempotencyKey, Invocation, KeyHolds, Next, Outcome, OwnerId,
    PayloadFormat, RecoveryId, Requeue, State, Tenant, Timestamp, Timings, Trigger,
};

const URL: &str = "https://example.com/hook";
const HOST: &str = "example.com:443";

/// Runs every verb of the contract, with all of its ways.
pub(super) async fn live(heard: &Heard) {
    let contract =
        concat!(include_str!("../../contract.rs"), include_str!("../../contract/keys.rs"));
    let ours = concat!(
        include_str!("life.rs"),
        include_str!("life/answers.rs"),
        include_str!("life/functions.rs"),
        include_str!("life/keys.rs")
    );
    for verb in contract.split("async fn ").skip(1) {
        let verb = verb.split('(').next().unwrap_or_default();
        assert!(ours.contains(&format!("store.{verb}(")), "{verb} is missing here");
    }
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(1_750_000_000_000));
    let options = || {
        let now = now.clone();
        SqliteOptions {
            dir: dir.path().join("data"),
            owner: OwnerId::generate(),
            key: SealingKey::from_bytes([7; 32]),
            clock: Clock::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst))),
        }
    };
    let store = heard.open(options()).unwrap();
    before_a_crash(&store).await;
    drop(store);
    now.fetch_add(3_600_000, Ordering::SeqCst);
    let store = heard.open(options()).unwrap();
    after_a_crash(&store).await;
    let owed = ends(&store).await;
    signing_secrets(&store).await;
    functions::live(&store).await;
    keys::live(&store).await;
    deliveries(&store, &owed).await;
    delivery_pages(&store).await;
    redeliveries(&store, &owed).await;
    reads(&store).await;
    drop(store);
    let rotated = || SqliteOptions { key: SealingKey::from_bytes([8; 32]), ..options() };
    let both = rotated().key.with_previous(options().key);
    rotation(heard, SqliteOptions { key: both, ..options() });
    let store = heard.open(rotated()).unwrap();
    now.fetch_add(3_600_000, Ordering::SeqCst);
    removals(&store).await;
}

fn tenant() -> Tenant {
    Tenant::default()
}

/// An execution that has whatever one can have.
async fn accept(store: &impl Store, start: bool) -> Execution {
    let callback = Callback {
        endpoint: Endpoint::new(URL, PayloadFormat::Standard),
        headers: vec![("x-a".into(), "1".into())],
        // Those that are started at once bring one; the others are signed with the tenant's.
        signing_secret: start.then(|| "whsec_x".into()),
    };
    let mut spec = ExecutionSpec::new("sh", "true");
    spec.queue_timeout = Some(Duration::from_secs(60));
    spec.labels = [("a".to_owned(), "x".to_owned())].into();
    spec.callback = Some(callback);
    let request_id = Some("mine".to_owned());
    // What waits are calls of a function, which has no secret of its own.
    spec.invocation =
        (!start).then(|| Invocation { function: functions::called(), version: 1, request_id });
    let id = ExecutionId::generate();
    let holds = KeyHolds::WithExecution;
    let key = IdempotencyKey { scope: "f".into(), key: id.to_string(), holds };
    let spec = Arc::new(spec);
    let (key_of, ahead) = (Some(key.clone()), Duration::from_secs(60));
    let answer = Some(answers::of(&key.key));
    let new = NewExecution { id, tenant: tenant(), spec, start, ahead, key: key_of, answer };
    let accepted = store.accept(new.clone()).await.unwrap();
    answers::are_kept(store, &new).await;
    assert!(accepted.is_new);
    assert!(!store.accept(NewExecution { answer: None, ..new }).await.unwrap().is_new);
    assert_eq!(store.keyed(&tenant(), &key).await.unwrap().map(|found| found.id), Some(id));
    accepted.execution
}

fn epoch(execution: &Execution) -> Epoch {
    let State::Running(run) = execution.state else { panic!("it does not run") };
    run.epoch
}

fn delivery(id: ExecutionId, event_type: EventType) -> NewDelivery {
    NewDelivery {
        id: DeliveryId::generate(),
        event_id: match event_type.is_terminal() {
            true => EventId::from(id),
            false => EventId::generate(),
        },
        event_type,
        tenant: tenant(),
        url: URL.into(),
        host: HOST.into(),
        payload_format: PayloadFormat::Standard,
        body: b"{}".to_vec(),
        schedule: None,
        attempts_max: 3,
        max_age: None,
    }
}

async fn finish(store: &impl Store, id: ExecutionId, guard: Guard, now: Timestamp) -> DeliveryId {
    finish_for(store, (id, guard, now), HOST).await
}

async fn finish_for(
    store: &impl Store,
    (id, guard, now): (ExecutionId, Guard, Timestamp),
    host: &str,
) -> DeliveryId {
    let ended = Ended {
        stdout: Captured::whole(b"some output".to_vec()),
        ..Ended::without_output(Outcome::Exited { code: 0 }, None, now)
    };
    let delivery = NewDelivery { host: host.to_owned(), ..delivery(id, EventType::Completed) };
    let owed = delivery.id;
    let finish = Finish { id, guard, ended, delivery: Some(delivery) };
    assert_eq!(store.finish(finish.into()).await.unwrap(), Settled::Written);
    owed
}

/// Leaves executions that run and that wait.
async fn before_a_crash(store: &impl Store) {
    let cancelled = accept(store, true).await;
    store.wish_cancelled(cancelled.id, CancelWish::default()).await.unwrap();
    accept(store, true).await;
    accept(store, false).await;
    accept(store, false).await;
    let started =
        store.start(&[Turn { tenant: tenant(), at_most: 1 }]).await.unwrap().remove(0).execution;
    let requeued = store.requeue(started.id, epoch(&started), Requeue::Drained).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    let unwanted = store.requeue(cancelled.id, epoch(&cancelled), Requeue::Drained).await.unwrap();
    assert_eq!(unwanted, Requeued::Unwanted(CancelWish::default()));
    assert_eq!(store.situation().await.unwrap().running.len(), 2);
}

/// Finds what was left, and ends it.
async fn after_a_crash(store: &impl Store) {
    let orphans = store.orphans(None, 9).await.unwrap();
    assert_eq!(orphans.len(), 2);
    for orphan in &orphans {
        let execution = &orphan.execution;
        let guard = Guard::Running(epoch(execution));
        finish(store, execution.id, guard, execution.created_at).await;
    }
    assert!(store.orphans(Some(orphans[0].execution.id), 9).await.unwrap().is_empty());
    let overdue = store.overdue(9).await.unwrap();
    assert_eq!(overdue.len(), 2);
    for waiting in overdue {
        let execution = waiting.execution;
        finish(store, execution.id, Guard::Queued, execution.created_at).await;
    }
}

/// Ends what has just been started, and answers what is owed for it.
async fn ends(store: &impl Store) -> Vec<DeliveryId> {
    let mut owed = Vec::new();
    for _ in 0..3 {
        accept(store, false).await;
        let started = store
            .start(&[Turn { tenant: tenant(), at_most: 1 }])
            .await
            .unwrap()
            .remove(0)
            .execution;
        let guard = Guard::Running(epoch(&started));
        let (execution, epoch) = (started.id, epoch(&started));
        let told = delivery(execution, EventType::Started);
        let told_id = told.id;
        let announcement = Announcement { execution, epoch, delivery: told };
        assert_eq!(store.announce(announcement).await.unwrap(), Settled::Written);
        record(store, told_id, 1, 0, Next::Delivered).await;
        let delivery = delivery(execution, EventType::Output);
        let announcement = Announcement { execution, epoch, delivery };
        assert_eq!(store.announce(announcement.clone()).await.unwrap(), Settled::Written);
        // One at a time.
        assert_eq!(store.announce(announcement).await.unwrap(), Settled::Stale);
        owed.push(finish(store, started.id, guard, started.created_at).await);
    }
    accept(store, true).await;
    accept(store, false).await;
    owed
}

/// Makes some, and removes one; that of the tenant stays, for what is delivered without one.
async fn signing_secrets(store: &impl Store) {
    for name in ["", "of a function"] {
        let overlap = Some(Duration::from_secs(60));
        let new = NewSigningSecret {
            tenant: tenant(),
            name: name.into(),
            secret: "whsec_x".into(),
            overlap,
        };
        store.put_signing_secret(new.clone()).await.unwrap();
        store.put_signing_secret(new).await.unwrap();
        assert!(store.signing_secret(&tenant(), name).await.unwrap().is_some());
    }
    assert_eq!(store.signing_secrets(&tenant(), "").await.unwrap().len(), 2);
    assert!(store.remove_signing_secret(&tenant(), "of a function").await.unwrap());
}

async fn deliveries(store: &impl Store, owed: &[DeliveryId]) {
    let claim = store.claim_deliveries(Rooms::total(99)).await.unwrap();
    let ids: Vec<_> = claim.due.iter().map(|due| due.id).collect();
    assert!(owed.iter().all(|id| ids.contains(id)));
    store.release_deliveries(&ids).await.unwrap();
    assert!(store.oldest().await.unwrap().due.is_some());
    assert!(store.count_pending().await.unwrap() >= owed.len());
    store.release_deliveries_but(&[]).await.unwrap();
    let later = claim.due.first().map(|_| Timestamp::from_millis(i64::MAX)).unwrap();
    let nexts = [Next::Delivered, Next::RetryAt(later), Next::End(DeliveryEnd::Attempts)];
    for (delivery, next) in owed.iter().zip(nexts) {
        record(store, *delivery, 1, 0, next).await;
    }
}

async fn record(store: &impl Store, id: DeliveryId, number: u32, wishes: u32, next: Next) {
    let attempt = Attempt {
        number,
        trigger: Trigger::Schedule,
        started_at: Timestamp::from_millis(0),
        address: None,
        request_headers: Vec::new(),
        outcome: AttemptOutcome::default(),
        timings: Timings::default(),
        next_attempt_at: None,
    };
    let made = AttemptMade { delivery: id, wishes, attempt, next };
    store.record_attempt(made).await.unwrap();
}

/// Makes what was given up due again, and has it recovered.
async fn redeliveries(store: &impl Store, owed: &[DeliveryId]) {
    let redelivered = store.redeliver(&tenant(), owed[0], 3).await.unwrap();
    assert!(matches!(redelivered, Redelivered::Due(_)));
    let (since, until) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    for host in [None, Some("example.com".to_owned())] {
        let id = RecoveryId::generate();
        let wish = NewRecovery { id, tenant: tenant(), since, until, host, matched_max: 9 };
        store.begin_recovery(wish, Some(answers::of(&id.to_string()))).await.unwrap();
        store.recoveries_to_do().await.unwrap();
        let recovered = store.recover(id, 9, 3).await.unwrap();
        assert!(recovered.is_some_and(|recovered| recovered.is_done));
        assert!(store.recovery(&tenant(), id).await.unwrap().is_some());
    }
    // So many of a host without room that the hosts are gone through one by one.
    for _ in 0..150 {
        let id = accept(store, true).await.id;
        finish(store, id, Guard::Running(Epoch(1)), since).await;
    }
    let id = accept(store, true).await.id;
    let other = finish_for(store, (id, Guard::Running(Epoch(1)), since), "other.example:443").await;
    let rooms = Rooms { other: [(HOST.to_owned(), 0)].into(), ..Rooms::total(9) };
    let claim = store.claim_deliveries(rooms).await.unwrap();
    assert_eq!(claim.due.iter().map(|due| due.id).collect::<Vec<_>>(), [other]);
    let more = store.claim_deliveries(Rooms::total(9)).await.unwrap();
    for delivery in claim.due.into_iter().chain(more.due) {
        let next = Next::Delivered;
        record(store, delivery.id, delivery.attempts_made + 1, delivery.wishes, next).await;
    }
}

async fn delivery_pages(store: &impl Store) {
    let statuses = DeliveryStatus::ALL.map(Some).into_iter().chain([None]);
    for status in statuses {
        for number in 0..16 {
            let wants = |bit: u32| number & (1 << bit) != 0;
            let at = Timestamp::from_millis(i64::MAX);
            let page = DeliveryPage {
                limit: 9,
                status,
                before: wants(0).then_some((at, DeliveryId::generate())),
                host: wants(1).then(|| "example.com".to_owned()),
                since: wants(2).then_some(Timestamp::from_millis(0)),
                until: wants(2).then_some(at),
                event_type: wants(3).then_some(EventType::Completed),
            };
            for delivery in store.delivery_page(&tenant(), page).await.unwrap() {
                assert!(store.delivery(&tenant(), delivery.id).await.unwrap().is_some());
            }
        }
    }
}

async fn reads(store: &impl Store) {
    assert_eq!(store.stopped().now_or_never(), None);
    let all = Page { limit: 99, ..Page::default() };
    let ids: Vec<_> =
        store.executions(&tenant(), all.clone()).await.unwrap().iter().map(|e| e.id).collect();
    for page in super::filtered() {
        let before = page.before.and(ids.first().copied());
        store.execution_page(&tenant(), Page { before, ..page }).await.unwrap();
    }
    for id in ids {
        assert!(store.execution(&tenant(), id).await.unwrap().is_some());
        assert!(store.deliveries(&tenant(), id).await.unwrap().is_some());
    }
    store.census().await.unwrap();
    store.check().await.unwrap();
}

/// Seals everything with the first key, as a rotation does.
fn rotation(heard: &Heard, options: SqliteOptions) {
    let mut writer = heard.connections(&options).unwrap().writer;
    let count = |survey: Survey| (survey.by_key[0], survey.by_key[1], survey.unreadable.len());
    let (new, old, unreadable) = count(survey(&writer, &options.key).unwrap());
    assert!((new, unreadable) == (0, 0) && old > 2, "{old} are sealed with the old key");
    assert_eq!(reseal(&mut writer, &options.key, &mut |_| {}).unwrap(), old);
    assert_eq!(count(survey(&writer, &options.key).unwrap()), (old, 0, 0));
    key_check::admit(&writer, &options.key).unwrap();
    key_check::settle(&mut writer, &options.key).unwrap();
}

async fn removals(store: &impl Store) {
    let all = Page { limit: 999, ..Page::default() };
    let mut purged = Vec::new();
    for execution in store.executions(&tenant(), all).await.unwrap() {
        purged.push(store.purge(&tenant(), execution.id).await.unwrap());
        if purged.contains(&Purged::Removed) {
            break;
        }
    }
    assert!(purged.contains(&Purged::Removed), "{purged:?}");
    let age = Some(Duration::ZERO);
    let prune = Prune { age, failed_age: age, count_max: Some(1000), batch: 1, after: None };
    let (mut removed, mut after) = (0, None);
    loop {
        let pruned = store.prune(Prune { after, ..prune.clone() }).await.unwrap();
        removed += pruned.removed;
        after = pruned.next;
        if after.is_none() {
            break;
        }
    }
    assert!(removed >= 1, "{removed}");
    answers::are_forgotten(store).await;
}
