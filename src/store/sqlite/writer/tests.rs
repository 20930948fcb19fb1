//! The writer when the database fails under it: everybody is told, and after a failure that does
//! not pass nothing is tried again.
//! Uses a table of its own; the schema does not matter here.

use std::time::Duration;

use futures_util::future::{Future, join_all};

use super::*;

const SCHEMA: &str = "
    PRAGMA foreign_keys = ON;
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (
        parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED, filling BLOB);
";

fn writer() -> Writer {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(SCHEMA).unwrap();
    Writer::start(database, Default::default()).unwrap()
}

/// A tokio runtime needs no timer and no thread for this; none is had.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

fn run(sql: &'static str) -> impl FnOnce(&Connection) -> Result<(), Failure> + Send {
    move |database| Ok(database.execute_batch(sql)?)
}

/// Sends all of these while the writer is held up, so that they share a transaction.
fn write_together(writer: &Writer, sql: &[&'static str]) -> Vec<Result<(), StoreError>> {
    let (release, held) = std::sync::mpsc::sync_channel::<()>(1);
    let hold = writer.write(move |_| {
        let _ = held.recv_timeout(Duration::from_secs(10));
        Ok(())
    });
    let writes = sql.iter().map(|sql| writer.write(run(sql)));
    wait(async {
        let release = async {
            release.send(()).unwrap();
        };
        // Polled in this order: the release comes when all have been sent.
        let (_, answers, ()) = tokio::join!(biased; hold, join_all(writes), release);
        answers
    })
}

const SOUND: &str = "INSERT INTO parents DEFAULT VALUES";

fn count(writer: &Writer, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    wait(writer.write(move |database| Ok(database.query_row(&sql, [], |row| row.get(0))?))).unwrap()
}

/// Nothing was written, and that is all that has happened.
fn assert_unwritable(answer: &Result<(), StoreError>, because: &str) {
    let error = answer.as_ref().unwrap_err();
    assert!(
        matches!(error, StoreError::Unwritable { reason } if reason.contains(because)),
        "{error}"
    );
}

fn assert_stopped(writer: &Writer, because: &str) {
    let error = wait(writer.write(run(SOUND))).unwrap_err();
    assert!(
        matches!(&error, StoreError::Stopped { reason } if reason.contains(because)),
        "{error}"
    );
    assert!(wait(writer.stopped()).contains(because));
}

#[test]
fn a_command_that_fails_undoes_only_itself() {
    let writer = writer();
    let halfway = "INSERT INTO parents VALUES (7); INSERT INTO nowhere VALUES (1)";
    let answers = write_together(&writer, &[SOUND, halfway, SOUND]);
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let error = answers[1].as_ref().unwrap_err();
    assert!(matches!(error, StoreError::Database { reason } if reason.contains("nowhere")));
    assert_eq!(count(&writer, "parents"), 2);
}

#[test]
fn a_commit_that_fails_fails_the_whole_batch_and_stops_the_store() {
    let writer = writer();
    // A child without its parent is only noticed by the commit.
    let orphan = "INSERT INTO children (parent) VALUES (99)";
    let answers = write_together(&writer, &[SOUND, orphan, SOUND]);
    // What was written before the writer was held up may have had a commit of its own.
    assert!(answers[1..].iter().all(Result::is_err), "{answers:?}");
    assert_stopped(&writer, "FOREIGN KEY constraint failed");
}

#[test]
fn a_full_disk_fails_the_batch_that_does_not_fit_and_nothing_after_it() {
    let writer = writer();
    wait(writer.write(run("PRAGMA max_page_count = 10"))).unwrap();
    let large = "INSERT INTO children (filling) VALUES (zeroblob(1000000))";
    let answers = write_together(&writer, &[SOUND, large, SOUND]);
    // What was written before the writer was held up may have had a commit of its own.
    answers[1..].iter().for_each(|answer| assert_unwritable(answer, "full"));
    let kept = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(count(&writer, "parents"), i64::try_from(kept).unwrap());

    wait(writer.write(run(SOUND))).unwrap();
    assert_unwritable(&wait(writer.write(run(large))), "full");
    wait(writer.write(run("PRAGMA max_page_count = 10000"))).unwrap();
    wait(writer.write(run(large))).unwrap();
    assert_eq!(count(&writer, "children"), 1);
}

#[test]
fn a_database_that_may_not_be_written_fails_each_batch_and_can_be_asked_again() {
    let writer = writer();
    let answers = write_together(&writer, &[SOUND, "PRAGMA query_only = 1", SOUND, SOUND]);
    answers[2..].iter().for_each(|answer| assert_unwritable(answer, "read-only"));
    assert_unwritable(&wait(writer.write(run(SOUND))), "read-only");
}

#[test]
fn a_database_that_somebody_else_has_locked_can_be_written_when_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("test.db");
    let other = Connection::open(&file).unwrap();
    other.execute_batch(SCHEMA).unwrap();
    let database = Connection::open(&file).unwrap();
    database.busy_timeout(Duration::ZERO).unwrap();
    let writer = Writer::start(database, Default::default()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_unwritable(&wait(writer.write(run(SOUND))), "locked");
    other.execute_batch("COMMIT").unwrap();
    wait(writer.write(run(SOUND))).unwrap();
}

#[test]
fn a_command_that_ends_the_transaction_takes_the_batch_with_it() {
    let writer = writer();
    let answers = write_together(&writer, &[SOUND, "ROLLBACK; SELECT * FROM nowhere", SOUND]);
    assert!(answers[1..].iter().all(Result::is_err), "{answers:?}");
    assert_stopped(&writer, "nowhere");
}

#[test]
fn what_waits_when_the_store_stops_is_told_so() {
    let writer = writer();
    let mut sql = vec![SOUND; BATCH_MAX];
    sql.insert(1, "ROLLBACK; SELECT * FROM nowhere");
    sql.extend([SOUND; 100]);
    let answers = write_together(&writer, &sql);
    assert!(answers[1..].iter().all(Result::is_err));
    let last = answers.last().unwrap().as_ref().unwrap_err();
    assert!(matches!(last, StoreError::Stopped { reason } if reason.contains("nowhere")), "{last}");
}

#[test]
fn more_than_a_batch_is_committed_in_batches() {
    let writer = writer();
    let answers = write_together(&writer, &vec![SOUND; 2 * BATCH_MAX]);
    assert!(answers.iter().all(Result::is_ok));
    assert!((3..=4).contains(&writer.commits()), "{}", writer.commits());
}
