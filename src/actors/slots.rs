//! Who has a slot: the live executions, the slots kept for those that are being accepted, and the
//! wishes that came too early. Counts and remembers; starts and ends nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{Epoch, ExecutionId, StopReason, Tenant};

/// One run among all runs of all executions. When an execution goes back into the queue, its next
/// run may be known here before the news that the last one is over.
pub(super) type RunKey = (ExecutionId, Epoch);

/// The slots of an engine. `A` is the address of whoever runs an execution.
#[derive(Debug)]
pub(super) struct Slots<A> {
    total: usize,
    live: BTreeMap<RunKey, Holder<A>>,
    /// Those of the live that have no program any more: their ends are being written.
    settling: BTreeSet<RunKey>,
    /// Slots kept for executions that start with being accepted, until that is on disk.
    reserved: usize,
    /// How many slots each tenant has, kept ones and all; none is left out.
    taken: HashMap<Tenant, usize>,
    /// Wishes that overtook the news that their execution has started.
    early_wishes: HashMap<ExecutionId, StopReason>,
}

/// Who runs an execution, and whose it is.
#[derive(Debug)]
struct Holder<A> {
    tenant: Tenant,
    address: A,
}

impl<A> Slots<A> {
    /// So many slots, all of them free.
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            live: BTreeMap::new(),
            settling: BTreeSet::new(),
            reserved: 0,
            taken: HashMap::new(),
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

    /// How many a tenant has.
    pub(super) fn taken_by(&self, tenant: &Tenant) -> usize {
        self.taken.get(tenant).copied().unwrap_or(0)
    }

    /// Whose a run is, if it is live.
    pub(super) fn tenant(&self, run: RunKey) -> Option<&Tenant> {
        self.live.get(&run).map(|holder| &holder.tenant)
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
    pub(super) fn reserve(&mut self, tenant: &Tenant) {
        self.reserved += 1;
        self.take(tenant);
    }

    /// Gives a slot that was kept free again, be it to be occupied at once.
    pub(super) fn unreserve(&mut self, tenant: &Tenant) {
        self.reserved = self.reserved.saturating_sub(1);
        self.give_back(tenant);
    }

    /// Gives a run of a tenant's its slot.
    pub(super) fn occupy(&mut self, run: RunKey, tenant: Tenant, address: A) {
        self.take(&tenant);
        self.live.insert(run, Holder { tenant, address });
    }

    /// Its program has ended; it is live until its end is written.
    pub(super) fn vacate(&mut self, run: RunKey) {
        if let Some(tenant) = self.tenant(run).cloned()
            && self.settling.insert(run)
        {
            self.give_back(&tenant);
        }
    }

    /// It is over. Whose it was; none when it was not live.
    pub(super) fn remove(&mut self, run: RunKey) -> Option<Tenant> {
        let tenant = self.live.remove(&run)?.tenant;
        if !self.settling.remove(&run) {
            self.give_back(&tenant);
        }
        Some(tenant)
    }

    /// Where the latest run of an execution is to be told something.
    pub(super) fn address(&self, id: ExecutionId) -> Option<&A> {
        let runs = self.live.range((id, Epoch(0))..=(id, Epoch(u32::MAX)));
        runs.last().map(|(_, holder)| &holder.address)
    }

    /// Where all live executions are to be told something.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &A> {
        self.live.values().map(|holder| &holder.address)
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

    fn take(&mut self, tenant: &Tenant) {
        *self.taken.entry(tenant.clone()).or_default() += 1;
    }

    fn give_back(&mut self, tenant: &Tenant) {
        let Some(taken) = self.taken.get_mut(tenant) else { return };
        *taken = taken.saturating_sub(1);
        if *taken == 0 {
            self.taken.remove(tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> Tenant {
        Tenant::default()
    }

    #[test]
    fn a_slot_is_taken_from_the_reservation_to_the_end_of_the_program() {
        let mut slots = Slots::new(2);
        let run = || (ExecutionId::generate(), Epoch(1));
        let (one, two) = (run(), run());
        slots.reserve(&tenant());
        assert_eq!((slots.free(), slots.are_idle()), (1, false));
        slots.unreserve(&tenant());
        slots.occupy(one, tenant(), ());
        slots.occupy(two, tenant(), ());
        assert_eq!((slots.free(), slots.live()), (0, 2));
        slots.vacate(one);
        assert_eq!((slots.free(), slots.live()), (1, 2), "its end is still being written");
        assert!(slots.remove(one).is_some() && slots.remove(one).is_none());
        slots.vacate(one);
        assert_eq!((slots.free(), slots.live()), (1, 1), "nobody vacates twice");
        assert!(slots.remove(two).is_some() && slots.are_idle());
    }

    #[test]
    fn the_slots_of_each_tenant_are_counted_as_those_of_all_are() {
        let mut slots = Slots::new(9);
        let (a, b) = (Tenant::new("a"), Tenant::new("b"));
        let run = || (ExecutionId::generate(), Epoch(1));
        let (one, two) = (run(), run());
        let taken = |slots: &Slots<()>| (slots.taken_by(&a), slots.taken_by(&b));
        slots.reserve(&a);
        slots.occupy(one, a.clone(), ());
        slots.occupy(two, b.clone(), ());
        assert_eq!(taken(&slots), (2, 1));
        slots.unreserve(&a);
        slots.vacate(one);
        slots.vacate(one);
        assert_eq!((taken(&slots), slots.free()), ((0, 1), 8));
        assert_eq!(slots.remove(one), Some(a.clone()));
        assert_eq!(slots.remove(two), Some(b.clone()));
        assert_eq!((taken(&slots), slots.free()), ((0, 0), 9));
        assert!(slots.taken.is_empty(), "tenants that are gone are forgotten");
    }

    #[test]
    fn the_end_of_one_run_is_nothing_to_the_next_of_the_same_execution() {
        let (mut slots, id) = (Slots::new(2), ExecutionId::generate());
        slots.occupy((id, Epoch(1)), tenant(), "first");
        slots.occupy((id, Epoch(3)), tenant(), "second");
        assert_eq!(slots.address(id), Some(&"second"));
        slots.vacate((id, Epoch(1)));
        assert!(slots.remove((id, Epoch(1))).is_some());
        assert_eq!((slots.address(id), slots.free()), (Some(&"second"), 1));
    }

    #[test]
    fn an_early_wish_waits_for_its_execution_and_no_longer() {
        let mut slots = Slots::<()>::new(1);
        let id = ExecutionId::generate();
        slots.reserve(&tenant());
        slots.wish_early(id, StopReason::Shutdown);
        slots.forget_early_wishes();
        assert_eq!(slots.early_wish(id), Some(StopReason::Shutdown));
        slots.wish_early(id, StopReason::Shutdown);
        slots.unreserve(&tenant());
        slots.forget_early_wishes();
        assert_eq!(slots.early_wish(id), None);
    }
}
