//! Databases that SQLite itself has made, cut and spoilt in every way that is told apart.

use std::fs;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tempfile::TempDir;

use super::*;

const PAGE: u64 = 4096;

/// A database of some pages with nothing in its log, and its folder.
fn database() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("test.db");
    let database = Connection::open(&file).unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)").unwrap();
    database.execute_batch("INSERT INTO t VALUES (zeroblob(40000))").unwrap();
    drop(database);
    assert!(!log_of(&file).exists());
    (dir, file)
}

/// Writes to it and leaves the log behind, as a killed server does.
fn write(file: &Path, sql: &str) {
    let database = Connection::open(file).unwrap();
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    database.execute_batch(sql).unwrap();
}

fn cut(file: &Path, length: u64) {
    File::options().write(true).open(file).unwrap().set_len(length).unwrap();
}

#[track_caller]
fn assert_broken(file: &Path, because: &str) {
    let look = look(file).unwrap();
    assert!(matches!(&look, Look::Broken(what) if what.contains(because)), "{look:?}");
}

#[test]
fn what_is_not_there_or_empty_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("test.db");
    assert_eq!(look(&file).unwrap(), Look::New);
    fs::write(&file, "").unwrap();
    assert_eq!(look(&file).unwrap(), Look::New);
}

#[test]
fn a_whole_database_is_whole_with_and_without_its_log() {
    let (_dir, file) = database();
    assert_eq!(look(&file).unwrap(), Look::Whole);
    write(&file, "INSERT INTO t VALUES (zeroblob(40000))");
    assert!(log_of(&file).exists());
    assert_eq!(look(&file).unwrap(), Look::Whole);
}

#[test]
fn every_cut_is_seen() {
    let (_dir, file) = database();
    let whole = fs::read(&file).unwrap();
    let length = whole.len() as u64;
    assert_eq!(length % PAGE, 0);
    for left in (1..length).step_by(997).chain([99, 100, PAGE - 1, PAGE, length - 1]) {
        fs::write(&file, &whole).unwrap();
        cut(&file, left);
        let because = if left < 100 { "not a database" } else { "cut short" };
        assert_broken(&file, because);
    }
}

#[test]
fn a_cut_is_seen_beside_a_log_that_does_not_have_what_is_missing() {
    let (_dir, file) = database();
    write(&file, "INSERT INTO t VALUES (1)");
    let length = fs::metadata(&file).unwrap().len();
    cut(&file, length - 1);
    assert_broken(&file, "cut short");
    cut(&file, 0);
    assert_broken(&file, "it is empty, and the log beside it is not");
}

#[test]
fn a_checkpoint_that_was_interrupted_is_no_damage() {
    let (_dir, file) = database();
    let before = fs::metadata(&file).unwrap().len();
    write(&file, "INSERT INTO t VALUES (zeroblob(40000))");
    // The first page goes first: it already counts pages that are only in the log.
    let wal = fs::read(log_of(&file)).unwrap();
    let database = Connection::open(&file).unwrap();
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(database);
    let after = fs::metadata(&file).unwrap().len();
    assert!(after > before);
    cut(&file, before);
    assert_broken(&file, "cut short");
    fs::write(log_of(&file), wal).unwrap();
    assert_eq!(look(&file).unwrap(), Look::Unfinished);
}

#[test]
fn a_log_that_is_none_is_not_passed_over() {
    let (_dir, file) = database();
    fs::write(log_of(&file), "these are the wrong trousers ".repeat(100)).unwrap();
    assert_broken(&file, "`-wal`, is not its log");
    // A power loss may leave the name and the length of a log, and nothing else of it.
    for never_written in [vec![], vec![0; 31], vec![0; 5000]] {
        fs::write(log_of(&file), never_written).unwrap();
        assert_eq!(look(&file).unwrap(), Look::Whole);
    }
}
