//! The lock of a data directory after its server was killed: what that has left behind for a
//! moment keeps the next one waiting, and not out.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use crate::support::options::Options;
use crate::support::server::Server;
use crate::support::wait::{DEADLINE, eventually};

/// A process that has the lock until its input ends, as a child that was never to be a program.
fn left_behind(lock: &File) -> Child {
    let lock = lock.try_clone().expect("a descriptor more");
    let mut cat = Command::new("cat");
    cat.stdin(Stdio::piped()).stdout(lock).spawn().expect("every system has cat")
}

/// The number of a process that is no more.
fn gone() -> u32 {
    let mut child = Command::new("true").spawn().expect("every system has it");
    child.wait().expect("our own child");
    child.id()
}

#[test]
fn a_server_waits_for_what_a_killed_one_has_left_behind() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("ringback.lock");
    let lock = File::create(&path).expect("our own directory");
    lock.try_lock().expect("nobody else has it");
    let mut left = left_behind(&lock);
    drop(lock);
    let killed = gone();
    fs::write(&path, format!("pid {killed}, started 2026-01-01T00:00:00.000Z\n")).expect("ours");

    let mut server = Server::spawn(&Options::default(), directory.path());
    eventually(DEADLINE, "it waits", || {
        server.stderr().contains("waiting for what an earlier server").then_some(())
    });
    assert!(server.is_running());
    drop(left.stdin.take());
    left.wait().expect("our own child");
    server.ready().expect("the directory is free");
    let signed = fs::read_to_string(&path).expect("the lock");
    assert!(signed.starts_with(&format!("pid {}, ", server.pid())), "{signed}");
}
