//! What a service manager is told, and the unit that comes with the server: heard on a socket such
//! as systemd gives, read as systemd would read it.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::support::command;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

/// A service manager's ear.
fn ear(dir: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(dir.join("notify")).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket
}

fn hear(ear: &UnixDatagram) -> String {
    let mut buffer = [0; 4096];
    let length = ear.recv(&mut buffer).expect("something is said in time");
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

fn serve(dir: &Path, watchdog: bool) -> Child {
    let data_dir = dir.join("data");
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--isolation", "none"]);
    serve.arg("--data-dir").arg(data_dir).stdout(Stdio::null());
    serve.env("NOTIFY_SOCKET", dir.join("notify"));
    if watchdog {
        serve.env("WATCHDOG_USEC", "100000");
    }
    serve.spawn().unwrap()
}

#[test]
fn it_says_when_it_is_ready_that_it_lives_and_when_it_stops() {
    let dir = tempfile::tempdir().unwrap();
    let ear = ear(dir.path());
    let mut server = serve(dir.path(), true);
    let said = hear(&ear);
    assert!(said.starts_with("READY=1\nSTATUS=listening on http://127.0.0.1:"), "{said}");
    assert!((0..3).all(|_| hear(&ear).trim() == "WATCHDOG=1"), "it lives");
    let pid = Pid::from_child(&server);
    kill_process(pid, Signal::TERM).unwrap();
    let mut next = hear(&ear);
    while next.trim() == "WATCHDOG=1" {
        next = hear(&ear);
    }
    assert!(next.starts_with("STOPPING=1\nSTATUS=programs may run on for 30 s"), "{next}");
    assert!(server.wait().unwrap().success());
}

#[test]
fn without_a_watchdog_it_says_no_more_than_it_must() {
    let dir = tempfile::tempdir().unwrap();
    let ear = ear(dir.path());
    let mut server = serve(dir.path(), false);
    assert!(hear(&ear).starts_with("READY=1"));
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    assert!(hear(&ear).starts_with("STOPPING=1"));
    assert!(server.wait().unwrap().success());
}

/// The value of a setting, in seconds, as in `30s`.
fn seconds(unit: &str, setting: &str) -> u64 {
    let line = unit.lines().find_map(|line| line.strip_prefix(setting)?.strip_prefix('='));
    let value = line.unwrap_or_else(|| panic!("{setting} is in the unit"));
    value.strip_suffix('s').unwrap().parse().unwrap()
}

#[test]
fn the_unit_gives_a_drain_the_time_that_it_takes() {
    let unit = fs::read_to_string("packaging/ringback.service").unwrap();
    let config = ringback::config::Config::default();
    let drain = config.execution.drain_timeout + config.execution.grace + config.webhook.timeout;
    assert!(seconds(&unit, "TimeoutStopSec") > drain.as_secs() + 10, "{drain:?}");
    for line in ["Type=notify", "KillMode=mixed", "Restart=always"] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
    let delegates = unit.lines().find_map(|line| line.strip_prefix("Delegate="));
    assert_eq!(delegates, Some("cpu memory pids"));
}
