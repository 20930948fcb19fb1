//! Runs a filter as the kernel would, for tests: only the instructions that filters here have.

use libc::sock_filter;

use super::program::NATIVE;

/// One system call, as a filter sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) number: u32,
    pub(super) architecture: u32,
    pub(super) arguments: [u64; 6],
}

impl Call {
    pub(super) fn new(number: libc::c_long, arguments: &[u64]) -> Self {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        Self { number: u32::try_from(number).unwrap(), architecture: NATIVE, arguments: all }
    }

    /// 32 bits of `struct seccomp_data`: number, architecture, instruction pointer, arguments.
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments[(offset as usize - 16) / 8];
                let bytes = argument.to_le_bytes();
                let at = (offset as usize - 16) % 8;
                u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
            }
            _ => panic!("no word at {offset}"),
        }
    }
}

/// A verdict, and how many instructions it took to reach it.
pub(super) fn run(program: &[sock_filter], call: &Call) -> (u32, usize) {
    let (mut at, mut loaded) = (0, 0);
    for steps in 1.. {
        let sock_filter { code, jt, jf, k } = program[at];
        at += 1;
        let branch = |is_true| usize::from(if is_true { jt } else { jf });
        // The numbers of linux/bpf_common.h, written out: the test shall not share a mistake.
        match code {
            0x20 => loaded = call.word(k),
            0x54 => loaded &= k,
            0x05 => at += k as usize,
            0x15 => at += branch(loaded == k),
            0x35 => at += branch(loaded >= k),
            0x06 => return (k, steps),
            _ => panic!("unknown instruction {code:#x}"),
        }
    }
    unreachable!("filters only jump forward")
}
