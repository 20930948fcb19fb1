//! What is in the database file: everything that was answered, and no secret.
//! Breaks rows on purpose to see what becomes of their neighbours.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ringback::domain::{Captured, Ended, ExecutionId, Guard, Outcome};
use ringback::store::{
    ApiKey, Finish, NewExecution, NewSigningSecret, Rooms, SqliteOptions, SqliteStore, Store,
    StoreError,
};
use rusqlite::Connection;

use super::SqliteBackend;
use crate::support::{
    Backend, NOW, calling_back, delivery, epoch, exited, finish, ids, owe, page, plain, queued,
    read, running, tenant,
};

fn contains(dir: &Path, text: &str) -> bool {
    let files = fs::read_dir(dir).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test]
async fn no_secret_is_in_any_file_in_the_clear() {
    let backend = SqliteBackend::new();
    let dir = backend.options().dir;
    let store = backend.open_sqlite();
    let mut spec = calling_back("https://example.com/hook");
    spec.code = "print('plain code')".into();
    spec.env.insert("TOKEN".into(), "secret-of-env".into());
    let callback = spec.callback.as_mut().unwrap();
    callback.headers.push(("authorization".into(), "secret-of-header".into()));
    callback.signing_secret = Some("secret-of-signature".into());
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    let end = Finish {
        delivery: Some(delivery(accepted.id, "example.com")),
        ..finish(accepted.id, Guard::Running(epoch(&accepted)), exited(0))
    };
    let _ = store.finish(end.into()).await.unwrap();
    for secret in ["secret-of-tenant-1", "secret-of-tenant-2"] {
        let (name, overlap) = (String::new(), Some(Duration::from_secs(60)));
        let new = NewSigningSecret { tenant: tenant(), name, secret: secret.into(), overlap };
        store.put_signing_secret(new).await.unwrap();
    }

    let check = |when: &str| {
        assert!(contains(&dir, "print('plain code')"), "{when}: the search works");
        for secret in
            ["secret-of-env", "secret-of-header", "secret-of-signature", "secret-of-tenant"]
        {
            assert!(!contains(&dir, secret), "{when}: {secret}");
        }
    };
    check("in the log");
    drop(store);
    check("in the database");
}

/// One of each kind of thing that can be kept.
async fn fill(store: &dyn Store) -> Vec<ExecutionId> {
    let queued = store.accept(plain()).await.unwrap().execution.id;
    let running = store.accept(running()).await.unwrap().execution.id;
    let (owed, _) = owe(store, "example.com").await;
    let cancelled = store.accept(plain()).await.unwrap().execution.id;
    let outcome = Outcome::Cancelled { reason: None, by: None, exit: None };
    let end = Ended {
        stdout: Captured::whole(vec![0xFF; 100_000]),
        ..Ended::without_output(outcome, None, NOW)
    };
    let _ = store.finish(finish(cancelled, Guard::Queued, end).into()).await.unwrap();
    let (id, name, scopes) = ("id".into(), "name".into(), vec!["admin".into()]);
    let key = ApiKey { id, name, tenant: tenant(), scopes, sha256: [1; 32] };
    store.add_api_key(key).await.unwrap();
    vec![queued, running, owed, cancelled]
}

/// All that can be read of what [`fill`] has made, as one text.
async fn everything(store: &dyn Store, ids: &[ExecutionId]) -> String {
    let mut text = String::new();
    for id in ids {
        let owed = store.deliveries(&tenant(), *id).await.unwrap();
        text += &format!("{:?}\n{owed:?}\n", read(store, *id).await);
    }
    let listed = store.executions(&tenant(), page(100)).await.unwrap();
    let (census, keys) = (store.census().await.unwrap(), store.api_keys(None).await.unwrap());
    text + &format!("{listed:?}\n{census:?}\n{keys:?}")
}

#[tokio::test]
async fn everything_is_there_again_after_closing_and_opening() {
    let backend = SqliteBackend::new();
    let store = backend.open().await;
    let ids = fill(&*store).await;
    let before = everything(&*store, &ids).await;
    drop(store);
    let left = fs::read_dir(backend.options().dir).unwrap().count();
    assert_eq!(left, 3, "closed in order: the database, the lock, the stamp of keys, and no log");
    assert_eq!(everything(&*backend.open().await, &ids).await, before);
}

#[tokio::test]
async fn everything_that_was_answered_is_in_the_files_without_closing() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    let ids = fill(&store).await;
    // What a killed server leaves: the files as they are while it runs.
    let copy = SqliteBackend::new().options();
    let scratch = tempfile::tempdir().unwrap();
    let copy = SqliteOptions { dir: scratch.path().to_owned(), ..copy };
    for name in ["ringback.db", "ringback.db-wal"] {
        fs::copy(backend.options().dir.join(name), scratch.path().join(name)).unwrap();
    }
    let revived = SqliteStore::open(copy).unwrap();
    assert_eq!(everything(&revived, &ids).await, everything(&store, &ids).await);
    assert_eq!(revived.orphans(None, 9).await.unwrap().len(), 1);
}

fn break_row(backend: &SqliteBackend, sql: &str) {
    let database = Connection::open(backend.options().dir.join("ringback.db")).unwrap();
    assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
}

#[tokio::test]
async fn a_broken_row_is_an_error_that_names_it_and_no_panic() {
    let cases = [
        ("UPDATE executions SET metadata = '{'", "metadata"),
        ("UPDATE executions SET labels = '[]'", "labels"),
        ("UPDATE executions SET timeout_ms = -1", "timeout_ms is -1"),
        ("UPDATE executions SET attempt = 'x' || attempt", "attempt"),
        ("UPDATE executions SET exit_code = NULL", "`exited` lacks"),
        ("UPDATE executions SET cause = 'bored'", "cause is `bored`"),
        ("UPDATE executions SET cause = 'memory_limit'", "`memory_limit` lacks"),
        ("UPDATE executions SET descendants_killed = -1", "-1"),
        (
            "INSERT INTO queue (id, tenant, state, epoch, attempt)
            SELECT id, tenant, 'queued', 9, 1 FROM executions",
            "both ended and not ended",
        ),
    ];
    for (sql, what) in cases {
        let backend = SqliteBackend::new();
        let store = backend.open_sqlite();
        let (id, _) = owe(&store, "example.com").await;
        drop(store);
        let database = Connection::open(backend.options().dir.join("ringback.db")).unwrap();
        // A typed table refuses what has another type; nothing to read back then.
        if database.execute(sql, []).is_err() {
            assert!(what == "attempt", "{sql}");
            continue;
        }
        drop(database);
        let error = backend.open_sqlite().execution(&tenant(), id).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{sql}: {error:?}");
        assert!(error.to_string().contains(what), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_holds_up_no_other() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    let (_, broken) = owe(&store, "broken.example").await;
    let (_, sound) = owe(&store, "sound.example").await;
    drop(store);
    let sql = "UPDATE deliveries SET payload_format = 'pigeon' WHERE host = 'broken.example'";
    break_row(&backend, sql);
    let store = backend.open_sqlite();
    let claim = store.claim_deliveries(Rooms::total(9)).await.unwrap();
    assert_eq!(ids(&claim), [sound]);
    assert_eq!(claim.next_due, None, "nobody is sent round in circles for {broken}");
}

#[tokio::test]
async fn a_record_that_has_ended_never_ends_again_whatever_the_queue_says() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    let (id, _) = owe(&store, "example.com").await;
    drop(store);
    let add = "INSERT INTO queue (id, tenant, state, epoch, attempt)
        SELECT id, tenant, 'queued', 9, 1 FROM executions";
    break_row(&backend, add);
    let store = backend.open_sqlite();
    let again = Finish {
        delivery: Some(delivery(id, "example.com")),
        ..finish(id, Guard::Queued, exited(1))
    };
    assert_eq!(store.finish(again.into()).await.unwrap(), ringback::store::Settled::Stale);
    assert_eq!(store.deliveries(&tenant(), id).await.unwrap().unwrap().len(), 1);
}
