//! Makes a child process: session, signals, descriptors, directory and environment of its own.
//! Waits for nothing, and holds the only unsafe code of the crate.
//!
//! `posix_spawn` and not `std::process::Command`: std can give a child its own session only
//! through `pre_exec`, which forks the whole server (34 ms at 2 GB resident) where glibc's
//! `posix_spawn` shares its memory until the exec (0.06 ms at any size).
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::domain::Usage;

/// What a new process is to be.
#[derive(Debug)]
pub(super) struct Program<'a> {
    /// The executable's path and its arguments.
    pub(super) argv: &'a [String],
    /// Its whole environment, as `NAME=value`.
    pub(super) env: &'a [String],
    /// Where it starts.
    pub(super) directory: &'a Path,
    /// What it reads; nothing gives it `/dev/null`.
    pub(super) stdin: Option<OwnedFd>,
    /// Where its output goes.
    pub(super) stdout: OwnedFd,
    /// Where its complaints go.
    pub(super) stderr: OwnedFd,
}

/// Starts a process as the leader of a session and a process group of its own, with every
/// signal at its default and none blocked, and no descriptor but the three.
///
/// # Errors
/// What `posix_spawn(3)` says: `ENOENT` for an executable or directory that is not there,
/// `EACCES` for one that may not be run, `InvalidInput` for a NUL byte in a text.
pub(super) fn spawn(program: &Program<'_>) -> io::Result<Pid> {
    let argv = c_strings(program.argv)?;
    let env = c_strings(program.env)?;
    let directory = c_string(program.directory.as_os_str())?;
    let argv_pointers = null_terminated(&argv);
    let env_pointers = null_terminated(&env);
    let executable = argv_pointers[0];
    if executable.is_null() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command"));
    }

    let attributes = Attributes::own_session_and_signals()?;
    let mut actions = FileActions::new()?;
    match &program.stdin {
        Some(stdin) => actions.put(stdin, 0)?,
        None => actions.open_null(0)?,
    }
    actions.put(&program.stdout, 1)?;
    actions.put(&program.stderr, 2)?;
    actions.change_directory(&directory)?;
    actions.close_the_rest()?;

    let mut pid: libc::pid_t = 0;
    // SAFETY: every pointer is to a live, initialised value or a NUL-terminated string that
    // outlives the call, and both arrays end with a null pointer.
    let code = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            executable,
            &raw const actions.0,
            &raw const attributes.0,
            argv_pointers.as_ptr(),
            env_pointers.as_ptr(),
        )
    };
    check(code)?;
    Pid::from_raw(pid).ok_or_else(|| io::Error::other("posix_spawn gave no pid"))
}

/// Becomes readable when the child ends, and stays so. Must be called on a thread that runs a
/// tokio reactor.
///
/// # Errors
/// When there is no descriptor to be had.
pub(super) fn exit_of(child: Pid) -> io::Result<AsyncFd<OwnedFd>> {
    let process = pidfd_open(child, PidfdFlags::empty())?;
    // SAFETY: the descriptor is open, and an `OwnedFd` stays the same one until it is dropped.
    Ok(unsafe { AsyncFd::register_with_interest(process, Interest::READABLE)? })
}

/// Takes the exit status and the usage of a child that has ended.
///
/// # Errors
/// `ECHILD` when somebody else in this process has already taken it.
pub(super) fn reap(pid: Pid) -> io::Result<(libc::c_int, Usage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to writable memory of the right size.
    let reaped = loop {
        let reaped = unsafe {
            libc::wait4(pid.as_raw_nonzero().get(), &raw mut status, 0, usage.as_mut_ptr())
        };
        if reaped >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            break reaped;
        }
    };
    if reaped < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed is a valid value of this plain C struct, and wait4 has filled it.
    let usage = unsafe { usage.assume_init() };
    let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
    let usage = Usage {
        // Added up as integers, so that no sum ends in 99999999.
        cpu_seconds: (micros(usage.ru_utime) + micros(usage.ru_stime)) as f64 / 1e6,
        // Linux counts ru_maxrss in KiB: getrusage(2).
        memory_peak_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    };
    Ok((status, usage))
}

struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn own_session_and_signals() -> io::Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: init writes the value that is assumed after it has succeeded.
        let mut attributes = unsafe {
            check(libc::posix_spawnattr_init(raw.as_mut_ptr()))?;
            Self(raw.assume_init())
        };
        let flags = libc::POSIX_SPAWN_SETSID
            | libc::POSIX_SPAWN_SETSIGMASK as libc::c_short
            | libc::POSIX_SPAWN_SETSIGDEF as libc::c_short;
        // SAFETY: the attributes are initialised, and the sets are filled before they are read.
        unsafe {
            let mut none = MaybeUninit::uninit();
            let mut all = MaybeUninit::uninit();
            libc::sigemptyset(none.as_mut_ptr());
            libc::sigfillset(all.as_mut_ptr());
            check(libc::posix_spawnattr_setflags(&raw mut attributes.0, flags))?;
            check(libc::posix_spawnattr_setsigmask(&raw mut attributes.0, none.as_ptr()))?;
            // Rust ignores SIGPIPE, and an ignored signal stays ignored through an exec.
            check(libc::posix_spawnattr_setsigdefault(&raw mut attributes.0, all.as_ptr()))?;
        }
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised by the only constructor, destroyed once.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

struct FileActions(libc::posix_spawn_file_actions_t);

impl FileActions {
    fn new() -> io::Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: init writes the value that is assumed after it has succeeded.
        unsafe {
            check(libc::posix_spawn_file_actions_init(raw.as_mut_ptr()))?;
            Ok(Self(raw.assume_init()))
        }
    }

    fn put(&mut self, descriptor: &OwnedFd, number: libc::c_int) -> io::Result<()> {
        let from = descriptor.as_raw_fd();
        // SAFETY: the actions are initialised.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut self.0, from, number) })
    }

    fn open_null(&mut self, number: libc::c_int) -> io::Result<()> {
        const NULL: &CStr = c"/dev/null";
        // SAFETY: the actions are initialised, and glibc copies the path.
        check(unsafe {
            libc::posix_spawn_file_actions_addopen(
                &raw mut self.0,
                number,
                NULL.as_ptr(),
                libc::O_RDONLY,
                0,
            )
        })
    }

    /// Ours are close-on-exec, but whoever started this server may have left it others that are
    /// not; a program gets none of them.
    fn close_the_rest(&mut self) -> io::Result<()> {
        // SAFETY: the actions are initialised.
        check(unsafe { libc::posix_spawn_file_actions_addclosefrom_np(&raw mut self.0, 3) })
    }

    fn change_directory(&mut self, directory: &CStr) -> io::Result<()> {
        // SAFETY: the actions are initialised, and glibc copies the path.
        check(unsafe {
            libc::posix_spawn_file_actions_addchdir_np(&raw mut self.0, directory.as_ptr())
        })
    }
}

impl Drop for FileActions {
    fn drop(&mut self) {
        // SAFETY: initialised by the only constructor, destroyed once.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// The functions of this family return the error instead of setting `errno`.
fn check(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a NUL byte in a text"))
}

fn c_strings(texts: &[String]) -> io::Result<Vec<CString>> {
    texts.iter().map(|text| c_string(OsStr::new(text))).collect()
}

fn null_terminated(texts: &[CString]) -> Vec<*mut libc::c_char> {
    texts.iter().map(|text| text.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}
