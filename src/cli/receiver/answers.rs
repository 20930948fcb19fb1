//! What callbacks are answered: the first so many in one way, all others with 200.
//! Writes no answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The status of an answer that takes a callback.
const TAKEN: u16 = 200;

/// What a callback is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Answer {
    pub(in crate::cli) status: u16,
    /// How long the sender waits for it.
    pub(in crate::cli) delay: Duration,
    /// The value of `Retry-After`.
    pub(in crate::cli) retry_after: Option<String>,
}

/// Every answer, in the order in which callbacks come.
#[derive(Debug)]
pub(in crate::cli) struct Answers {
    first: Answer,
    /// How many callbacks are answered with the first; none for all.
    times: Option<usize>,
    given: AtomicUsize,
}

impl Answer {
    /// Takes the callback at once.
    pub(in crate::cli) const fn taken() -> Self {
        Self { status: TAKEN, delay: Duration::ZERO, retry_after: None }
    }
}

impl Answers {
    /// Answers every callback in the same way.
    pub(in crate::cli) const fn always(answer: Answer) -> Self {
        Self { first: answer, times: None, given: AtomicUsize::new(0) }
    }

    /// Answers this many callbacks so, and takes all others.
    pub(in crate::cli) const fn first(times: usize, answer: Answer) -> Self {
        Self { first: answer, times: Some(times), given: AtomicUsize::new(0) }
    }

    /// The longest that a sender waits for an answer.
    pub(in crate::cli) const fn delay_max(&self) -> Duration {
        self.first.delay
    }

    /// What the callback that has just come is answered.
    pub(in crate::cli) fn next(&self) -> Answer {
        let given = self.given.fetch_add(1, Ordering::Relaxed);
        match self.times {
            Some(times) if given >= times => Answer::taken(),
            _ => self.first.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_are_answered_as_told() {
        let refusal = Answer { status: 500, ..Answer::taken() };
        let statuses = |answers: &Answers| [(); 4].map(|()| answers.next().status);
        assert_eq!(statuses(&Answers::first(2, refusal.clone())), [500, 500, 200, 200]);
        assert_eq!(statuses(&Answers::first(0, refusal.clone())), [200; 4]);
        assert_eq!(statuses(&Answers::always(refusal)), [500; 4]);
    }
}
