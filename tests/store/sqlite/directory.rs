//! The data directory: whose it is, what may be in it, what is refused.
//! Looks at no execution.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ringback::store::{SealingKey, SqliteOptions, SqliteStore, Store, StoreError};
use rusqlite::Connection;

use super::SqliteBackend;
use crate::support::plain;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_server_is_told_who_has_the_directory() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    let error = SqliteStore::open(backend.options()).unwrap_err();
    let StoreError::Locked { path, holder } = &error else { panic!("{error}") };
    assert_eq!(path, &backend.options().dir);
    let expected = format!("pid {}, started 2025-06-15T15:06:40.000Z", std::process::id());
    assert_eq!(holder, &expected);
    assert!(error.to_string().contains(&expected), "{error}");
    drop(store);
    backend.open_sqlite();
}

#[test]
fn a_store_that_failed_to_open_leaves_no_lock_behind() {
    let backend = SqliteBackend::new();
    drop(backend.open_sqlite());
    let key = SealingKey::from_bytes([8; 32]);
    assert!(SqliteStore::open(SqliteOptions { key, ..backend.options() }).is_err());
    backend.open_sqlite();
}

#[tokio::test]
async fn nobody_else_may_look_into_it() {
    let backend = SqliteBackend::new();
    let dir = backend.options().dir;
    let store = backend.open_sqlite();
    store.accept(plain()).await.unwrap();
    assert_eq!(mode(&dir), 0o700);
    for name in ["ringback.db", "ringback.db-wal", "ringback.lock"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_in_one_clear_sentence() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    fs::write(path("file"), "").unwrap();
    fs::create_dir_all(path("taken/ringback.db")).unwrap();
    fs::create_dir(path("locked")).unwrap();
    fs::create_dir(path("locked/ringback.lock")).unwrap();
    fs::create_dir(path("text")).unwrap();
    fs::write(path("text/ringback.db"), "not a database at all ".repeat(100)).unwrap();

    let cases = [
        ("file", "file", "exists"),
        ("file/below", "file/below", "Not a directory"),
        ("taken", "taken/ringback.db", "Is a directory"),
        ("locked", "locked/ringback.lock", "Is a directory"),
        ("text", "text/ringback.db", "not a database"),
    ];
    for (dir, at, because) in cases {
        let options = SqliteOptions { dir: path(dir), ..SqliteBackend::new().options() };
        let error = SqliteStore::open(options).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { .. }), "{dir}: {error:?}");
        let sentence = error.to_string();
        let start = format!("cannot use {}: ", path(at).display());
        assert!(sentence.starts_with(&start) && sentence.contains(because), "{dir}: {sentence}");
        assert!(!sentence.contains('\n'), "{dir}: {sentence}");
    }
}

#[test]
fn a_directory_that_may_not_be_written_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
    let options = SqliteOptions { dir: dir.clone(), ..SqliteBackend::new().options() };
    let opened = SqliteStore::open(options);
    // A privileged user may write everywhere; then it must have worked all the way.
    let privileged = fs::write(dir.join("probe"), "").is_ok();
    match opened {
        Ok(_) => assert!(privileged),
        Err(StoreError::Unusable { reason, .. }) => {
            assert!(!privileged && reason.contains("ermission denied"), "{reason}");
        }
        Err(other) => panic!("{other}"),
    }
}

/// All that is in a database: its schema and its rows, as one text.
fn dump(file: &Path) -> String {
    let database = Connection::open(file).unwrap();
    let names = |sql| -> Vec<(String, String)> {
        let mut select = database.prepare(sql).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut text = String::new();
    for (table, sql) in names("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
    {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = database.query_row(&count, [], |row| row.get(0)).unwrap();
        text += &format!("{sql}\n{rows} rows\n");
    }
    text
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused_and_left_alone() {
    let backend = SqliteBackend::new();
    let store = backend.open_sqlite();
    store.accept(plain()).await.unwrap();
    drop(store);
    let file = backend.options().dir.join("ringback.db");
    let database = Connection::open(&file).unwrap();
    let add = "INSERT INTO refinery_schema_history VALUES (999, 'from_the_future', '', '0')";
    database.execute(add, []).unwrap();
    database.execute_batch("DROP TABLE facts; PRAGMA journal_mode = DELETE;").unwrap();
    drop(database);
    let (bytes, before) = (fs::read(&file).unwrap(), dump(&file));

    let error = SqliteStore::open(backend.options()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 999, known: 7, .. }), "{error:?}");
    assert!(error.to_string().contains("schema version 999"), "{error}");
    assert!(fs::read(&file).unwrap() == bytes, "not one byte of the file has changed");
    assert_eq!(dump(&file), before);
    assert!(before.contains("CREATE TABLE executions"));
}

#[test]
fn another_key_is_refused_when_it_opens() {
    let backend = SqliteBackend::new();
    drop(backend.open_sqlite());
    let key = SealingKey::from_bytes([8; 32]);
    let error = SqliteStore::open(SqliteOptions { key, ..backend.options() }).unwrap_err();
    assert!(matches!(error, StoreError::WrongKey), "{error:?}");
    backend.open_sqlite();
}
