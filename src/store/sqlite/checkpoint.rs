//! Copying the log back into the database when it has grown long. SQLite would do it by itself, as
//! part of a commit, and pass over a sync that failed. Commits nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use super::failure::{Failure, Gravity};

/// How long the log may grow, in pages (16 MiB). Rarer than by default, because commits wait for it.
const PAGES_MAX: i32 = 4000;

/// Knows how long the log is.
pub(super) struct Checkpoint {
    pages: Arc<AtomicI32>,
}

impl Checkpoint {
    /// Is told by the connection that writes, at each commit.
    pub(super) fn of(database: &mut Connection) -> Result<Self, Failure> {
        let pages = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&pages);
        database.wal_hook(Some(move |_: &mut Wal, pages| {
            told.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages })
    }

    /// Copies the log back if it is long. An error is one that the store must not go on after.
    pub(super) fn if_due(&self, database: &Connection) -> Result<(), Failure> {
        if self.pages.load(Ordering::Relaxed) < PAGES_MAX {
            return Ok(());
        }
        let copied = database.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE);
        match copied {
            Err(error) if Gravity::of(&error) == Gravity::Fatal => Err(error.into()),
            // A long read or a full disk: the log grows on, and is copied back after a later commit.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::connect::{make_writer, open};
    use super::*;

    #[test]
    fn a_log_is_copied_back_when_it_is_long_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("test.db");
        std::fs::File::create(&file).unwrap();
        let mut database = open(&file).unwrap();
        make_writer(&database).unwrap();
        let checkpoint = Checkpoint::of(&mut database).unwrap();
        database.execute_batch("CREATE TABLE t (x)").unwrap();
        let size = || i64::try_from(std::fs::metadata(&file).unwrap().len()).unwrap();
        let before = size();
        let page: i64 = database.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
        let bytes = i64::from(PAGES_MAX) / 4 * page;
        for _ in 0..4 {
            checkpoint.if_due(&database).unwrap();
            assert_eq!(size(), before);
            database.execute("INSERT INTO t VALUES (zeroblob(?1))", [bytes]).unwrap();
        }
        assert_eq!(size(), before, "a commit does not wait for it");
        checkpoint.if_due(&database).unwrap();
        assert!(size() >= 4 * bytes, "{}", size());
    }
}
