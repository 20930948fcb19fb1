//! Chance that can be had again: everybody draws from a stream of their own, made from the seed of
//! the soak and their name. Knows nothing of what is decided by it.

use std::ops::Range;
use std::time::Duration;

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sha2::{Digest, Sha256};

/// A stream of random numbers.
pub struct Chance(TestRng);

impl Chance {
    /// The stream of one participant.
    pub fn new(seed: u64, name: &str) -> Self {
        let seed = Sha256::digest(format!("{seed} {name}"));
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }

    /// A number of a range.
    pub fn number(&mut self, range: Range<usize>) -> usize {
        self.0.random_range(range)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, cases: usize) -> bool {
        self.number(0..100) < cases
    }

    /// A time of a range of milliseconds.
    pub fn millis(&mut self, range: Range<usize>) -> Duration {
        Duration::from_millis(self.number(range) as u64)
    }

    /// One of several, each as often as its weight says.
    pub fn weighted<'a, T>(&mut self, choices: &'a [(usize, T)]) -> &'a T {
        let total = choices.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.number(0..total);
        for (weight, choice) in choices {
            match drawn.checked_sub(*weight) {
                Some(rest) => drawn = rest,
                None => return choice,
            }
        }
        unreachable!("what is drawn is less than all weights together")
    }
}
