//! Puts rules together as a program for the kernel's filter machine: a binary tree over the call's
//! number, because the kernel runs a new filter once for each number that there is. A list of the
//! same rules makes the start of a program five times as dear.
//!
//! Jumps only lead forward, so the program is written from its end to its beginning: whatever an
//! instruction jumps to is already there.

use std::collections::BTreeMap;

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W,
    SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, sock_filter,
};

use super::arguments::Argument;
use super::{Action, Rule};

/// Where things stand in `struct seccomp_data`, in bytes.
pub(super) const NUMBER: u32 = 0;
pub(super) const ARCHITECTURE: u32 = 4;

/// `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` of linux/audit.h: the ELF machine, 64 bits, little
/// endian.
#[cfg(target_arch = "x86_64")]
pub(super) const NATIVE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
pub(super) const NATIVE: u32 = 0xc000_00b7;

/// The farthest that a comparison can jump. One less than a byte holds, for the two ways out of a
/// comparison may each need a longer jump beside it.
const NEAR: usize = u8::MAX as usize - 1;

/// The program that acts on calls as the rules say, and allows all others.
///
/// The rules are sorted by number and do not overlap.
pub(super) fn assemble(rules: &[Rule]) -> Vec<sock_filter> {
    let mut program = Program::default();
    let kill = program.verdict(SECCOMP_RET_KILL_PROCESS);
    let spans = program.spans(rules);
    let tree = program.tree(&spans);
    let number = program.load(NUMBER, tree);
    let by_architecture = program.compare(BPF_JEQ, NATIVE, number, kill);
    program.load(ARCHITECTURE, by_architecture);
    program.reversed.reverse();
    program.reversed
}

/// A program of which the end is written.
#[derive(Default)]
struct Program {
    reversed: Vec<sock_filter>,
    verdicts: BTreeMap<u32, Place>,
}

/// An instruction, counted from the program's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(usize);

/// All numbers from this one to the next span's lead to the same place.
struct Span {
    first: u32,
    to: Place,
}

impl Program {
    /// Divides all numbers into spans, writing what the rules do in each.
    fn spans(&mut self, rules: &[Rule]) -> Vec<Span> {
        let allow = self.verdict(SECCOMP_RET_ALLOW);
        let mut spans = vec![Span { first: 0, to: allow }];
        for rule in rules {
            let to = self.action(&rule.action);
            begin(&mut spans, rule.first, to);
            if let Some(next) = rule.last.checked_add(1) {
                begin(&mut spans, next, allow);
            }
        }
        spans
    }

    fn action(&mut self, action: &Action) -> Place {
        let allow = self.verdict(SECCOMP_RET_ALLOW);
        match action {
            Action::Deny(errno) => self.error(*errno),
            Action::DenyIf(arguments, errno) => {
                let deny = self.error(*errno);
                self.arguments(arguments, deny, allow)
            }
            Action::DenyUnless(arguments, errno) => {
                let deny = self.error(*errno);
                self.arguments(arguments, allow, deny)
            }
        }
    }

    /// Leads on to `all` if all arguments are as listed, else to `otherwise`.
    fn arguments(&mut self, arguments: &[Argument], all: Place, otherwise: Place) -> Place {
        arguments.iter().rev().fold(all, |next, argument| {
            let values = argument.values.iter().rev();
            let mut test = values
                .fold(otherwise, |not_this, value| self.compare(BPF_JEQ, *value, next, not_this));
            if argument.mask != u32::MAX {
                test = self.then(BPF_ALU | BPF_AND | BPF_K, argument.mask, test);
            }
            self.load(argument.offset(), test)
        })
    }

    /// Finds the loaded number's span with as few comparisons as there can be.
    fn tree(&mut self, spans: &[Span]) -> Place {
        if let [span] = spans {
            return span.to;
        }
        let (below, above) = spans.split_at(spans.len() / 2);
        let (if_above, if_below) = (self.tree(above), self.tree(below));
        self.compare(BPF_JGE, above[0].first, if_above, if_below)
    }

    fn error(&mut self, errno: i32) -> Place {
        self.verdict(SECCOMP_RET_ERRNO | errno.unsigned_abs())
    }

    /// The end of the program with this verdict, which is written once.
    fn verdict(&mut self, verdict: u32) -> Place {
        if let Some(place) = self.verdicts.get(&verdict) {
            return *place;
        }
        let place = self.write(BPF_RET | BPF_K, verdict, (0, 0));
        self.verdicts.insert(verdict, place);
        place
    }

    /// Loads 32 bits of the call's data and goes on at `next`.
    fn load(&mut self, offset: u32, next: Place) -> Place {
        self.then(BPF_LD | BPF_W | BPF_ABS, offset, next)
    }

    /// An instruction that goes on at `next`, which is mostly the one that was just written.
    fn then(&mut self, code: u32, value: u32, next: Place) -> Place {
        if self.distance(next) > 0 {
            self.jump(next);
        }
        self.write(code, value, (0, 0))
    }

    /// Compares what is loaded with a value.
    fn compare(&mut self, how: u32, value: u32, if_true: Place, if_false: Place) -> Place {
        let if_true = self.bring_near(if_true);
        let if_false = self.bring_near(if_false);
        let jump = |program: &Self, to| {
            u8::try_from(program.distance(to)).expect("both ways were brought near")
        };
        let jumps = (jump(self, if_true), jump(self, if_false));
        self.write(BPF_JMP | how | BPF_K, value, jumps)
    }

    /// A place that a comparison can jump to, and that leads to the given one.
    fn bring_near(&mut self, place: Place) -> Place {
        if self.distance(place) <= NEAR { place } else { self.jump(place) }
    }

    fn jump(&mut self, to: Place) -> Place {
        let distance = u32::try_from(self.distance(to)).expect("programs are short");
        self.write(BPF_JMP | BPF_JA, distance, (0, 0))
    }

    /// How many instructions the next one that is written would jump over.
    fn distance(&self, to: Place) -> usize {
        self.reversed.len() - to.0
    }

    fn write(&mut self, code: u32, k: u32, (jt, jf): (u8, u8)) -> Place {
        let code = u16::try_from(code).expect("instruction codes have 16 bits");
        self.reversed.push(sock_filter { code, jt, jf, k });
        Place(self.reversed.len())
    }
}

/// Lets a span begin, unless the one before leads to the same place anyway.
fn begin(spans: &mut Vec<Span>, first: u32, to: Place) {
    spans.pop_if(|last| last.first == first);
    if spans.last().is_none_or(|last| last.to != to) {
        spans.push(Span { first, to });
    }
}
