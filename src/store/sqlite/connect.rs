//! How connections are opened: every setting that durability and memory depend on.
//! Knows no table.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::Failure;
use crate::failpoint;

/// Versions before this one can corrupt a database when its log is started over while another
/// connection writes (the WAL-reset bug, 3.7.0 to 3.51.2).
const SQLITE_MIN: i32 = 3_051_003;

/// Nobody else writes, so this is only ever waited for when an operator's tool looks in.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More statements than either kind of connection has, so that each is prepared once.
const STATEMENTS_MAX: usize = 64;

/// Settings of the connection that writes. `FULL` syncs the log at each commit: an answer that
/// was given survives a loss of power. The log is copied back by the writer thread and not by
/// SQLite itself. No memory-mapped I/O: the writes of another process through it have corrupted
/// databases.
const WRITER: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
";

/// Settings of a connection that reads. Only the writer checkpoints.
const READER: &str = "
    PRAGMA query_only = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -1024;
";

/// Whether this SQLite is fit to be trusted; a sentence if not. `number` is as SQLite counts,
/// 3051003 for 3.51.3.
pub(super) fn check_sqlite(number: i32) -> Result<(), String> {
    if number >= SQLITE_MIN {
        return Ok(());
    }
    let dotted = |n: i32| format!("{}.{}.{}", n / 1_000_000, n / 1000 % 1000, n % 1000);
    let (found, least) = (dotted(number), dotted(SQLITE_MIN));
    Err(format!("SQLite {found} can corrupt a database; {least} or newer is needed"))
}

/// Opens the file for writing without changing anything in it: until
/// [`checkpoint_on_close`] its log is not even copied back when it is closed.
pub(super) fn open(file: &Path) -> Result<Connection, Failure> {
    let database = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(database)
}

/// Lets the log be copied back when the connection is closed, as it should be in the end.
pub(super) fn checkpoint_on_close(database: &Connection) -> Result<(), Failure> {
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Makes a connection the one that writes; answers the journal mode, which must be `wal`.
pub(super) fn make_writer(database: &Connection) -> Result<String, Failure> {
    keep_statements(database)?;
    database.execute_batch(WRITER)?;
    if let Some(level) = failpoint::value("synchronous") {
        database.pragma_update(None, "synchronous", level)?;
    }
    Ok(database.query_row("PRAGMA journal_mode", [], |row| row.get(0))?)
}

/// Opens a connection that only reads. The writer must have set up the file before.
pub(super) fn open_reader(file: &Path) -> Result<Connection, Failure> {
    let database = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&database)?;
    database.execute_batch(READER)?;
    Ok(database)
}

/// Has each statement prepared once. With its stability guarantee SQLite does not look at bound
/// values when it plans; without it, a statement that might use a partial index is prepared again
/// whenever a value is bound, which costs more than running it.
fn keep_statements(database: &Connection) -> Result<(), Failure> {
    database.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(database: &Connection, name: &str) -> i64 {
        database.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_writer_syncs_at_every_commit_and_readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("test.db");
        std::fs::File::create(&file).unwrap();
        let writer = open(&file).unwrap();
        assert_eq!(make_writer(&writer).unwrap(), "wal");
        const FULL: i64 = 2;
        assert_eq!(pragma(&writer, "synchronous"), FULL);
        assert_eq!(pragma(&writer, "foreign_keys"), 1);
        writer.execute_batch("CREATE TABLE t (x)").unwrap();
        let reader = open_reader(&file).unwrap();
        assert_eq!(pragma(&reader, "wal_autocheckpoint"), 0);
        assert!(reader.execute("INSERT INTO t VALUES (1)", []).is_err());
    }

    #[test]
    fn a_sqlite_with_the_wal_reset_bug_is_refused() {
        assert_eq!(check_sqlite(rusqlite::version_number()), Ok(()), "the one that is built in");
        assert_eq!(check_sqlite(3_051_003), Ok(()));
        let sentence = "SQLite 3.51.2 can corrupt a database; 3.51.3 or newer is needed";
        assert_eq!(check_sqlite(3_051_002), Err(sentence.to_owned()));
        assert!(check_sqlite(3_007_000).is_err());
    }
}
