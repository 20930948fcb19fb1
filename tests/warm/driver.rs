//! Runs `driver.py`, which compares warm and cold starts without launcher and server.
//! What it compares, and how, is described there.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::users::are_we_root;
use crate::support::wait::within;

/// How long it may take. It takes a fifth of that on a machine with nothing else to do.
const DEADLINE: Duration = Duration::from_secs(100);

#[test]
fn every_program_ends_and_says_the_same_warm_and_cold() {
    if !are_we_root() {
        eprintln!("not tested: the driver makes namespaces as root");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("said");
    let said = File::create(&path).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/warm/driver.py");
    let mut driver = Command::new("/usr/bin/python3")
        .args([script, "--python", "/usr/bin/python3"])
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    let status = within(DEADLINE, || driver.try_wait().unwrap());
    if status.is_none() {
        driver.kill().unwrap();
        driver.wait().unwrap();
    }
    let said = std::fs::read_to_string(path).unwrap();
    assert!(status.is_some_and(|status| status.success()), "{status:?}\n{said}");
    assert!(said.ends_with(" programs, 0 failures\n"), "{said}");
}
