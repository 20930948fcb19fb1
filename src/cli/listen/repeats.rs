//! Which attempt of an event a callback is, as far as it was here before.
//! Keeps a bounded number of ids; the oldest are forgotten.

use std::collections::{HashMap, VecDeque};

/// How many ids are remembered: some megabytes.
const IDS_MAX: usize = 10_000;

/// How often each id has come.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    counts: HashMap<String, u32>,
    /// The same ids, the oldest first.
    order: VecDeque<String>,
}

impl Repeats {
    /// Counts a callback with this id, and says how many have come by now.
    pub(super) fn count(&mut self, id: &str) -> u32 {
        if let Some(count) = self.counts.get_mut(id) {
            *count += 1;
            return *count;
        }
        if self.order.len() == IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.counts.insert(id.to_owned(), 1);
        self.order.push_back(id.to_owned());
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_counted_by_itself() {
        let mut repeats = Repeats::default();
        let counts = ["a", "b", "a", "a", "b"].map(|id| repeats.count(id));
        assert_eq!(counts, [1, 1, 2, 3, 2]);
    }

    #[test]
    fn no_number_of_ids_fills_the_memory() {
        let mut repeats = Repeats::default();
        for number in 0..=IDS_MAX {
            repeats.count(&number.to_string());
        }
        assert_eq!((repeats.counts.len(), repeats.order.len()), (IDS_MAX, IDS_MAX));
        assert_eq!(repeats.count(&IDS_MAX.to_string()), 2, "the newest is remembered");
        assert_eq!(repeats.count("0"), 1, "the oldest is forgotten");
    }
}
