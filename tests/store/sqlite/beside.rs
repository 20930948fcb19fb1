//! The keys of a data directory in the hands of a command: beside a store that has the directory, and
//! alone. What the command prints is tested where commands are.

use ringback::domain::Tenant;
use ringback::store::{
    ApiKey, KeySource, KeyStore, KeysBeside, KeysOf, Revoke, Revoked, StoreError,
};
use rusqlite::Connection;

use super::SqliteBackend;

fn key(id: &str) -> ApiKey {
    let (name, scopes) = (id.to_owned(), vec!["admin".to_owned()]);
    ApiKey { id: id.to_owned(), name, tenant: Tenant::default(), scopes, sha256: [1; 32] }
}

fn open(backend: &SqliteBackend, makes: bool) -> Result<KeysBeside, StoreError> {
    let options = backend.options();
    let source = KeySource::Given(options.key);
    KeysOf { dir: options.dir, source, clock: options.clock, makes }.open()
}

async fn ids(keys: &dyn KeyStore) -> Vec<String> {
    keys.api_keys(None).await.unwrap().into_iter().map(|kept| kept.key.id).collect()
}

#[tokio::test]
async fn what_a_command_changes_the_store_beside_it_notices() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    store.add_api_key(key("a")).await.unwrap();
    let beside = open(&backend, false).unwrap();
    assert_eq!(ids(&beside).await, ["a"]);
    let mut stamps = vec![store.keys_stamp()];
    beside.add_api_key(key("b")).await.unwrap();
    stamps.push(store.keys_stamp());
    assert_eq!(ids(&store).await, ["a", "b"]);
    let wish = Revoke { id: "a".to_owned(), of: None, spares_last_admin: false };
    assert_eq!(beside.revoke_api_key(wish).await.unwrap(), Revoked::Written);
    stamps.push(store.keys_stamp());
    assert_eq!(ids(&store).await, ["b"]);
    stamps.dedup();
    assert_eq!(stamps.len(), 3, "each change is noticed: {stamps:?}");
    let before = beside.keys_stamp();
    store.add_api_key(key("c")).await.unwrap();
    assert_ne!(beside.keys_stamp(), before, "and the other way round");
}

#[tokio::test]
async fn alone_it_keeps_others_out_and_makes_what_is_missing_only_when_told_to() {
    let backend = SqliteBackend::new();
    let error = open(&backend, false).err().expect("there is nothing yet").to_string();
    assert!(error.contains("there is no such file"), "{error}");
    assert!(!backend.options().dir.exists());
    for id in ["a", "b"] {
        let alone = open(&backend, true).unwrap();
        alone.add_api_key(key(id)).await.unwrap();
        let store = ringback::store::SqliteStore::open(backend.options());
        assert!(matches!(store, Err(StoreError::Locked { .. })), "{id}");
    }
    assert_eq!(ids(&backend.open_sqlite()).await, ["a", "b"]);
}

#[tokio::test]
async fn a_store_of_another_version_is_left_alone() {
    for (change, words) in [
        ("INSERT INTO refinery_schema_history VALUES (999, 'x', '', '0')", "schema version 999"),
        ("DELETE FROM refinery_schema_history WHERE version > 1", "it is of an earlier version"),
    ] {
        let backend = SqliteBackend::new();
        let store = backend.open_sqlite();
        let file = backend.options().dir.join("ringback.db");
        Connection::open(&file).unwrap().execute(change, []).unwrap();
        for makes in [true, false] {
            let error = open(&backend, makes).err().expect("it is refused").to_string();
            assert!(error.contains(words), "{error}");
        }
        assert_eq!(ids(&store).await, [""; 0]);
    }
}
