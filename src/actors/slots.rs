//! Who has a slot: the live executions, the slots kept for those that are being accepted, and the
//! wishes that came too early. Counts and remembers; starts and ends nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{Epoch, ExecutionId, StopReason};

/// One run among all runs of all executions. When an execution goes back into the queue, its next
/// run may be known here before the news that the last one is over.
pub(super) type RunKey = (ExecutionId, Epoch);

/// The slots of an engine. `A` is the address of whoever runs an execution.
#[derive(Debug)]
pub(super) struct Slots<A> {
    total: usize,
    live: BTreeMap<RunKey, A>,
    /// Those of the live that have no program any more: their ends are being written.
    settling: BTreeSet<RunKey>,
    /// Slots kept for executions that start with being accepted, until that is on disk.
    reserved: usize,
    /// Wishes that overtook the news that their execution has started.
    early_wishes: HashMap<ExecutionId, StopReason>,
}

impl<A> Slots<A> {
    /// So many slots, all of them free.
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            live: BTreeMap::new(),
            settling: BTreeSet::new(),
            reserved: 0,
            early_wishes: HashMap::new(),
        }
    }

    /// How many there are.
    pub(super) const fn total(&self) -> usize {
        self.total
    }

    /// How many programs may be started now.
    pub(super) fn free(&self) -> usize {
        self.total.saturating_sub(self.live.len() - self.settling.len() + self.reserved)
    }

    /// How many executions are live.
    pub(super) fn live(&self) -> usize {
        self.live.len()
    }

    /// Nobody is live and nobody is about to be.
    pub(super) fn are_idle(&self) -> bool {
        self.live.is_empty() && self.reserved == 0
    }

    /// Keeps a slot for an execution that is being accepted.
    pub(super) fn reserve(&mut self) {
        self.reserved += 1;
    }

    /// Gives a slot that was kept free again, be it to be occupied at once.
    pub(super) fn unreserve(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
    }

    /// Gives a run its slot.
    pub(super) fn occupy(&mut self, run: RunKey, address: A) {
        self.live.insert(run, address);
    }

    /// Its program has ended; it is live until its end is written.
    pub(super) fn vacate(&mut self, run: RunKey) {
        if self.live.contains_key(&run) {
            self.settling.insert(run);
        }
    }

    /// It is over; false when it was not live.
    pub(super) fn remove(&mut self, run: RunKey) -> bool {
        self.settling.remove(&run);
        self.live.remove(&run).is_some()
    }

    /// Where the latest run of an execution is to be told something.
    pub(super) fn address(&self, id: ExecutionId) -> Option<&A> {
        let runs = self.live.range((id, Epoch(0))..=(id, Epoch(u32::MAX)));
        runs.last().map(|(_, address)| address)
    }

    /// Where all live executions are to be told something.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &A> {
        self.live.values()
    }

    /// Remembers a wish about an execution that may have been started a moment ago.
    pub(super) fn wish_early(&mut self, id: ExecutionId, reason: StopReason) {
        self.early_wishes.entry(id).or_insert(reason);
    }

    /// The wish that was remembered for an execution.
    pub(super) fn early_wish(&mut self, id: ExecutionId) -> Option<StopReason> {
        self.early_wishes.remove(&id)
    }

    /// Forgets early wishes once no news of a start can be on its way.
    pub(super) fn forget_early_wishes(&mut self) {
        if self.reserved == 0 {
            self.early_wishes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_taken_from_the_reservation_to_the_end_of_the_program() {
        let mut slots = Slots::new(2);
        let run = || (ExecutionId::generate(), Epoch(1));
        let (one, two) = (run(), run());
        slots.reserve();
        assert_eq!((slots.free(), slots.are_idle()), (1, false));
        slots.unreserve();
        slots.occupy(one, ());
        slots.occupy(two, ());
        assert_eq!((slots.free(), slots.live()), (0, 2));
        slots.vacate(one);
        assert_eq!((slots.free(), slots.live()), (1, 2), "its end is still being written");
        assert!(slots.remove(one) && !slots.remove(one));
        slots.vacate(one);
        assert_eq!((slots.free(), slots.live()), (1, 1), "nobody vacates twice");
        assert!(slots.remove(two) && slots.are_idle());
    }

    #[test]
    fn the_end_of_one_run_is_nothing_to_the_next_of_the_same_execution() {
        let (mut slots, id) = (Slots::new(2), ExecutionId::generate());
        slots.occupy((id, Epoch(1)), "first");
        slots.occupy((id, Epoch(3)), "second");
        assert_eq!(slots.address(id), Some(&"second"));
        slots.vacate((id, Epoch(1)));
        assert!(slots.remove((id, Epoch(1))));
        assert_eq!((slots.address(id), slots.free()), (Some(&"second"), 1));
    }

    #[test]
    fn an_early_wish_waits_for_its_execution_and_no_longer() {
        let mut slots = Slots::<()>::new(1);
        let id = ExecutionId::generate();
        slots.reserve();
        slots.wish_early(id, StopReason::Shutdown);
        slots.forget_early_wishes();
        assert_eq!(slots.early_wish(id), Some(StopReason::Shutdown));
        slots.wish_early(id, StopReason::Shutdown);
        slots.unreserve();
        slots.forget_early_wishes();
        assert_eq!(slots.early_wish(id), None);
    }
}
