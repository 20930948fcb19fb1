//! What a filter can ask about the arguments of a system call: whether 32 bits of one of them are
//! among some values. Pointers it cannot follow.

/// Half of an argument, and the values that it is looked for among.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    /// Which argument: 0 to 5.
    pub(super) index: u32,
    pub(super) half: Half,
    /// The bits that count.
    pub(super) mask: u32,
    /// What those bits may be. At least one.
    pub(super) values: Vec<u32>,
}

/// A filter computes with 32 bits, an argument has 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Low,
    High,
}

impl Argument {
    /// The low half, which is all that the kernel looks at where a parameter is an `int`.
    pub(super) fn low(index: u32, values: &[u32]) -> Self {
        Self { index, half: Half::Low, mask: u32::MAX, values: values.to_vec() }
    }

    /// The high half.
    pub(super) fn high(index: u32, values: &[u32]) -> Self {
        Self { half: Half::High, ..Self::low(index, values) }
    }

    /// Only these bits count.
    pub(super) fn masked(self, mask: u32) -> Self {
        Self { mask, ..self }
    }

    /// Where it stands in `struct seccomp_data`, in bytes. Both architectures that there are
    /// filters for put the low half first.
    pub(super) fn offset(&self) -> u32 {
        let half = match self.half {
            Half::Low => 0,
            Half::High => 4,
        };
        16 + 8 * self.index + half
    }
}
