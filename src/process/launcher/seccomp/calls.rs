//! The table of system calls that a confined program may not make, or not with any argument.
//! Says nothing about how a filter finds a call in it.

use libc::{EACCES, EPERM, c_long};

use super::arguments::Argument;
use super::{Action, Rule};

/// Not in libc yet; the same number on every architecture (Linux 6.15).
const SYS_OPEN_TREE_ATTR: c_long = 467;

/// What no program needs that only computes, on any architecture.
const DENIED: &[c_long] = &[
    // The kernel's keyring is shared by everything of a user id.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Interfaces with a long record of holes; io_uring also passes by every filter.
    libc::SYS_bpf,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_memfd_secret,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // Namespaces and mounts: in one of its own a program would be root.
    libc::SYS_chroot,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    SYS_OPEN_TREE_ATTR,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
    // Files by handle, past the directories that lead to them.
    libc::SYS_fanotify_init,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // Memory and descriptors of other processes.
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    // The machine: its kernel, clock, name, log and accounts. Asking the clock's state goes with
    // setting it, since the filter cannot see which of the two is meant.
    libc::SYS_acct,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_vhangup,
];

/// What is not on every architecture, or not in libc: ports, segments, calls from another age.
#[cfg(target_arch = "x86_64")]
const DENIED_HERE: &[c_long] = &[
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_kexec_file_load,
    libc::SYS_modify_ldt,
    libc::SYS_sysfs,
    libc::SYS_uselib,
    libc::SYS_ustat,
];
#[cfg(target_arch = "aarch64")]
const DENIED_HERE: &[c_long] = &[SYS_KEXEC_FILE_LOAD];

/// In libc for glibc, but not for musl.
#[cfg(target_arch = "aarch64")]
const SYS_KEXEC_FILE_LOAD: c_long = 294;

/// The bits of `clone`'s flags that make a namespace. `CLONE_NEWTIME` is not among them: in these
/// flags its bit is part of the signal that a child's end sends.
const NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;

/// What a program may make of itself with `personality`: what it is (0), a 32-bit machine's name
/// (`PER_LINUX32`, for builds under `setarch`), or only ask. All else serves to weaken it.
const PERSONALITIES: &[u32] = &[0, 0x0008, u32::MAX];

/// The part of `socket`'s type that is not a flag (`SOCK_TYPE_MASK` of the kernel).
const SOCKET_TYPE: u32 = 0xf;

/// The rules for programs with or without the network, sorted by number; no two overlap.
pub(super) fn rules(network: bool) -> Vec<Rule> {
    let denied = DENIED.iter().chain(DENIED_HERE);
    let mut rules: Vec<Rule> = denied.map(|call| rule(*call, Action::Deny(EPERM))).collect();
    rules.extend(by_argument());
    #[cfg(target_arch = "x86_64")]
    rules.push(x32());
    if !network {
        rules.extend(without_network());
    }
    rules.sort_by_key(|rule| rule.first);
    rules
}

fn by_argument() -> [Rule; 4] {
    let no_namespace = vec![Argument::low(0, &[0]).masked(NAMESPACES)];
    // Both put words into the mouth of whoever sits at the terminal.
    let into_terminal = vec![Argument::low(1, &[libc::TIOCSTI as u32, libc::TIOCLINUX as u32])];
    let harmless = vec![Argument::low(0, PERSONALITIES)];
    [
        rule(libc::SYS_clone, Action::DenyUnless(no_namespace, EPERM)),
        // Its flags lie behind a pointer.
        rule(libc::SYS_clone3, Action::Deny(libc::ENOSYS)),
        rule(libc::SYS_ioctl, Action::DenyIf(into_terminal, EPERM)),
        rule(libc::SYS_personality, Action::DenyUnless(harmless, EPERM)),
    ]
}

fn without_network() -> [Rule; 4] {
    let types = [libc::SOCK_STREAM as u32, libc::SOCK_SEQPACKET as u32];
    let local = vec![
        Argument::low(0, &[libc::AF_UNIX as u32]),
        Argument::low(1, &types).masked(SOCKET_TYPE),
    ];
    let no_address = vec![Argument::low(4, &[0]), Argument::high(4, &[0])];
    [
        rule(libc::SYS_socket, Action::DenyUnless(local.clone(), EACCES)),
        rule(libc::SYS_socketpair, Action::DenyUnless(local, EACCES)),
        rule(libc::SYS_connect, Action::Deny(EACCES)),
        rule(libc::SYS_sendto, Action::DenyUnless(no_address, EACCES)),
    ]
}

/// The second set of numbers on x86-64 for the same calls: bit 30 is set (`__X32_SYSCALL_BIT`).
#[cfg(target_arch = "x86_64")]
fn x32() -> Rule {
    Rule { first: 0x4000_0000, last: u32::MAX, action: Action::Deny(libc::ENOSYS) }
}

fn rule(call: c_long, action: Action) -> Rule {
    let number = u32::try_from(call).expect("numbers of system calls are small and positive");
    Rule { first: number, last: number, action }
}
