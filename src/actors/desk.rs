//! What the supervisor decides: who is admitted, who gets a slot, who is told to end, and when
//! all is over. Counts and remembers; starts, writes and ends nothing.

use super::messages::SubmitError;
use super::queue::QueueCount;
use super::slots::{RunKey, Slots};
use crate::domain::{ExecutionId, StopReason, Tenant};

/// The supervisor's knowledge. `A` is the address of whoever runs an execution.
#[derive(Debug)]
pub(super) struct Desk<A> {
    queue: QueueCount,
    slots: Slots<A>,
    /// The store is being asked for waiting executions.
    is_asking: bool,
    is_draining: bool,
}

impl<A: Clone> Desk<A> {
    /// A desk over what waits already, with all slots free.
    pub(super) fn new(slots: usize, queue: QueueCount) -> Self {
        Self { queue, slots: Slots::new(slots), is_asking: false, is_draining: false }
    }

    /// Admits one more execution; true when it starts with being accepted, because a slot is free
    /// and nobody waits. `can_launch` says whether programs can be started at this moment.
    pub(super) fn admit(&mut self, tenant: &Tenant, can_launch: bool) -> Result<bool, SubmitError> {
        if self.is_draining {
            return Err(SubmitError::Draining);
        }
        if can_launch && self.slots.free() > 0 && self.queue.total() == 0 {
            self.slots.reserve();
            return Ok(true);
        }
        self.queue.admit(tenant).map(|()| false)
    }

    /// The accepting transaction of one that was admitted is over; `is_new` when it is there now and
    /// was not before.
    pub(super) fn accepted(&mut self, tenant: &Tenant, is_start: bool, is_new: bool) {
        if is_start {
            self.slots.unreserve();
        } else if !is_new {
            self.queue.remove(tenant);
        }
    }

    /// How many waiting executions the store is to be asked for; none for now. One question at a
    /// time: whatever becomes free meanwhile is asked for by the next.
    pub(super) fn ask(&mut self, can_launch: bool) -> Option<usize> {
        let free = self.slots.free();
        let asks = can_launch
            && !self.is_asking
            && !self.is_draining
            && free > 0
            && self.queue.total() > 0;
        self.is_asking |= asks;
        asks.then_some(free)
    }

    /// The store has answered.
    pub(super) fn answered(&mut self) {
        self.is_asking = false;
    }

    /// One that has waited has been started in the store.
    pub(super) fn left_queue(&mut self, tenant: &Tenant) {
        self.queue.remove(tenant);
    }

    /// One went back into the queue without this desk's doing.
    pub(super) fn came_back(&mut self, tenant: &Tenant) {
        self.queue.add(tenant);
    }

    /// Why an execution that has just been started is to end at once, if it is: a wish may have
    /// overtaken the news of the start, and once the server stops nothing is launched any more.
    pub(super) fn stop_at_birth(&mut self, id: ExecutionId) -> Option<StopReason> {
        let shutdown = self.is_draining.then_some(StopReason::Shutdown);
        self.slots.early_wish(id).or(shutdown)
    }

    /// Gives a slot to whoever runs an execution.
    pub(super) fn occupy(&mut self, run: RunKey, address: A) {
        self.slots.occupy(run, address);
    }

    /// Whoever runs an execution that is to end. When nobody does, the reason is kept for as long
    /// as the news of its start may be on the way.
    pub(super) fn stop(&mut self, id: ExecutionId, reason: StopReason) -> Option<A> {
        let address = self.slots.address(id).cloned();
        if address.is_none() {
            self.slots.wish_early(id, reason);
        }
        address
    }

    /// No news of a start can be on the way any more, as far as this desk knows.
    pub(super) fn forget_early_wishes(&mut self) {
        if !self.is_asking {
            self.slots.forget_early_wishes();
        }
    }

    /// The program of an execution has ended; what becomes of it is being written down.
    pub(super) fn vacate(&mut self, run: RunKey) {
        self.slots.vacate(run);
    }

    /// A run is over; false when it was not known, or known to be over.
    pub(super) fn finished(&mut self, run: RunKey, requeued: Option<&Tenant>) -> bool {
        let was_live = self.slots.remove(run);
        if let Some(tenant) = requeued.filter(|_| was_live) {
            self.queue.add(tenant);
        }
        was_live
    }

    /// From now on nothing is admitted and nothing is started.
    pub(super) fn drain(&mut self) {
        self.is_draining = true;
    }

    /// Whether the server stops.
    pub(super) const fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// Nothing runs, and nothing is about to.
    pub(super) fn is_idle(&self) -> bool {
        self.slots.are_idle() && !self.is_asking
    }

    /// How many wait.
    pub(super) fn queued(&self) -> usize {
        self.queue.total()
    }

    /// The slots, to be counted, and whoever has them, to be told something.
    pub(super) const fn slots(&self) -> &Slots<A> {
        &self.slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CancelWish, Epoch};
    use crate::store::Census;

    fn desk(slots: usize) -> Desk<u32> {
        Desk::new(slots, QueueCount::new(10, 10, Census::default()))
    }

    #[test]
    fn with_a_slot_free_and_nobody_waiting_it_starts_at_once() {
        let (mut desk, tenant) = (desk(1), Tenant::default());
        assert!(desk.admit(&tenant, true).unwrap());
        assert!(!desk.admit(&tenant, true).unwrap(), "the slot is spoken for");
        desk.accepted(&tenant, true, false);
        assert!(!desk.admit(&tenant, true).unwrap(), "somebody waits");
        assert_eq!(desk.queued(), 2);
    }

    #[test]
    fn while_nothing_can_be_launched_everything_waits() {
        let (mut desk, tenant) = (desk(1), Tenant::default());
        assert!(!desk.admit(&tenant, false).unwrap());
        assert_eq!((desk.ask(false), desk.ask(true)), (None, Some(1)));
    }

    #[test]
    fn the_store_is_asked_one_question_at_a_time() {
        let (mut desk, tenant) = (desk(2), Tenant::default());
        assert_eq!(desk.ask(true), None, "nobody waits");
        desk.admit(&tenant, false).unwrap();
        assert_eq!((desk.ask(true), desk.ask(true)), (Some(2), None));
        desk.answered();
        assert_eq!(desk.ask(true), Some(2));
    }

    #[test]
    fn a_wish_that_overtook_the_start_is_met_at_birth() {
        let (mut desk, tenant) = (desk(1), Tenant::default());
        let (id, wish) = (ExecutionId::generate(), StopReason::Cancel(CancelWish::default()));
        desk.admit(&tenant, true).unwrap();
        assert_eq!(desk.stop(id, wish.clone()), None);
        desk.forget_early_wishes();
        assert_eq!(desk.stop_at_birth(id), Some(wish.clone()));
        desk.occupy((id, Epoch(1)), 7);
        assert_eq!(desk.stop(id, wish), Some(7));
    }

    #[test]
    fn a_server_that_stops_starts_nothing_and_is_idle_when_nothing_runs() {
        let (mut desk, tenant, id) = (desk(2), Tenant::default(), ExecutionId::generate());
        desk.admit(&tenant, true).unwrap();
        desk.drain();
        assert!(matches!(desk.admit(&tenant, true), Err(SubmitError::Draining)));
        assert!(!desk.is_idle());
        desk.accepted(&tenant, true, true);
        assert_eq!(desk.stop_at_birth(id), Some(StopReason::Shutdown));
        let run = (id, Epoch(1));
        desk.occupy(run, 7);
        assert!(desk.finished(run, Some(&tenant)) && !desk.finished(run, Some(&tenant)));
        assert!(desk.is_idle() && desk.ask(true).is_none());
        assert_eq!(desk.queued(), 1);
    }
}
