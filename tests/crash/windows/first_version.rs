//! A data directory as a server of the first schema leaves it that was killed: some executions
//! wait, some run, some have ended. What must come of them is for the test to say.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use refinery::Target;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

const ROWS: &str = include_str!("first_version.sql");

/// The latest version of the schema.
pub fn newest() -> i64 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(|one| i64::from(one.version()));
    versions.max().expect("there are migrations")
}

/// Makes the directory anew, with executions that call back to this URL.
pub fn leave_in(data_dir: &Path, url: &str) {
    if data_dir.exists() {
        fs::remove_dir_all(data_dir).expect("the test's own directory");
    }
    DirBuilder::new().mode(0o700).create(data_dir).expect("the way to it is there");
    let mut database = Connection::open(data_dir.join("ringback.db")).expect("a new file");
    database.pragma_update(None, "journal_mode", "wal").expect("the disk is a local one");
    let runner = embedded::migrations::runner().set_target(Target::Version(1));
    runner.run(&mut database).expect("the database is empty");
    // The tables are in the database, and what happened since is in the log beside it.
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("nobody reads");
    let keep_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    database.set_db_config(keep_log, true).expect("SQLite knows it");
    database.execute_batch(&ROWS.replace("URL", url)).expect("the first schema has it all");
}
