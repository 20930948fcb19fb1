//! A database of an earlier version: it is brought up to date when it is opened, and what is in it
//! means what it meant then.

use std::fs;
use std::time::Duration;

use refinery::Target;
use ringback::domain::{
    Cause, DeliveryId, Ended, Entrypoint, ExecutionId, ExecutionSpec, Limits, Next, OnOutputLimit,
    Outcome, Tenant, Trigger,
};
use ringback::store::{AttemptMade, Page, Prune, Redelivered, Rooms, Store};
use rusqlite::Connection;
use uuid::Uuid;

use super::SqliteBackend;
use crate::support::{NOW, attempt, read, turns};

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// A database as the first version left it, with one execution that waits and one that has ended,
/// in this order.
fn first_version(backend: &SqliteBackend, ids: [Uuid; 2]) {
    let dir = backend.options().dir;
    fs::create_dir(&dir).unwrap();
    let mut database = Connection::open(dir.join("ringback.db")).unwrap();
    let runner = embedded::migrations::runner().set_target(Target::Version(1));
    runner.run(&mut database).unwrap();
    for id in ids.map(Uuid::into_bytes) {
        let insert = "INSERT INTO executions
                (id, tenant, language, created_at, timeout_ms, labels, metadata)
             VALUES (?1, 'default', 'sh', ?2, 1000, '{}', '{}')";
        database.execute(insert, (id, NOW.as_millis())).unwrap();
        let insert = "INSERT INTO specs (id, on_interrupt, output_bytes, working_dir, code)
             VALUES (?1, 'fail', 7, 'own', 'true')";
        database.execute(insert, [id]).unwrap();
    }
    let [waits, ended] = ids.map(Uuid::into_bytes);
    let insert = "INSERT INTO queue (id, tenant, state, epoch, attempt)
         VALUES (?1, 'default', 'queued', 0, 1)";
    database.execute(insert, [waits]).unwrap();
    let update = "UPDATE executions SET status = 'completed', cause = 'exited', exit_code = 0,
            started_at = ?2, completed_at = ?2
         WHERE id = ?1";
    database.execute(update, (ended, NOW.as_millis())).unwrap();
}

#[tokio::test]
async fn what_the_first_version_kept_means_what_it_meant() {
    let backend = SqliteBackend::new();
    let ids = [Uuid::now_v7(), Uuid::now_v7()];
    first_version(&backend, ids);
    let [waits, ended] = ids.map(ringback::domain::ExecutionId::from_uuid);
    let store = backend.open_sqlite();

    let end = read(&store, ended).await.ended().cloned();
    let outcome = Outcome::Exited { code: 0 };
    assert_eq!(end, Some(Ended::without_output(outcome, Some(NOW), NOW)));

    let started = store.start(&turns(9)).await.unwrap();
    assert_eq!(started.iter().map(|started| started.execution.id).collect::<Vec<_>>(), [waits]);
    let spec: &ExecutionSpec = &started[0].spec;
    assert_eq!((spec.limits, spec.on_output_limit), (Limits::default(), OnOutputLimit::Truncate));
    assert!(spec.network, "programs had the network then");
    assert_eq!((spec.code.as_str(), spec.output_bytes), ("true", 7));
    assert_eq!((&spec.entrypoint, &spec.invocation), (&Entrypoint::Script, &None));
    let calls = Page { limit: 9, function: Some("f".parse().unwrap()), ..Page::default() };
    assert_eq!(store.executions(&Tenant::default(), calls).await.unwrap(), [], "nobody's call");
}

/// A database as the version before deliveries could be listed left it: an execution that has ended
/// for each of these, by its delivery's status, each tried once.
fn third_version(backend: &SqliteBackend, deliveries: &[(Uuid, Uuid, &str)]) {
    let dir = backend.options().dir;
    fs::create_dir(&dir).unwrap();
    let mut database = Connection::open(dir.join("ringback.db")).unwrap();
    let runner = embedded::migrations::runner().set_target(Target::Version(3));
    runner.run(&mut database).unwrap();
    for (execution, id, status) in deliveries {
        let (execution, id) = (execution.into_bytes(), id.into_bytes());
        let insert = "INSERT INTO executions (id, tenant, language, created_at, timeout_ms,
                callback_url, payload_format, labels, metadata, status, started_at, completed_at,
                cause, exit_code)
             VALUES (?1, 'theirs', 'sh', ?2, 1000, 'https://example.com/', 'standard', '{}', '{}',
                'completed', ?2, ?2, 'exited', 0)";
        database.execute(insert, (execution, NOW.as_millis())).unwrap();
        let insert = "INSERT INTO specs (id, on_interrupt, output_bytes, working_dir, code)
             VALUES (?1, 'fail', 7, 'own', 'true')";
        database.execute(insert, [execution]).unwrap();
        let next = (*status == "pending").then_some(NOW.as_millis());
        let ended_by = (*status == "exhausted").then_some("gone");
        let insert = "INSERT INTO deliveries (id, execution_id, event_id, event_type, host,
                payload_format, status, ended_by, attempts_made, is_retry, attempts_max,
                next_attempt_at, created_at, url, body)
             VALUES (?1, ?2, ?2, 'execution.completed', 'example.com:443', 'standard', ?3, ?4, 1, 1,
                9, ?5, ?6, 'https://example.com/', x'7b7d')";
        database.execute(insert, (id, execution, status, ended_by, next, NOW.as_millis())).unwrap();
        let insert = "INSERT INTO attempts (delivery_id, number, trigger, started_at, status_code,
                error_class, total_us, response_truncated, error, response_headers, response_body)
             VALUES (?1, 1, 'schedule', ?2, 410, 'status', 7000, 0, 'It was not taken.',
                '[[\"server\",\"x\"]]', 'gone')";
        database.execute(insert, (id, NOW.as_millis())).unwrap();
    }
}

#[tokio::test]
async fn deliveries_of_the_third_version_are_still_owed_and_can_be_made_again() {
    let backend = SqliteBackend::new();
    let made = |status| (Uuid::now_v7(), Uuid::now_v7(), status);
    let kept = [made("pending"), made("exhausted"), made("delivered")];
    third_version(&backend, &kept);
    let store = backend.open_sqlite();
    let tenant = Tenant::new("theirs");
    for (execution, id, status) in kept {
        let execution = ExecutionId::from_uuid(execution);
        let found = store.deliveries(&tenant, execution).await.unwrap().unwrap();
        let [delivery] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((delivery.id, delivery.status.as_str()), (DeliveryId::from_uuid(id), status));
        assert_eq!((delivery.attempts_made, delivery.attempts_max), (1, 9));
        assert_eq!(delivery.attempts[0].outcome.status_code, Some(410));
        assert_eq!(delivery.attempts[0].outcome.response_body, "gone");
    }
    let [pending, exhausted, _] = kept.map(|(_, id, _)| DeliveryId::from_uuid(id));
    let due = store.claim_deliveries(Rooms::total(9)).await.unwrap().due;
    let [due] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!((due.id, due.attempts_made, due.round_made), (pending, 1, 1));
    assert_eq!((due.body.as_slice(), due.trigger), (&b"{}"[..], Trigger::Schedule));
    let attempt = AttemptMade {
        delivery: pending,
        wishes: due.wishes,
        attempt: attempt(2),
        next: Next::Delivered,
    };
    assert_eq!(store.record_attempt(attempt).await.unwrap().next_due, None);
    let again = store.redeliver(&tenant, exhausted, 9).await.unwrap();
    assert!(matches!(again, Redelivered::Due(delivery) if delivery.id == exhausted));
    let age = Some(Duration::ZERO);
    let prune = Prune { age, failed_age: age, count_max: None, batch: 9, after: None };
    assert_eq!(store.prune(prune).await.unwrap().removed, 2, "the third is owed again");
}

/// A database as the version left it before executions could be found by their labels: one with these.
fn sixth_version(backend: &SqliteBackend, id: Uuid, labels: &str) {
    let dir = backend.options().dir;
    fs::create_dir(&dir).unwrap();
    let mut database = Connection::open(dir.join("ringback.db")).unwrap();
    let runner = embedded::migrations::runner().set_target(Target::Version(6));
    runner.run(&mut database).unwrap();
    let insert = "INSERT INTO executions
            (id, tenant, language, created_at, timeout_ms, labels, metadata, status, cause, limit_ms,
             completed_at)
         VALUES (?1, 'default', 'sh', ?2, 1000, ?3, '{}', 'failed', 'timeout', 1000, ?2)";
    database.execute(insert, (id.into_bytes(), NOW.as_millis(), labels)).unwrap();
}

#[tokio::test]
async fn executions_of_before_are_found_by_their_labels_and_go_with_them() {
    let backend = SqliteBackend::new();
    let id = Uuid::now_v7();
    let labels = [("größe", "☃ 'x' \" \\ \n"), ("", ""), ("a", "1")];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let kept: std::collections::BTreeMap<_, _> = labels.clone().into();
    sixth_version(&backend, id, &serde_json::to_string(&kept).unwrap());
    let store = backend.open_sqlite();
    let found = async |page: Page| {
        let page = Page { limit: 9, ..page };
        let found = store.executions(&Tenant::default(), page).await.unwrap();
        found.iter().map(|execution| execution.id).collect::<Vec<_>>()
    };
    let id = ExecutionId::from_uuid(id);
    for label in labels {
        let one = [label].into();
        assert_eq!(found(Page { labels: one, ..Page::default() }).await, [id]);
    }
    let all = Page { labels: kept, cause: Some(Cause::Timeout), ..Page::default() };
    assert_eq!(found(all.clone()).await, [id]);
    assert_eq!(found(Page { language: Some("sh".into()), ..Page::default() }).await, [id]);
    let purged = store.purge(&Tenant::default(), id).await.unwrap();
    assert_eq!(purged, ringback::store::Purged::Removed);
    drop(store);
    let database = Connection::open(backend.options().dir.join("ringback.db")).unwrap();
    let left = "SELECT count(*) FROM execution_labels";
    assert_eq!(database.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
