//! Launchers that are started by somebody else than a server of their own version, and servers that
//! start something else than a launcher: each says what is wrong, and ends.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use ringback::process::LauncherBinary;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair,
};

use super::support::place_with;

fn launcher(stdin: Stdio) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.arg("launcher").stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// A launcher at the other end of a socket such as a server has.
fn called() -> (OwnedFd, Child) {
    let flags = SocketFlags::CLOEXEC;
    let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
    let (ours, theirs) = pair.unwrap();
    (ours, launcher(Stdio::from(theirs)))
}

/// What it answers to a first message.
fn answer_to(message: &[u8]) -> (String, Option<i32>) {
    let (socket, mut child) = called();
    send(&socket, message, SendFlags::empty()).unwrap();
    let mut answer = [0; 1024];
    let (length, _) = recv(&socket, &mut answer, RecvFlags::empty()).unwrap();
    (String::from_utf8_lossy(&answer[..length]).into_owned(), child.wait().unwrap().code())
}

#[test]
fn by_hand_it_says_who_starts_it() {
    for stdin in [Stdio::null(), Stdio::piped()] {
        let output = launcher(stdin).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("is started by the server"), "{said}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    }
}

#[test]
fn a_server_of_another_version_is_told_so() {
    let (answer, code) = answer_to(&[0, 9, 1, 2, 3]);
    assert!(answer.contains("version 9") && answer.contains("version 1"), "{answer}");
    assert_eq!(code, Some(2));
}

#[test]
fn what_is_no_setup_is_refused_in_a_sentence() {
    for garbage in [&b"\0"[..], b"\0\x01", b"\0\x01GET / HTTP/1.1\r\n", &[0xff; 300]] {
        let (answer, code) = answer_to(garbage);
        assert!(
            answer.contains("not one of this protocol") || answer.contains("speaks version"),
            "{answer}"
        );
        assert_eq!(code, Some(2), "{garbage:?}");
    }
}

#[test]
fn a_server_that_hangs_up_before_it_said_anything_leaves_no_launcher() {
    let (socket, mut child) = called();
    drop(socket);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn a_binary_that_is_no_launcher_is_named_as_the_reason() {
    for (binary, words) in
        [("/bin/true", "ended without a word"), ("/no/such/binary", "cannot be started")]
    {
        let refused = place_with(|settings| settings.binary = LauncherBinary::Path(binary.into()));
        let error = refused.err().expect("it is no launcher").to_string();
        assert!(error.contains(words), "{error}");
    }
}
