//! The system calls that a confined program may not make, as a filter that the kernel runs.
//! Only makes the filter: whoever starts the program puts it into force, after `no_new_privs`.

mod arguments;
mod calls;
mod program;

use libc::sock_filter;

/// The filter for `seccomp(2)`. What it does not name is allowed: a program keeps what it needs to
/// compute, to use its files and to start others, and loses what changes the machine, hides from
/// the filter itself, or is mostly known for its holes.
///
/// - Denied calls give `EPERM`. `clone3` gives `ENOSYS`, and with that every C library falls back
///   to `clone`, whose flags the filter can see. Calls of a foreign architecture end the process;
///   those of x32 give `ENOSYS`.
/// - `ptrace` is allowed, for debuggers and sanitizers: landlock keeps it inside of the execution,
///   so the filter alone does not.
///
/// Without `network`, these too, with `EACCES`:
///
/// - `socket` and `socketpair` make stream and seqpacket sockets of `AF_UNIX` only, `connect` is
///   refused altogether, and `sendto` may not name an address. That takes away TCP, UDP, netlink
///   and vsock, and also what landlock leaves open: sockets with a path, of which a container
///   engine's is the best known.
/// - `sendmsg` hides its address behind a pointer, where a filter cannot look. It reaches nobody:
///   only datagram sockets heed that address, and there is none to be had, not as a pair either,
///   for half of a pair of datagram sockets sends to any path.
/// - What breaks: clients of sockets with a path, even of the program's own (Python's
///   `multiprocessing.Manager`, `ssh-agent`, X11, D-Bus, `syslog`), and pairs of datagram sockets.
///   Pipes, pairs of stream sockets, and with them `multiprocessing.Pool` and the event loops of
///   Node and Python work.
pub(super) fn filter(network: bool) -> Vec<sock_filter> {
    program::assemble(&calls::rules(network))
}

/// What becomes of some system calls. All others are allowed.
#[derive(Debug, Clone)]
struct Rule {
    /// The first of the calls' numbers.
    first: u32,
    /// The last of them, which most often is the first.
    last: u32,
    action: Action,
}

#[derive(Debug, Clone)]
enum Action {
    /// Fails with this error.
    Deny(i32),
    /// Fails with this error if all arguments are as listed, and is allowed otherwise.
    DenyIf(Vec<arguments::Argument>, i32),
    /// Fails with this error unless all arguments are as listed.
    DenyUnless(Vec<arguments::Argument>, i32),
}

#[cfg(test)]
mod interpreter;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod tests;
