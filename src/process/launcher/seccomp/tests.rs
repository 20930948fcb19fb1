//! What the filter says about calls, found by running it here instead of in the kernel.

use libc::{c_long, sock_filter};

use super::arguments::{Argument, Half};
use super::interpreter::{Call, run};
use super::program::assemble;
use super::{Action, Rule, calls, filter};

const ALLOW: u32 = 0x7fff_0000;
const KILL_PROCESS: u32 = 0x8000_0000;

/// The verdict that makes a call fail.
fn error(errno: i32) -> u32 {
    0x0005_0000 | errno.unsigned_abs()
}

/// What the table says, found by looking at every line of it.
fn expected(rules: &[Rule], call: &Call) -> u32 {
    let holds = |argument: &Argument| {
        let whole = call.arguments[argument.index as usize];
        let half = match argument.half {
            Half::Low => whole & 0xffff_ffff,
            Half::High => whole >> 32,
        };
        argument.values.iter().any(|value| u64::from(*value) == half & u64::from(argument.mask))
    };
    let rule = rules.iter().find(|rule| (rule.first..=rule.last).contains(&call.number));
    match rule.map(|rule| &rule.action) {
        None => ALLOW,
        Some(Action::Deny(errno)) => error(*errno),
        Some(Action::DenyIf(all, errno)) if all.iter().all(holds) => error(*errno),
        Some(Action::DenyUnless(all, errno)) if !all.iter().all(holds) => error(*errno),
        Some(_) => ALLOW,
    }
}

/// Arguments that at least one rule treats differently from the others.
const ARGUMENTS: &[[u64; 6]] = &[
    [0; 6],
    [u64::MAX; 6],
    [1, 1, 0, 0, 0, 0],
    [1, 2, 0, 0, 1, 0],
    [2, 5, 0, 0, 1 << 32, 0],
    [1, 0x5412, 0, 0, 0, 0],
    [0x1000_0011, 0x541c, 0, 0, 0, 0],
    [8, 0x0008_0805, 0, 0, 0, 0],
];

#[test]
fn the_tree_says_what_the_table_says() {
    for network in [false, true] {
        let (filter, rules) = (filter(network), calls::rules(network));
        let odd = [0x3fff_ffff, 0x4000_0000, 0x4000_0029, u32::MAX];
        for number in (0..=600).chain(odd) {
            for arguments in ARGUMENTS {
                let call = Call { number, arguments: *arguments, ..Call::new(0, &[]) };
                assert_eq!(run(&filter, &call).0, expected(&rules, &call), "{network} {call:?}");
            }
        }
    }
}

#[test]
fn the_table_names_every_call_once() {
    for network in [false, true] {
        let rules = calls::rules(network);
        assert!(rules.len() > 60);
        assert!(rules.windows(2).all(|pair| pair[0].last < pair[1].first), "{rules:?}");
    }
}

#[test]
fn every_way_through_the_filter_is_short() {
    for network in [false, true] {
        let (filter, rules) = (filter(network), calls::rules(network));
        for number in 0..=600 {
            let looks_at_arguments = rules
                .iter()
                .any(|rule| rule.first == number && !matches!(rule.action, Action::Deny(_)));
            let most = if looks_at_arguments { 18 } else { 12 };
            for arguments in ARGUMENTS {
                let call = Call { number, arguments: *arguments, ..Call::new(0, &[]) };
                assert!(run(&filter, &call).1 <= most, "{call:?}");
            }
        }
        assert!(filter.len() < 200, "{} instructions", filter.len());
    }
}

#[test]
fn the_calls_of_other_architectures_end_the_process() {
    let i386 = Call { architecture: 0x4000_0003, ..Call::new(libc::SYS_read, &[]) };
    assert_eq!(run(&filter(true), &i386).0, KILL_PROCESS);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn there_is_no_second_set_of_numbers() {
    let x32 = |call: c_long| Call::new(call | 0x4000_0000, &[]);
    assert_eq!(verdict(true, x32(libc::SYS_read)), error(libc::ENOSYS));
    assert_eq!(verdict(true, x32(libc::SYS_unshare)), error(libc::ENOSYS));
}

fn verdict(network: bool, call: Call) -> u32 {
    run(&filter(network), &call).0
}

#[test]
fn children_and_threads_are_made_without_namespaces() {
    let clone = |flags: u64| verdict(true, Call::new(libc::SYS_clone, &[flags]));
    let of_thread = libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND | libc::CLONE_FS;
    assert_eq!(clone(libc::SIGCHLD as u64), ALLOW);
    assert_eq!(clone(of_thread as u64), ALLOW);
    assert_eq!(clone((libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD) as u64), ALLOW);
    for bit in [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000_u64] {
        assert_eq!(clone(bit | libc::SIGCHLD as u64), error(libc::EPERM), "{bit:#x}");
    }
    assert_eq!(clone(0x4000_0000), error(libc::EPERM));
    assert_eq!(verdict(true, Call::new(libc::SYS_clone3, &[])), error(libc::ENOSYS));
}

#[test]
fn nothing_is_typed_into_a_terminal() {
    let ioctl = |request: u64| verdict(true, Call::new(libc::SYS_ioctl, &[0, request]));
    let (tiocsti, tioclinux, tiocgwinsz) = (0x5412, 0x541c, 0x5413);
    assert_eq!(ioctl(tiocsti), error(libc::EPERM));
    assert_eq!(ioctl(tioclinux), error(libc::EPERM));
    // The kernel looks at 32 bits of the request, and so must the filter.
    assert_eq!(ioctl(1 << 32 | tiocsti), error(libc::EPERM));
    assert_eq!(ioctl(tiocgwinsz), ALLOW);
}

#[test]
fn a_personality_is_asked_for_but_not_weakened() {
    let personality = |value: u64| verdict(true, Call::new(libc::SYS_personality, &[value]));
    assert_eq!(personality(0xffff_ffff), ALLOW);
    assert_eq!(personality(0), ALLOW);
    assert_eq!(personality(libc::ADDR_NO_RANDOMIZE as u64), error(libc::EPERM));
    assert_eq!(personality(libc::READ_IMPLIES_EXEC as u64), error(libc::EPERM));
}

#[test]
fn without_the_network_there_are_only_local_streams() {
    let make = |call: c_long, domain: i32, kind: i32| {
        verdict(false, Call::new(call, &[domain as u64, kind as u64]))
    };
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        assert_eq!(make(call, libc::AF_UNIX, libc::SOCK_STREAM), ALLOW);
        assert_eq!(make(call, libc::AF_UNIX, libc::SOCK_STREAM | flags), ALLOW);
        assert_eq!(make(call, libc::AF_UNIX, libc::SOCK_SEQPACKET | flags), ALLOW);
        for kind in [libc::SOCK_DGRAM, libc::SOCK_DGRAM | flags, libc::SOCK_RAW, 0] {
            assert_eq!(make(call, libc::AF_UNIX, kind), error(libc::EACCES), "{kind}");
        }
        for domain in [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_VSOCK, -1] {
            assert_eq!(make(call, domain, libc::SOCK_STREAM), error(libc::EACCES), "{domain}");
        }
    }
    let inet = Call::new(libc::SYS_socket, &[libc::AF_INET as u64, libc::SOCK_DGRAM as u64]);
    assert_eq!(verdict(true, inet), ALLOW);
}

#[test]
fn without_the_network_nobody_is_addressed() {
    let sendto = |network, address| {
        verdict(network, Call::new(libc::SYS_sendto, &[3, 0x7000, 1, 0, address, 0]))
    };
    assert_eq!(sendto(false, 0), ALLOW);
    assert_eq!(sendto(false, 0x7ffd_0000_0000), error(libc::EACCES));
    assert_eq!(sendto(false, 0x0000_0000_7ffd), error(libc::EACCES));
    assert_eq!(sendto(true, 0x7ffd_0000_0000), ALLOW);
    assert_eq!(verdict(false, Call::new(libc::SYS_connect, &[3])), error(libc::EACCES));
    assert_eq!(verdict(true, Call::new(libc::SYS_connect, &[3])), ALLOW);
}

#[test]
fn what_confines_further_stays_allowed() {
    for call in [libc::SYS_seccomp, libc::SYS_landlock_restrict_self, libc::SYS_ptrace] {
        assert_eq!(verdict(false, Call::new(call, &[])), ALLOW);
    }
}

/// So many rules that comparisons cannot jump far enough by themselves.
#[test]
fn long_programs_jump_as_well() {
    let action = |number: u32| match number % 3 {
        0 => Action::DenyIf(vec![Argument::low(0, &[number]).masked(0xffff)], libc::EACCES),
        1 => Action::DenyUnless(vec![Argument::high(5, &[1, number])], libc::EPERM),
        _ => Action::Deny((number % 100) as i32 + 1),
    };
    let rules: Vec<Rule> = (0..400)
        .map(|index| Rule { first: 3 + 4 * index, last: 4 + 4 * index, action: action(index) })
        .collect();
    let program: Vec<sock_filter> = assemble(&rules);
    assert!(program.len() > 4 * usize::from(u8::MAX));
    for number in 0..2000 {
        for first in [0, 6, u64::from(number / 4)] {
            let arguments = [first, 0, 0, 0, 0, first << 32];
            let call = Call { number, arguments, ..Call::new(0, &[]) };
            assert_eq!(run(&program, &call).0, expected(&rules, &call), "{call:?}");
        }
    }
}

#[test]
fn no_rules_allow_everything() {
    assert_eq!(run(&assemble(&[]), &Call::new(7, &[])).0, ALLOW);
}
