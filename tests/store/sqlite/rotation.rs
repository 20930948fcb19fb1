//! Another sealing key: everything is sealed anew with it and opens, and nothing opens with the old
//! one any more. That it may be killed on the way is tested where servers are.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use ringback::domain::{ExecutionSpec, Secret};
use ringback::store::{
    KeySource, NewExecution, NewSigningSecret, Rooms, Rotated, Rotation, SealingKey, SqliteOptions,
    SqliteStore, Store, StoreError, key_use,
};
use rusqlite::Connection;

use super::SqliteBackend;
use crate::support::{owe, queued, tenant, turns};

/// More than are looked at for two transactions.
const MANY: usize = 450;

fn key(byte: u8) -> SealingKey {
    SealingKey::from_bytes([byte; 32])
}

fn with(backend: &SqliteBackend, key: SealingKey) -> SqliteOptions {
    SqliteOptions { key, ..backend.options() }
}

fn open(backend: &SqliteBackend, key: SealingKey) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(with(backend, key))
}

/// Keeps so many executions with a secret, and the signing secrets of two tenants.
async fn fill(store: &SqliteStore, count: usize) {
    let accept = |number: usize| {
        let mut spec = ExecutionSpec::new("sh", "true");
        spec.env.insert("TOKEN".into(), Secret::new(format!("secret {number}")));
        store.accept(NewExecution { start: true, ..queued(spec) })
    };
    join_all((0..count).map(accept)).await.into_iter().for_each(|accepted| drop(accepted.unwrap()));
    // One without a secret is passed over.
    store.accept(queued(ExecutionSpec::new("sh", "true"))).await.unwrap();
    put(store, "old").await;
    put(store, "new").await;
    owe(store, "example.com").await;
}

async fn put(store: &SqliteStore, secret: &str) {
    let overlap = Some(std::time::Duration::from_secs(60));
    let (tenant, name) = (tenant(), String::new());
    let new = NewSigningSecret { tenant, name, secret: secret.into(), overlap };
    store.put_signing_secret(new).await.unwrap();
}

/// Everything that [`fill`] has kept opens and is what it was.
async fn opens_all(store: &SqliteStore, count: usize) {
    let orphans = store.orphans(None, count + 9).await.unwrap();
    assert_eq!(orphans.len(), count);
    for orphan in orphans {
        let ringback::domain::State::Running(run) = orphan.execution.state else { panic!() };
        let why = ringback::domain::Requeue::Drained;
        let _ = store.requeue(orphan.execution.id, run.epoch, why).await.unwrap();
    }
    let started = store.start(&turns(count + 9)).await.unwrap();
    let mut secrets: Vec<_> = started
        .iter()
        .filter_map(|started| started.spec.env.get("TOKEN"))
        .map(|secret| secret.expose().to_owned())
        .collect();
    secrets.sort();
    let mut expected: Vec<_> = (0..count).map(|number| format!("secret {number}")).collect();
    expected.sort();
    assert_eq!(secrets, expected);
    let claimed = store.claim_deliveries(Rooms::total(9)).await.unwrap().due.remove(0);
    assert_eq!(claimed.signing_secrets, ["new", "old"].map(Secret::from));
}

/// Every sealed value as it lies in the database.
fn sealed(dir: &Path) -> Vec<Vec<u8>> {
    let database = Connection::open(dir.join("ringback.db")).unwrap();
    let sql = "SELECT sealed FROM specs WHERE sealed IS NOT NULL
        UNION ALL SELECT current FROM signing_secrets
        UNION ALL SELECT previous FROM signing_secrets
        UNION ALL SELECT value FROM facts WHERE name LIKE 'key_check%'";
    let mut select = database.prepare(sql).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn rotate(backend: &SqliteBackend, source: KeySource) -> Result<(Rotated, Vec<u64>), StoreError> {
    let SqliteOptions { dir, clock, .. } = backend.options();
    let mut told = Vec::new();
    let rotated = Rotation { dir, source, clock }.run(&mut |count| told.push(count))?;
    Ok((rotated, told))
}

/// A key file in the data directory with these keys, one a line.
fn key_file(backend: &SqliteBackend, bytes: &[u8]) -> KeySource {
    let path = backend.options().dir.join("secrets.key");
    let lines = bytes.iter().map(|&byte| STANDARD.encode([byte; 32]) + "\n");
    fs::write(&path, lines.collect::<String>()).unwrap();
    KeySource::File(path)
}

fn in_file(source: &KeySource) -> SealingKey {
    let KeySource::File(path) = source else { panic!("not in a file") };
    SealingKey::load(path).unwrap().unwrap()
}

#[tokio::test]
async fn with_a_key_in_a_file_all_is_sealed_with_a_new_one_and_the_old_one_opens_nothing() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    fill(&store, MANY).await;
    drop(store);
    let dir = backend.options().dir;
    let source = key_file(&backend, &[7]);
    let before = sealed(&dir);
    let (rotated, told) = rotate(&backend, source.clone()).unwrap();

    let new = in_file(&source);
    assert_eq!(new.fingerprints(), [rotated.key]);
    assert_eq!((rotated.retired, rotated.unreadable.len()), (key(7).fingerprints(), 0));
    assert_eq!((rotated.resealed, rotated.went_on), (MANY as u64 + 2, false));
    assert!(told.len() > 2 && told.is_sorted(), "more than one transaction: {told:?}");
    assert_eq!(told.last(), Some(&rotated.resealed));
    assert!(!dir.join("ringback.db-wal").exists(), "the log has what was there before as well");
    let after = sealed(&dir);
    assert_eq!(after.len(), before.len());
    assert!(!after.iter().any(|value| before.contains(value)), "every value is another one");
    assert!(matches!(open(&backend, key(7)), Err(StoreError::WrongKey)));
    opens_all(&open(&backend, new).unwrap(), MANY).await;
}

#[tokio::test]
async fn with_given_keys_all_is_sealed_with_the_first_and_the_others_may_go() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    fill(&store, 3).await;
    drop(store);
    let both = key(8).with_previous(key(7));
    let used = key_use(&backend.options().dir, &KeySource::Given(both.clone())).unwrap();
    let [new, old] = both.fingerprints()[..] else { panic!("two keys") };
    assert_eq!((used.keys, used.unreadable.len()), (vec![(new, 0), (old, 5)], 0));

    let (rotated, told) = rotate(&backend, KeySource::Given(both.clone())).unwrap();
    assert_eq!((rotated.key, rotated.retired), (new, vec![old]));
    assert_eq!((rotated.resealed, told), (5, vec![3, 5]));
    let again = rotate(&backend, KeySource::Given(both.clone())).unwrap().0;
    assert_eq!(again.resealed, 0, "there is nothing left to do");
    let used = key_use(&backend.options().dir, &KeySource::Given(both)).unwrap();
    assert_eq!(used.keys, [(new, 5), (old, 0)]);
    assert!(matches!(open(&backend, key(7)), Err(StoreError::WrongKey)));
    opens_all(&open(&backend, key(8)).unwrap(), 3).await;
}

/// Without that, a key could be taken out of the configuration with values still sealed by it.
#[tokio::test]
async fn no_key_may_be_missing_that_anything_was_sealed_with_until_a_rotation_is_through() {
    let backend = SqliteBackend::new();
    put(&backend.open_sqlite(), "sealed with 7").await;
    put(&open(&backend, key(8).with_previous(key(7))).unwrap(), "sealed with 8").await;
    let three = key(9).with_previous(key(8)).with_previous(key(7));
    put(&open(&backend, three.clone()).unwrap(), "sealed with 9").await;
    for keys in [key(9), key(9).with_previous(key(8)), key(9).with_previous(key(7)), key(7)] {
        let refused = open(&backend, keys.clone());
        assert!(matches!(refused, Err(StoreError::WrongKey)), "{:?}", keys.fingerprints());
        let refused = rotate(&backend, KeySource::Given(keys));
        assert!(matches!(refused, Err(StoreError::WrongKey)));
    }
    rotate(&backend, KeySource::Given(three)).unwrap();
    drop(open(&backend, key(9)).unwrap());
}

#[tokio::test]
async fn a_rotation_that_was_begun_is_brought_to_its_end_with_the_key_that_it_has() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    fill(&store, 3).await;
    drop(store);
    let source = key_file(&backend, &[8, 7]);
    let rotated = rotate(&backend, source.clone()).unwrap().0;
    assert!(rotated.went_on);
    assert_eq!(in_file(&source).fingerprints(), key(8).fingerprints());
    opens_all(&open(&backend, key(8)).unwrap(), 3).await;
}

#[tokio::test]
async fn a_directory_that_is_in_use_is_left_alone_and_its_user_named() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    let source = key_file(&backend, &[7]);
    let error = rotate(&backend, source.clone()).unwrap_err();
    assert!(matches!(&error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    assert_eq!(in_file(&source).fingerprints(), key(7).fingerprints());
    let used = key_use(&backend.options().dir, &source).unwrap();
    assert_eq!(used.keys, [(key(7).fingerprints()[0], 0)], "looking is possible meanwhile");
    drop(store);
    rotate(&backend, source).unwrap();
}

#[test]
fn where_there_is_nothing_nothing_is_made() {
    let backend = SqliteBackend::new();
    let dir = backend.options().dir;
    let source = KeySource::File(dir.join("secrets.key"));
    for error in [
        rotate(&backend, source.clone()).unwrap_err(),
        key_use(&dir, &source).unwrap_err(),
        key_use(&dir, &KeySource::Given(key(7))).unwrap_err(),
    ] {
        assert!(error.to_string().contains("ringback.db"), "{error}");
    }
    assert!(!dir.exists());
    drop(backend.open_sqlite());
    for error in
        [rotate(&backend, source.clone()).unwrap_err(), key_use(&dir, &source).unwrap_err()]
    {
        assert!(error.to_string().contains("secrets.key"), "{error}");
    }
    assert!(!dir.join("secrets.key").exists());
}

#[test]
fn a_key_that_does_not_fit_is_left_as_it_is() {
    let backend = SqliteBackend::new();
    drop(backend.open_sqlite());
    let source = key_file(&backend, &[8]);
    assert!(matches!(rotate(&backend, source.clone()), Err(StoreError::WrongKey)));
    assert_eq!(in_file(&source).fingerprints(), key(8).fingerprints());
}

#[tokio::test]
async fn a_broken_value_is_named_and_keeps_no_other_from_being_sealed_anew() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    fill(&store, 3).await;
    drop(store);
    let dir = backend.options().dir;
    let database = Connection::open(dir.join("ringback.db")).unwrap();
    let broken = "UPDATE specs SET sealed = x'01' WHERE id = (SELECT min(id) FROM specs)";
    assert_eq!(database.execute(broken, []).unwrap(), 1);
    drop(database);
    let source = key_file(&backend, &[7]);
    let used = key_use(&dir, &source).unwrap();
    assert!(used.unreadable[0].starts_with("the secrets of exec_"), "{used:?}");
    let rotated = rotate(&backend, source.clone()).unwrap().0;
    assert_eq!((rotated.resealed, rotated.unreadable), (4, used.unreadable));
    drop(open(&backend, in_file(&source)).unwrap());
}

#[test]
fn a_database_of_an_earlier_version_is_not_changed_by_who_only_looks() {
    let backend = SqliteBackend::new();
    drop(backend.open_sqlite());
    let dir = backend.options().dir;
    let database = Connection::open(dir.join("ringback.db")).unwrap();
    let forget = "DELETE FROM refinery_schema_history WHERE version > 3";
    assert!(database.execute(forget, []).unwrap() > 0);
    drop(database);
    let error = key_use(&dir, &KeySource::Given(key(7))).unwrap_err().to_string();
    assert!(error.contains("earlier version"), "{error}");
}
