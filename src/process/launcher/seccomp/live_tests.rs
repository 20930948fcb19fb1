//! The filter in force: what the kernel answers, and what ordinary programs can still do.
//!
//! A filter holds for the thread that installs it and those that it starts, so each test takes a
//! thread for it and leaves the others alone.
#![allow(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;
use std::thread;

use libc::c_long;

use super::filter;

/// Runs a test in a thread that is confined, and that alone.
fn confined<T: Send>(network: bool, test: impl FnOnce() -> T + Send) -> T {
    let inside = || {
        install(network);
        test()
    };
    thread::scope(|scope| scope.spawn(inside).join()).unwrap()
}

fn install(network: bool) {
    let mut filter = filter(network);
    let program =
        libc::sock_fprog { len: filter.len().try_into().unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: the call takes no pointers.
    let privileges = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(privileges, 0);
    // SAFETY: `program` names as many instructions as there are, and the kernel copies them.
    let installed = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
    };
    assert_eq!(installed, 0, "{}", io::Error::last_os_error());
}

/// The error of a call with up to three numbers as arguments.
fn error_of(call: c_long, arguments: [c_long; 3]) -> Option<i32> {
    let [first, second, third] = arguments;
    // SAFETY: the calls that are tried get no pointers but null.
    let answer = unsafe { libc::syscall(call, first, second, third, 0, 0, 0) };
    (answer == -1).then(|| io::Error::last_os_error().raw_os_error()).flatten()
}

#[test]
fn the_kernel_refuses_what_the_table_denies() {
    confined(true, || {
        let user = c_long::from(libc::CLONE_NEWUSER);
        assert_eq!(error_of(libc::SYS_unshare, [user, 0, 0]), Some(libc::EPERM));
        assert_eq!(error_of(libc::SYS_clone, [user, 0, 0]), Some(libc::EPERM));
        assert_eq!(error_of(libc::SYS_clone3, [0, 0, 0]), Some(libc::ENOSYS));
        assert_eq!(error_of(libc::SYS_io_uring_setup, [1, 0, 0]), Some(libc::EPERM));
        assert_eq!(error_of(libc::SYS_keyctl, [0, -3, 0]), Some(libc::EPERM));
        assert_eq!(error_of(libc::SYS_userfaultfd, [0, 0, 0]), Some(libc::EPERM));
        let type_in = c_long::try_from(libc::TIOCSTI).unwrap();
        assert_eq!(error_of(libc::SYS_ioctl, [0, type_in, 0]), Some(libc::EPERM));
    });
}

#[test]
fn without_the_network_nobody_is_reached() {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("socket");
    let _local = UnixListener::bind(&path).unwrap();
    let remote = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = remote.local_addr().unwrap();
    let attempt = || {
        [
            TcpStream::connect(address).map(drop),
            UdpSocket::bind("127.0.0.1:0").map(drop),
            UnixStream::connect(&path).map(drop),
            UnixDatagram::unbound().map(drop),
            UnixDatagram::pair().map(drop),
        ]
    };
    for result in confined(false, attempt) {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    // The same attempts with the network: what failed is what the filter took away.
    for result in confined(true, attempt) {
        result.unwrap();
    }
}

#[test]
fn a_program_still_has_files_pairs_threads_and_children() {
    let directory = tempfile::tempdir().unwrap();
    confined(false, || {
        let file = directory.path().join("file");
        std::fs::write(&file, "hello").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "hello");

        let (mut one, mut other) = UnixStream::pair().unwrap();
        one.write_all(b"pair").unwrap();
        drop(one);
        let mut said = String::new();
        other.read_to_string(&mut said).unwrap();
        assert_eq!(said, "pair");

        assert_eq!(thread::spawn(|| 6 * 7).join().unwrap(), 42);

        #[expect(clippy::disallowed_methods, reason = "a child shows that children can be made")]
        let child = Command::new("/bin/sh").args(["-c", "(exit 3) | cat; exit 7"]).status();
        assert_eq!(child.unwrap().code(), Some(7));
    });
}
