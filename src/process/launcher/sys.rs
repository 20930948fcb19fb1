//! The system calls that no library has in the form that the launcher needs: making a process
//! straight into its namespaces, running a script in it, and taking its end. Knows no policy.

use std::cell::RefCell;
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

pub(super) use super::clone::Child;
use super::clone::{self, Place};
use super::script::{Argument, Script, Stage, Step};
use crate::domain::Usage;

/// What a process is to become.
pub(super) struct Image {
    argv: Vec<CString>,
    env: Vec<CString>,
}

/// Why a process did not become its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) stage: Stage,
    pub(super) errno: i32,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { stage: Stage::Process, errno: error.raw_os_error().unwrap_or(libc::EIO) }
    }
}

impl Image {
    /// The executable's path, its arguments and its whole environment.
    ///
    /// # Errors
    /// `EINVAL` for a NUL byte in one of them, or no command.
    pub(super) fn new(argv: &[String], env: &[String]) -> Result<Self, Failure> {
        let invalid = |_| Failure { stage: Stage::Execute, errno: libc::EINVAL };
        let c_strings = |texts: &[String]| -> Result<Vec<CString>, Failure> {
            texts.iter().map(|text| CString::new(text.as_str()).map_err(invalid)).collect()
        };
        if argv.is_empty() {
            return Err(Failure { stage: Stage::Execute, errno: libc::EINVAL });
        }
        Ok(Self { argv: c_strings(argv)?, env: c_strings(env)? })
    }
}

thread_local! {
    /// The memory that a process works in while it shares everything else with its maker. Kept
    /// and used again: mapping one for each process costs more than the process.
    static STACK: RefCell<Box<[u128]>> = RefCell::new(vec![0; 4096].into_boxed_slice());
}

/// What maker and made tell each other through the memory that they share.
struct Shared<'a> {
    steps: &'a [Step],
    data: *const u8,
    fds: &'a [RawFd],
    argv: *const *const libc::c_char,
    env: *const *const libc::c_char,
    failure: Option<Failure>,
}

/// Makes a process that runs `script` and becomes `image`. The caller stands still until it has:
/// the two share their memory, as `vfork(2)` does, so that the size of the caller costs nothing.
///
/// # Errors
/// The first call that failed. Nothing of the process is left then.
pub(super) fn spawn(
    place: &Place<'_>,
    script: &mut Script,
    fds: &[RawFd],
    image: &Image,
) -> Result<Child, Failure> {
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
    };
    let (argv, env) = (pointers(&image.argv), pointers(&image.env));
    let data = script.data_in_place().as_ptr();
    let mut shared = Shared {
        steps: script.steps(),
        data,
        fds,
        argv: argv.as_ptr(),
        env: env.as_ptr(),
        failure: None,
    };
    let context: *mut Shared<'_> = &raw mut shared;
    // SAFETY: `become_program` takes this context, runs on a stack of its own and never returns;
    // the caller is suspended until the child has left the memory that they share.
    let child = STACK.with_borrow_mut(|stack| unsafe {
        clone::sharing(place, stack, become_program, context.cast())
    });
    // The child has declared the memory that the two shared open to look at, for the program's
    // sake; ours is nobody's business.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let child = child?;
    // SAFETY: the context is still alive, and the child has left it. Read through the pointer,
    // because the compiler does not see that anybody else has written to it.
    match unsafe { (*context).failure } {
        None => Ok(child),
        Some(failure) => {
            // It has ended already; only its entry in the table of processes is left.
            let _ = reap(Some(child.pid), true);
            Err(failure)
        }
    }
}

/// Makes a copy of the calling process, as `fork(2)` does; none for the copy itself. Only for a
/// process with one thread.
///
/// # Errors
/// When the kernel refuses, or lacks what `place` asks for.
pub(super) fn fork(place: &Place<'_>) -> io::Result<Option<Child>> {
    // SAFETY: the copy has its own memory and goes on from here as after fork(2); the launcher has
    // no other thread that could hold a lock.
    unsafe { clone::copying(place) }
}

/// Takes a child that has ended out of the table of processes: its number, its status as
/// `wait(2)` has it, and what it used. None when no child has ended yet and `block` is false.
///
/// # Errors
/// `ECHILD` when there is no such child.
pub(super) fn reap(
    pid: Option<libc::pid_t>,
    block: bool,
) -> io::Result<Option<(libc::pid_t, i32, Usage)>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let options = if block { libc::__WALL } else { libc::__WALL | libc::WNOHANG };
    // SAFETY: both pointers are to writable memory of the right size.
    let reaped =
        unsafe { libc::wait4(pid.unwrap_or(-1), &raw mut status, options, usage.as_mut_ptr()) };
    match reaped {
        0 => Ok(None),
        pid if pid > 0 => {
            // SAFETY: zeroed is a valid value of this plain C struct, and wait4 has filled it.
            let usage = unsafe { usage.assume_init() };
            Ok(Some((pid, status, usage_of(&usage))))
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// What all children that were reaped have used together.
pub(super) fn usage_of_children() -> Usage {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to writable memory of the right size, and zeroed is a valid value.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    usage_of(&usage)
}

fn usage_of(usage: &libc::rusage) -> Usage {
    let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
    Usage {
        // Added up as integers, so that no sum ends in 99999999.
        cpu_seconds: (micros(usage.ru_utime) + micros(usage.ru_stime)) as f64 / 1e6,
        // Linux counts ru_maxrss in KiB: getrusage(2).
        memory_peak_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    }
}

/// Blocks every signal, so that none ends the launcher but SIGKILL.
pub(super) fn block_signals() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is filled before it is read.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, all.as_ptr(), ptr::null_mut());
    }
}

/// Blocks every signal, and gives a descriptor that is readable when a child has ended.
///
/// # Errors
/// When there is no descriptor to be had.
pub(super) fn block_signals_and_watch_children() -> io::Result<OwnedFd> {
    block_signals();
    let mut children = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is filled before it is read; the descriptor is new and ours alone.
    unsafe {
        libc::sigemptyset(children.as_mut_ptr());
        libc::sigaddset(children.as_mut_ptr(), libc::SIGCHLD);
        let fd = libc::signalfd(-1, children.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(OwnedFd::from_raw_fd(fd)) }
    }
}

/// Closes every descriptor from 3 on but those that are named.
pub(super) fn close_all_but(kept: &[BorrowedFd<'_>]) {
    let mut kept: Vec<u32> = kept.iter().map(|fd| fd.as_raw_fd().unsigned_abs()).collect();
    kept.sort_unstable();
    let mut first = 3;
    for fd in kept.into_iter().filter(|fd| *fd >= 3) {
        if fd > first {
            close_range(first, fd - 1);
        }
        first = first.max(fd + 1);
    }
    close_range(first, u32::MAX);
}

fn close_range(first: u32, last: u32) {
    // SAFETY: only called in a process that owns nothing but what its caller has named.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}

/// What a new process does in the memory of its maker: raw calls, nothing that allocates, locks
/// or could panic.
extern "C" fn become_program(context: *mut libc::c_void) -> ! {
    // SAFETY: `spawn` passes a `Shared` that outlives this process's stay in the memory.
    let shared = unsafe { &mut *context.cast::<Shared<'_>>() };
    let (mut last, mut before_last) = (0, 0);
    for step in shared.steps {
        let value = |argument: Argument| -> u64 {
            match argument {
                Argument::Value(value) => value,
                // Not `add`: an address is all that the kernel wants of it.
                Argument::Data(offset) => shared.data as u64 + u64::from(offset),
                Argument::Fd(index) => {
                    shared.fds.get(index as usize).map_or(u64::MAX, |fd| *fd as u64)
                }
                Argument::Last => last as u64,
                Argument::BeforeLast => before_last as u64,
            }
        };
        let [a, b, c, d, e, f] = step.arguments;
        let arguments = [value(a), value(b), value(c), value(d), value(e), value(f)];
        // SAFETY: the script's maker vouches for its calls; their memory outlives this process's
        // stay in it.
        let result = unsafe { call(step.number, arguments) };
        if result < 0 && step.stage != Stage::Optional {
            give_up(shared, step.stage);
        }
        (before_last, last) = (last, result);
    }
    // SAFETY: both arrays end with a null pointer and hold NUL-terminated strings.
    unsafe { libc::execve(*shared.argv, shared.argv, shared.env) };
    give_up(shared, Stage::Execute)
}

unsafe fn call(number: i64, [a, b, c, d, e, f]: [u64; 6]) -> libc::c_long {
    // SAFETY: the caller's.
    unsafe { libc::syscall(number as libc::c_long, a, b, c, d, e, f) }
}

fn give_up(shared: &mut Shared<'_>, stage: Stage) -> ! {
    // SAFETY: the thread's own errno; `_exit` runs nothing of the process that is shared.
    unsafe {
        shared.failure = Some(Failure { stage, errno: *libc::__errno_location() });
        libc::_exit(127)
    }
}

/// Makes a mount and all in it read-only, and keeps whatever else holds for them.
///
/// # Errors
/// `ENOSYS` before Linux 5.12.
pub(super) fn make_read_only(at: &Path) -> io::Result<()> {
    mount_read_only(at, libc::AT_RECURSIVE as libc::c_uint)
}

/// As [`make_read_only`], without what is mounted in it.
///
/// # Errors
/// `ENOSYS` before Linux 5.12.
pub(super) fn make_read_only_alone(at: &Path) -> io::Result<()> {
    mount_read_only(at, 0)
}

fn mount_read_only(at: &Path, flags: libc::c_uint) -> io::Result<()> {
    let path = CString::new(at.as_os_str().as_bytes())?;
    // `struct mount_attr` of `linux/mount.h`: to be set, to be cleared, propagation, user
    // namespace.
    let attributes: [u64; 4] = [libc::MOUNT_ATTR_RDONLY, 0, 0, 0];
    // SAFETY: the path ends with a NUL, and the attributes have the size that is told.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// SIGKILL to every process that this one may signal, but itself: in a PID namespace of which it
/// is the first, to everybody else there.
pub(super) fn kill_everybody() -> io::Result<()> {
    // Anywhere else, this would be everybody on the machine.
    if std::process::id() != 1 {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    // SAFETY: no memory is involved.
    let result = unsafe { libc::kill(-1, libc::SIGKILL) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Ends this process without running anything that its original would run at its end.
pub(super) fn leave(code: i32) -> ! {
    // SAFETY: it does not return, and nothing of ours is left to be done.
    unsafe { libc::_exit(code) }
}

/// Takes what is under the number of a standard stream, and puts `/dev/null` there.
///
/// # Errors
/// When there is nothing, or no descriptor to be had.
pub(super) fn take_stream(number: RawFd) -> io::Result<OwnedFd> {
    let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    // SAFETY: the numbers of standard streams belong to nobody in particular; the new descriptor
    // is ours alone, and beyond those numbers.
    unsafe {
        let taken = libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3);
        if taken < 0 || libc::dup3(null.as_raw_fd(), number, 0) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(taken))
    }
}

/// Gives every signal its default again; what was ignored when this process was started would
/// stay so in every program.
pub(super) fn default_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: no handler of ours is set or lost; for two signals the kernel refuses.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Whether `clone3(2)` is there and allowed: asked with arguments that it must refuse.
pub(super) fn has_clone3() -> bool {
    // SAFETY: a size of 0 is refused before anything is read.
    let result = unsafe { libc::syscall(libc::SYS_clone3, ptr::null::<u8>(), 0) };
    result >= 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL)
}
