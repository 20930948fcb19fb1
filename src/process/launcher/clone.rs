//! `clone3(2)`, and `clone(2)` where that is missing or forbidden: the two ways in which the
//! launcher makes processes. What they do then is not said here.

use std::arch::asm;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Where a new process is made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place<'a> {
    /// `CLONE_NEW…` flags: the namespaces that it gets.
    pub(super) namespaces: u64,
    /// The cgroup that it is born in. Not for `without_clone3`: then it has to enter by itself.
    pub(super) cgroup: Option<BorrowedFd<'a>>,
    /// Whether to do without `clone3(2)`, which some container runtimes forbid.
    pub(super) without_clone3: bool,
}

/// A process that was made.
#[derive(Debug)]
pub(super) struct Child {
    /// Its number in the caller's PID namespace.
    pub(super) pid: libc::pid_t,
    /// A descriptor that names it and nobody else.
    pub(super) pidfd: OwnedFd,
}

/// What a new process runs, with the context that it was made with. Must not return.
pub(super) type Entry = extern "C" fn(*mut libc::c_void) -> !;

/// `struct clone_args` of `linux/sched.h` in its second version, which has a cgroup.
#[repr(C)]
#[derive(Default)]
struct Arguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// `linux/sched.h`; the libc crate has it as a number too small to hold it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Makes a process that shares the caller's memory and runs `entry` on `stack`, while the caller
/// is suspended until it has executed a program or ended.
///
/// # Safety
/// `entry` may be called with `context`, and does only what a process may that shares its memory
/// with a suspended one: no allocation, no lock, no panic.
///
/// # Errors
/// What the kernel says.
pub(super) unsafe fn sharing(
    place: &Place<'_>,
    stack: &mut [u128],
    entry: Entry,
    context: *mut libc::c_void,
) -> io::Result<Child> {
    let mut pidfd: RawFd = -1;
    let flags = (libc::CLONE_VM | libc::CLONE_VFORK) as u64;
    let mut arguments = Arguments::of(place, flags, &mut pidfd);
    arguments.stack = stack.as_mut_ptr() as u64;
    arguments.stack_size = size_of_val(stack) as u64;
    let call = arguments.call(place);
    // SAFETY: the arguments and the stack live until the call has returned here, which it does
    // once the child has left this memory; the rest is the caller's promise.
    let pid = unsafe { call_onto(call, entry, context) };
    child(pid, pidfd)
}

/// Makes a copy of the calling process, and returns in both: none in the copy.
///
/// # Safety
/// The calling process has one thread.
///
/// # Errors
/// What the kernel says.
pub(super) unsafe fn copying(place: &Place<'_>) -> io::Result<Option<Child>> {
    let mut pidfd: RawFd = -1;
    let arguments = Arguments::of(place, 0, &mut pidfd);
    let Call { number, arguments: [a, b, c, d, e] } = arguments.call(place);
    // SAFETY: the pointers lead to live values; without CLONE_VM nothing is shared.
    let pid = unsafe { libc::syscall(number, a, b, c, d, e) };
    let pid = if pid < 0 { -i64::from(errno()) } else { pid };
    if pid == 0 { Ok(None) } else { child(pid, pidfd).map(Some) }
}

/// A system call with its arguments.
struct Call {
    number: libc::c_long,
    arguments: [u64; 5],
}

impl Arguments {
    fn of(place: &Place<'_>, flags: u64, pidfd: &mut RawFd) -> Self {
        let into_cgroup = if place.cgroup.is_some() { CLONE_INTO_CGROUP } else { 0 };
        Self {
            flags: flags | place.namespaces | into_cgroup | libc::CLONE_PIDFD as u64,
            pidfd: std::ptr::from_mut(pidfd) as u64,
            exit_signal: libc::SIGCHLD as u64,
            cgroup: place.cgroup.map_or(0, |fd| fd.as_raw_fd() as u64),
            ..Self::default()
        }
    }

    /// The call that takes these arguments.
    fn call(&self, place: &Place<'_>) -> Call {
        if !place.without_clone3 {
            let address = std::ptr::from_ref(self) as u64;
            let arguments = [address, size_of::<Self>() as u64, 0, 0, 0];
            return Call { number: libc::SYS_clone3, arguments };
        }
        // clone(2): the exit signal is in the lowest byte of the flags, the stack is given by its
        // end, and the place of the pidfd is that of the parent's tid.
        let flags = (self.flags & !CLONE_INTO_CGROUP) | self.exit_signal;
        let arguments = [flags, self.stack + self.stack_size, self.pidfd, 0, 0];
        Call { number: libc::SYS_clone, arguments }
    }
}

fn child(pid: i64, pidfd: RawFd) -> io::Result<Child> {
    if pid < 0 {
        return Err(io::Error::from_raw_os_error(-pid as i32));
    }
    // SAFETY: the kernel has put a new descriptor there, which nobody else knows.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Child { pid: pid as libc::pid_t, pidfd })
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// Makes the call; the child, which comes back on an empty stack, calls `entry` and nothing else.
/// By hand, because a function that returns twice on two stacks cannot be written otherwise.
#[cfg(target_arch = "x86_64")]
unsafe fn call_onto(call: Call, entry: Entry, context: *mut libc::c_void) -> i64 {
    let [a, b, c, d, e] = call.arguments;
    let result: i64;
    // SAFETY: the caller's. Every register that the child reads was set before the call and is
    // kept by it; the parent gets all back that the compiler is not told of.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r13",
            "call r12",
            "ud2",
            "2:",
            inlateout("rax") call.number => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e,
            in("r12") entry, in("r13") context,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    result
}

/// As above, for 64-bit ARM.
#[cfg(target_arch = "aarch64")]
unsafe fn call_onto(call: Call, entry: Entry, context: *mut libc::c_void) -> i64 {
    let [a, b, c, d, e] = call.arguments;
    let result: i64;
    // SAFETY: as for x86_64.
    unsafe {
        asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, x21",
            "blr x20",
            "brk 1",
            "2:",
            inlateout("x0") a => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x8") call.number,
            in("x20") entry, in("x21") context,
            lateout("x30") _,
        );
    }
    result
}
