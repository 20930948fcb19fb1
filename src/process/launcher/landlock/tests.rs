//! Rulesets in force: what a confined thread can do, and what the kernel refuses.
//!
//! A ruleset holds for the thread that puts it on and those that it starts, so each test takes a
//! thread for it and leaves the others alone.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Child, Command};
use std::thread;

use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;

use super::*;

/// Runs a test in a thread that is confined, and that alone.
fn confined<T: Send>(ruleset: OwnedFd, test: impl FnOnce() -> T + Send) -> T {
    let inside = || {
        restrict_self(&ruleset);
        test()
    };
    thread::scope(|scope| scope.spawn(inside).join()).unwrap()
}

fn restrict_self(ruleset: &OwnedFd) {
    // SAFETY: the call takes no pointers.
    let privileges = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(privileges, 0);
    // SAFETY: the call takes a descriptor and no pointers.
    let restricted =
        unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) };
    assert_eq!(restricted, 0, "{}", io::Error::last_os_error());
}

fn is_denied<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// None on a kernel without landlock.
fn ruleset(writable: &TempDir, network: bool) -> Option<OwnedFd> {
    let made = Rules::new(&[]).unwrap().ruleset(&[writable.path()], network);
    assert_eq!(made.is_ok(), Support::detect().has_filesystem(), "{made:?}");
    made.ok()
}

#[expect(clippy::disallowed_methods, reason = "what a child may do is what is tested")]
fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// A process that was there before, and goes with the test.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        Self(command("sleep", &["60"]).spawn().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn files_are_those_of_the_system_and_its_own() {
    let (writable, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let Some(ruleset) = ruleset(&writable, false) else { return };
    confined(ruleset, || {
        assert!(is_denied(fs::read(&secret)));
        assert!(is_denied(fs::write(&secret, "other")));
        assert!(is_denied(fs::write(outside.path().join("new"), "new")));
        assert!(is_denied(fs::remove_file(&secret)));
        assert!(is_denied(fs::read_dir(outside.path())));
        assert!(is_denied(fs::read_dir("/etc")));
        assert!(is_denied(fs::write("/usr/ringback", "new")));

        let (own, moved) = (writable.path().join("own"), writable.path().join("below/moved"));
        fs::write(&own, "own").unwrap();
        fs::create_dir(writable.path().join("below")).unwrap();
        fs::rename(&own, &moved).unwrap();
        fs::write(&moved, "less").unwrap();
        assert_eq!(fs::read_to_string(&moved).unwrap(), "less");
        assert!(is_denied(fs::rename(&moved, outside.path().join("moved"))));
        fs::remove_file(&moved).unwrap();

        assert!(fs::read_dir("/usr").unwrap().count() > 0);
        assert!(!fs::read("/etc/passwd").unwrap().is_empty());
        assert!(!fs::read("/proc/self/status").unwrap().is_empty());
        fs::write("/dev/null", "gone").unwrap();
    });
    assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");
}

#[test]
fn other_readable_directories_are_as_the_operator_says() {
    let (writable, readable) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = readable.path().join("file");
    fs::write(&file, "data").unwrap();
    let rules = Rules::new(&[readable.path().to_owned()]).unwrap();
    let Ok(ruleset) = rules.ruleset(&[writable.path()], false) else { return };
    confined(ruleset, || {
        assert_eq!(fs::read_to_string(&file).unwrap(), "data");
        assert!(is_denied(fs::write(&file, "other")));
    });
}

#[test]
fn programs_are_executed() {
    let writable = tempfile::tempdir().unwrap();
    let Some(ruleset) = ruleset(&writable, false) else { return };
    confined(ruleset, || {
        let script = "echo $((6 * 7)) > /dev/null && ls / 2>/dev/null; /bin/true";
        assert!(command("/bin/sh", &["-c", script]).status().unwrap().success());
    });
}

#[test]
fn no_link_that_a_program_left_opens_what_it_leads_to() {
    let (writable, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = writable.path().join("link");
    std::os::unix::fs::symlink(outside.path(), &link).unwrap();
    let error = Rules::new(&[]).unwrap().ruleset(&[&link], false).unwrap_err();
    if Support::detect().has_filesystem() {
        assert_eq!(error.raw_os_error(), Some(libc::ELOOP));
    }
}

/// All rulesets that this kernel can make with or without the network.
fn rulesets(writable: &TempDir, network: bool) -> impl Iterator<Item = OwnedFd> {
    ruleset(writable, network).into_iter().chain(scopes_only(network).unwrap())
}

#[test]
fn tcp_is_there_only_with_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let attempt = || [TcpStream::connect(address).map(drop), TcpListener::bind(address).map(drop)];
    let writable = tempfile::tempdir().unwrap();
    for network in [false, true] {
        let expected = !network && (Support::detect().abi >= 4);
        for ruleset in rulesets(&writable, network) {
            // Somebody listens at the address: what is not denied is refused for that.
            let denied = confined(ruleset, attempt).map(is_denied);
            assert_eq!(denied, [expected, expected], "network: {network}");
        }
    }
}

#[test]
fn abstract_sockets_are_there_only_with_the_network() {
    let name = format!("ringback-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    let writable = tempfile::tempdir().unwrap();
    for network in [false, true] {
        let expected = !network && Support::detect().has_scopes();
        for ruleset in rulesets(&writable, network) {
            let denied = is_denied(confined(ruleset, || UnixStream::connect_addr(&address)));
            assert_eq!(denied, expected, "network: {network}");
        }
    }
}

#[test]
fn signals_stay_inside() {
    let outside = Sleeper::start();
    let writable = tempfile::tempdir().unwrap();
    for network in [false, true] {
        for ruleset in rulesets(&writable, network) {
            let (to_outside, to_inside) = confined(ruleset, || {
                let inside = Sleeper::start();
                (test_kill_process(outside.pid()), test_kill_process(inside.pid()))
            });
            assert_eq!(to_outside.is_err(), Support::detect().has_scopes());
            to_inside.unwrap();
        }
    }
}

#[test]
fn without_file_rules_files_are_left_alone() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("file");
    let Some(ruleset) = scopes_only(false).unwrap() else { return };
    confined(ruleset, || fs::write(&file, "data")).unwrap();
    assert_eq!(fs::read_to_string(file).unwrap(), "data");
}

#[test]
fn what_a_kernel_has_follows_from_its_version() {
    let has = |abi| {
        let support = Support { abi };
        (support.has_filesystem(), support.abi >= 4, support.has_scopes())
    };
    assert_eq!(has(0), (false, false, false));
    assert_eq!(has(1), (true, false, false));
    assert_eq!(has(3), (true, false, false));
    assert_eq!(has(4), (true, true, false));
    assert_eq!(has(5), (true, true, false));
    assert_eq!(has(6), (true, true, true));
    assert_eq!(has(7), (true, true, true));
}

#[test]
fn the_kernel_is_asked_and_its_answer_is_what_it_enforces() {
    let support = Support::detect();
    assert_eq!(scopes_only(false).unwrap().is_some(), support.abi >= 4);
    assert_eq!(scopes_only(true).unwrap().is_some(), support.has_scopes());
    assert!(!Rules::new(&[]).unwrap().are_stale());
}
