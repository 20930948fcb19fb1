//! Data directories that a server must not use: it says so in one sentence and ends with an error.
//! Configurations are tested beside it.

use std::fs;
use std::path::Path;
use std::process::ExitStatus;

use crate::support::app::TestApp;
use crate::support::files;
use crate::support::options::Options;
use crate::support::server::Server;

/// Starts a server that must refuse to, and gives what it said.
#[track_caller]
pub fn refused(options: &Options, data_dir: &Path) -> (ExitStatus, String) {
    let mut server = Server::spawn(options, data_dir);
    let status = server.end();
    let said = server.stderr();
    assert!(!said.contains("listening on"), "it listened before it ended: {said}");
    assert!(!status.success(), "it ended with {status}: {said}");
    assert!(status.code().is_some(), "a signal ended it: {status}: {said}");
    for word in ["panicked", "stack backtrace", "RUST_BACKTRACE", ".rs:"] {
        assert!(!said.contains(word), "this is no sentence for an operator: {said}");
    }
    (status, said)
}

/// The same, where all that is said is one line with these words in it.
#[track_caller]
pub fn refused_in_a_sentence(options: &Options, data_dir: &Path, words: &[&str]) {
    let (_, said) = refused(options, data_dir);
    let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "one sentence: {said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    for data_dir in [file.clone(), file.join("below"), "/proc/ringback".into()] {
        refused_in_a_sentence(&Options::default(), &data_dir, &[&data_dir.to_string_lossy()]);
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "not a directory");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    // Not even root can make a file there.
    for data_dir in ["/proc/self", "/sys/kernel"] {
        refused_in_a_sentence(&Options::default(), Path::new(data_dir), &[data_dir]);
    }
}

#[test]
fn a_network_file_system_is_refused_and_nothing_is_made_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    const NFS: u32 = 0x6969;
    let options = Options::default().failpoints(&format!("file-system=return({NFS})"));
    let words = [&*data_dir.to_string_lossy(), "network file system (NFS)"];
    refused_in_a_sentence(&options, &data_dir, &words);
    assert!(!data_dir.join("ringback.db").exists());
}

#[test]
fn a_second_server_is_told_who_holds_the_data_directory() {
    let app = TestApp::start();
    let data_dir = app.data_dir();
    let holder = app.pid().to_string();
    refused_in_a_sentence(&Options::default(), &data_dir, &[&data_dir.to_string_lossy(), &holder]);
    app.get("/readyz").expect(200);
}

#[test]
fn a_lock_of_a_server_that_was_killed_keeps_nobody_out() {
    let mut app = TestApp::start();
    for _ in 0..3 {
        app.kill9();
        app.restart();
    }
    app.get("/readyz").expect(200);
}

#[test]
fn a_database_from_a_newer_version_is_left_alone() {
    let mut app = TestApp::start();
    app.run(serde_json::json!({"language": "sh", "code": "true"}));
    app.terminate();
    let database = database_in(&app.data_dir());
    let connection = rusqlite::Connection::open(&database).unwrap();
    let insert = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                  VALUES (9999, 'from_the_future', '2030-01-01T00:00:00Z', '1')";
    connection.execute(insert, []).unwrap();
    connection.close().unwrap();
    let before = fs::read(&database).unwrap();
    let named = database.to_string_lossy().into_owned();
    refused_in_a_sentence(&Options::default(), &app.data_dir(), &[&named, "9999", "newer"]);
    assert_eq!(fs::read(&database).unwrap(), before, "the database was changed");
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let mut app = TestApp::start();
    app.terminate();
    let database = database_in(&app.data_dir());
    let garbage = "these are the wrong trousers ".repeat(1000);
    fs::write(&database, &garbage).unwrap();
    // What SQLite finds in a log beside the file, it takes for the newer half of the truth.
    for beside in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{beside}", database.display()));
    }
    refused_in_a_sentence(&Options::default(), &app.data_dir(), &[&database.to_string_lossy()]);
    assert_eq!(fs::read_to_string(&database).unwrap(), garbage);
}

#[track_caller]
pub fn database_in(data_dir: &Path) -> std::path::PathBuf {
    let is_database = |file: &std::path::PathBuf| {
        fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"))
    };
    files::all_in(data_dir).into_iter().find(is_database).expect("a SQLite database")
}
