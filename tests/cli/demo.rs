//! `ringback demo`: the first ten minutes.
//! What it prints is checked against itself; the demo verifies the signatures.

use std::os::unix::fs::PermissionsExt;

use super::support::{command, ran, ringback};

#[test]
fn the_demo_shows_three_signed_callbacks_and_ends() {
    let ran = ringback(&["demo", "--once"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for event in ["execution.completed", "execution.failed", "execution.cancelled"] {
        assert_eq!(ran.stdout.lines().filter(|line| line.starts_with(event)).count(), 1, "{event}");
    }
    assert_eq!(ran.stdout.matches("(verified)").count(), 3);
    assert!(ran.stdout.ends_with("All three callbacks came, each signed and verified.\n"));
    assert_eq!(ran.stderr, "");
}

#[test]
fn without_a_terminal_the_demo_ends_by_itself() {
    assert_eq!(ringback(&["demo"]).code, Some(0));
}

#[test]
fn the_demo_needs_no_python() {
    let mut demo = command(&["demo"]);
    let bin = tempfile::tempdir().unwrap();
    for name in ["sh", "uname", "sleep"] {
        let found = ["/usr/bin", "/bin"].map(|folder| format!("{folder}/{name}"));
        let found = found.iter().find(|path| std::path::Path::new(path).exists()).unwrap();
        std::os::unix::fs::symlink(found, bin.path().join(name)).unwrap();
    }
    // Programs of another user look for it there as well.
    std::fs::set_permissions(bin.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    demo.env("RINGBACK_EXECUTION__PATH", bin.path());
    let ran = ran(demo);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("three executions in sh"));
}

#[test]
fn nothing_of_the_demo_stays_behind() {
    let home = tempfile::tempdir().unwrap();
    let mut demo = command(&["demo"]);
    demo.env("TMPDIR", home.path()).current_dir(home.path());
    assert_eq!(ran(demo).code, Some(0));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
