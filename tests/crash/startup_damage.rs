//! Databases that are cut short, spoilt, closed, or not there: the server says so in one sentence,
//! changes not a byte of them, and takes what only looks damaged.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rustix::process::Signal;
use serde_json::json;

use super::startup::{database_in, refused_in_a_sentence};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::server::Server;
use crate::support::users;
use crate::support::wait::DEADLINE;

/// A database as a server left it, to be spoilt again and again.
struct Left {
    app: TestApp,
    ids: Vec<String>,
    database: Vec<u8>,
    log: Option<Vec<u8>>,
}

impl Left {
    /// Ended in order, so that there is only the database; or killed, so that there is a log with
    /// the last few executions as well.
    fn by(killed: bool) -> Self {
        let mut app = TestApp::start();
        let run = |app: &TestApp| app.run(json!({"language": "sh", "code": "true"}))["id"].clone();
        let mut ids: Vec<_> = (0..20).map(|_| run(&app)).collect();
        app.terminate();
        if killed {
            app.restart();
            ids.extend((0..3).map(|_| run(&app)));
            app.kill9();
        }
        let ids = ids.iter().map(|id| id.as_str().expect("a word").to_owned()).collect();
        let database = fs::read(database_in(&app.data_dir())).expect("our own file");
        let log = fs::read(app.data_dir().join("ringback.db-wal")).ok();
        assert_eq!(log.is_some(), killed);
        Self { app, ids, database, log }
    }

    fn file(&self) -> PathBuf {
        self.app.data_dir().join("ringback.db")
    }

    fn log_file(&self) -> PathBuf {
        self.app.data_dir().join("ringback.db-wal")
    }

    /// Puts these into the data directory in place of what is there.
    fn put(&self, database: &[u8], log: Option<&[u8]>) {
        fs::write(self.file(), database).expect("our own file");
        for beside in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{beside}", self.file().display()));
        }
        if let Some(log) = log {
            fs::write(self.log_file(), log).expect("our own file");
        }
    }

    /// Starts on these, which must be refused and left as they are.
    #[track_caller]
    fn assert_refused(&self, database: &[u8], log: Option<&[u8]>, words: &[&str]) {
        self.put(database, log);
        let named = self.file().to_string_lossy().into_owned();
        let words: Vec<_> = words.iter().copied().chain([named.as_str()]).collect();
        refused_in_a_sentence(&Options::default(), &self.app.data_dir(), &words);
        assert!(fs::read(self.file()).expect("it is there") == database, "it was changed");
        assert!(fs::read(self.log_file()).ok().as_deref() == log, "its log was changed");
    }

    /// Starts on these: the log may have what is missing, and then nothing is.
    #[track_caller]
    fn assert_refused_or_whole(&mut self, database: &[u8], log: Option<&[u8]>) {
        self.put(database, log);
        let mut server = Server::spawn(&Options::default(), &self.app.data_dir());
        if server.ready().is_ok() {
            server.end_by(Signal::TERM, DEADLINE);
            self.assert_whole();
        } else {
            assert!(fs::read(self.file()).expect("it is there") == database, "it was changed");
            assert!(fs::read(self.log_file()).ok().as_deref() == log, "its log was changed");
        }
    }

    /// Starts on what is there, which must have everything.
    #[track_caller]
    fn assert_whole(&mut self) {
        self.app.restart();
        for id in &self.ids {
            assert_eq!(self.app.record(id)["status"], "completed");
        }
        self.app.terminate();
    }
}

/// Places to cut a file at: around every kind of boundary, and across its middle.
fn cuts(length: usize) -> Vec<usize> {
    let around = |at: usize| [at - 1, at, at + 1];
    let mut cuts = vec![1, 16];
    cuts.extend([100, 512, 4096, 8192].into_iter().flat_map(around));
    cuts.extend(around(length / 2));
    cuts.extend([length - 4097, length - 4096, length - 1]);
    cuts
}

#[test]
fn a_database_that_is_cut_short_is_left_alone() {
    let mut left = Left::by(false);
    for cut in cuts(left.database.len()) {
        let because = if cut < 100 { "not a database" } else { "cut short" };
        left.assert_refused(&left.database[..cut], None, &[because]);
    }
    left.put(&left.database, None);
    left.assert_whole();
}

#[test]
fn a_database_that_is_cut_short_beside_its_log_is_left_alone() {
    let mut left = Left::by(true);
    let log = left.log.clone();
    let half = left.database.len() / 2;
    for cut in cuts(left.database.len()) {
        let because = if cut < 100 { "not a database" } else { "cut short" };
        let rest = left.database[..cut].to_owned();
        if cut <= half + 1 {
            left.assert_refused(&rest, log.as_deref(), &[because]);
        } else {
            left.assert_refused_or_whole(&rest, log.as_deref());
        }
    }
    left.assert_refused(&[], log.as_deref(), &["it is empty"]);
    left.put(&left.database, log.as_deref());
    left.assert_whole();
}

#[test]
fn a_checkpoint_that_was_interrupted_costs_nothing() {
    let mut left = Left::by(true);
    let log = left.log.clone().expect("it was killed");
    // What the whole checkpoint gives, of which the interrupted one wrote only the first page.
    let copied_back = {
        left.put(&left.database, Some(&log));
        let database = Connection::open(left.file()).expect("a database");
        database
            .execute_batch("CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(99999))")
            .expect("it can be written");
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).expect("a flag");
        drop(database);
        let log = fs::read(left.log_file()).expect("its log");
        let database = Connection::open(left.file()).expect("a database");
        database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("nobody reads");
        drop(database);
        (fs::read(left.file()).expect("our own file"), log)
    };
    let (after, log) = copied_back;
    let mut interrupted = left.database.clone();
    interrupted[..4096].copy_from_slice(&after[..4096]);
    assert!(after.len() > interrupted.len());
    left.assert_refused(&interrupted, None, &["cut short"]);
    let mut spoilt = log.clone();
    spoilt[32 + 24 + 100] ^= 1;
    left.assert_refused(&interrupted, Some(&spoilt), &[]);
    left.put(&interrupted, Some(&log));
    left.assert_whole();
}

#[test]
fn a_log_that_is_none_is_left_alone() {
    let left = Left::by(false);
    let garbage = "these are the wrong trousers ".repeat(1000);
    left.assert_refused(&left.database, Some(garbage.as_bytes()), &["-wal", "is not its log"]);
}

#[test]
fn an_empty_file_is_a_new_database() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("ringback.db"), "").expect("our own directory");
    let mut server = Server::spawn(&Options::default(), directory.path());
    server.ready().expect("it starts");
}

#[test]
fn a_directory_in_the_place_of_the_database_is_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("ringback.db");
    fs::create_dir(&file).expect("our own directory");
    let named = file.to_string_lossy();
    refused_in_a_sentence(&Options::default(), directory.path(), &[&named, "directory"]);
    assert!(file.is_dir());
}

#[test]
fn a_database_that_may_not_be_read_is_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("ringback.db");
    fs::write(&file, "somebody else's").expect("our own directory");
    let closed = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
    };
    let mut options = Options::default();
    if users::are_we_root() {
        // Root reads everything, so the server is somebody who owns all but the file.
        let user = users::of_server();
        options = options.run_by(user);
        chown(directory.path(), Some(user), Some(user)).expect("root may give it away");
        closed(&file, 0o600);
    } else {
        closed(&file, 0o000);
    }
    let named = file.to_string_lossy();
    refused_in_a_sentence(&options, directory.path(), &[&named, "ermission denied"]);
    closed(&file, 0o600);
    assert_eq!(fs::read_to_string(&file).expect("ours again"), "somebody else's");
}
