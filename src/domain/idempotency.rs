//! What makes a request that is sent twice begin one execution: a key, and how long it holds.
//! Remembers nothing.

use std::time::Duration;

/// By what a request is known again, within its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Among which requests the key is unique, such as those to one function.
    pub scope: String,
    /// The key.
    pub key: String,
    /// For how long.
    pub holds: KeyHolds,
}

/// For how long a key stands for the execution that it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHolds {
    /// For as long as that is remembered.
    WithExecution,
    /// While that has not ended and nobody wants it ended, and no longer than this after it was
    /// accepted.
    WhileUnfinished {
        /// How long.
        within: Duration,
    },
}

impl KeyHolds {
    /// Whether it still holds for an execution that was accepted so long ago; `is_over` when that has
    /// ended, or a client wants it ended.
    pub fn holds(self, age: Duration, is_over: bool) -> bool {
        match self {
            Self::WithExecution => true,
            Self::WhileUnfinished { within } => !is_over && age <= within,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_as_long_as_it_says() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert!(KeyHolds::WithExecution.holds(minute * 1_000_000, true));
        let short = KeyHolds::WhileUnfinished { within: minute };
        assert!(short.holds(second, false) && short.holds(minute, false));
        assert!(!short.holds(minute + second, false) && !short.holds(second, true));
    }
}
