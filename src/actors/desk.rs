//! What the supervisor decides: who is admitted, who gets a slot, who is told to end, and when
//! all is over. Counts and remembers; starts, writes and ends nothing.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::asking::Asking;
use super::messages::SubmitError;
use super::queue::QueueCount;
use super::rates::Rates;
use super::slots::{RunKey, Slots};
use super::tenants::Tenants;
use super::turns::{Offer, Turns};
use crate::domain::{ExecutionId, StopReason, Tenant};
use crate::store::Turn;

/// The supervisor's knowledge. `A` is the address of whoever runs an execution.
pub(super) struct Desk<A> {
    tenants: Arc<Tenants>,
    rates: Rates,
    queue: QueueCount,
    slots: Slots<A>,
    /// The tenants that have something waiting which could be started if there were a slot.
    turns: Turns,
    asking: Asking,
    is_draining: bool,
}

impl<A: Clone> Desk<A> {
    /// A desk over what waits already, with all slots free.
    pub(super) fn new(slots: usize, queue: QueueCount, tenants: Arc<Tenants>) -> Self {
        let waiting: Vec<Tenant> = queue.tenants().cloned().collect();
        let mut desk = Self {
            tenants,
            rates: Rates::default(),
            queue,
            slots: Slots::new(slots),
            turns: Turns::default(),
            asking: Asking::default(),
            is_draining: false,
        };
        waiting.iter().for_each(|tenant| desk.review(tenant));
        desk
    }

    /// Admits one more execution; true when it starts with being accepted, because a slot is free
    /// and nobody waits who could have it. `can_launch` says whether programs can be started at this
    /// moment.
    pub(super) fn admit(&mut self, tenant: &Tenant, can_launch: bool) -> Result<bool, SubmitError> {
        if self.is_draining {
            return Err(SubmitError::Draining);
        }
        let limits = *self.tenants.of(tenant);
        if let Some(per_second) = limits.submissions_per_second {
            let full = |wait| SubmitError::TooManySubmissions { per_second, wait };
            self.rates.take(tenant, per_second).map_err(full)?;
        }
        if can_launch && self.has_slot_for(tenant) {
            self.slots.reserve(tenant);
            self.review(tenant);
            return Ok(true);
        }
        self.queue.admit(tenant, limits.queue_max)?;
        self.hear_of(tenant);
        Ok(false)
    }

    /// The accepting transaction of one that was admitted is over; `is_new` when it is there now and
    /// was not before.
    pub(super) fn accepted(&mut self, tenant: &Tenant, is_start: bool, is_new: bool) {
        if is_start {
            self.slots.unreserve(tenant);
        } else if !is_new {
            self.queue.remove(tenant);
        }
        self.hear_of(tenant);
    }

    /// How many waiting executions of which tenants the store is to be asked for; none for now. One
    /// question at a time: whatever becomes free meanwhile is asked for by the next.
    pub(super) fn ask(&mut self, can_launch: bool) -> Option<Vec<Turn>> {
        let free = self.slots.free();
        if !can_launch || self.asking.is_under_way() || self.is_draining || free == 0 {
            return None;
        }
        let plan = self.turns.next(free, |tenant| Offer {
            weight: self.weight(tenant),
            at_most: self.queue.of(tenant).min(self.room(tenant)),
        });
        (!plan.is_empty()).then(|| self.asking.begin(plan))
    }

    /// The store has answered and started executions of these tenants. Of whom there were fewer than
    /// was thought, others have the turns.
    pub(super) fn answered<'a>(&mut self, started: impl Iterator<Item = &'a Tenant>) {
        let answer = self.asking.answered(started);
        for tenant in answer.served {
            let weight = self.weight(&tenant);
            self.turns.serve(&tenant, weight);
            self.queue.remove(&tenant);
            self.review(&tenant);
        }
        for tenant in answer.short {
            self.turns.pass_over(&tenant);
            self.review(&tenant);
        }
    }

    /// The store could not answer.
    pub(super) fn unanswered(&mut self) {
        self.asking.failed();
    }

    /// Believes again what was counted of those who were asked for in vain.
    pub(super) fn try_all_again(&mut self) {
        let tenants = self.asking.try_all_again();
        tenants.iter().for_each(|tenant| self.review(tenant));
    }

    /// One that has waited has ended.
    pub(super) fn left_queue(&mut self, tenant: &Tenant) {
        self.queue.remove(tenant);
        self.hear_of(tenant);
    }

    /// One went back into the queue without this desk's doing.
    pub(super) fn came_back(&mut self, tenant: &Tenant) {
        self.queue.add(tenant);
        self.hear_of(tenant);
    }

    /// Why an execution that has just been started is to end at once, if it is: a wish may have
    /// overtaken the news of the start, and once the server stops nothing is launched any more.
    pub(super) fn stop_at_birth(&mut self, id: ExecutionId) -> Option<StopReason> {
        let shutdown = self.is_draining.then_some(StopReason::Shutdown);
        self.slots.early_wish(id).or(shutdown)
    }

    /// Gives a slot to whoever runs an execution of a tenant's.
    pub(super) fn occupy(&mut self, run: RunKey, tenant: Tenant, address: A) {
        self.slots.occupy(run, tenant.clone(), address);
        self.review(&tenant);
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
        if !self.asking.is_under_way() {
            self.slots.forget_early_wishes();
        }
    }

    /// The program of an execution has ended; what becomes of it is being written down.
    pub(super) fn vacate(&mut self, run: RunKey) {
        self.slots.vacate(run);
        if let Some(tenant) = self.slots.tenant(run).cloned() {
            self.review(&tenant);
        }
    }

    /// A run is over, and its execution waits again or does not; false when it was not known, or known
    /// to be over.
    pub(super) fn finished(&mut self, run: RunKey, requeued: bool) -> bool {
        let Some(tenant) = self.slots.remove(run) else { return false };
        if requeued {
            self.came_back(&tenant);
        } else {
            self.review(&tenant);
        }
        true
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
        self.slots.are_idle() && !self.asking.is_under_way()
    }

    /// How many wait.
    pub(super) fn queued(&self) -> usize {
        self.queue.total()
    }

    /// The slots, to be counted, and whoever has them, to be told something.
    pub(super) const fn slots(&self) -> &Slots<A> {
        &self.slots
    }

    /// Whether an execution of a tenant's may have a slot at once. Its own that wait come first, also
    /// where they were asked for in vain; those of others only if they could be started.
    fn has_slot_for(&self, tenant: &Tenant) -> bool {
        self.slots.free() > self.asking.count()
            && self.turns.is_empty()
            && self.queue.of(tenant) == 0
            && self.room(tenant) > self.asking.count_of(tenant)
    }

    /// How many more slots a tenant may have.
    fn room(&self, tenant: &Tenant) -> usize {
        let max = self.tenants.of(tenant).slots.unwrap_or(usize::MAX);
        max.saturating_sub(self.slots.taken_by(tenant))
    }

    fn weight(&self, tenant: &Tenant) -> NonZeroU32 {
        self.tenants.of(tenant).weight
    }

    /// Something was heard of what a tenant has waiting.
    fn hear_of(&mut self, tenant: &Tenant) {
        self.asking.heard_of(tenant);
        self.review(tenant);
    }

    /// Lets a tenant take turns for as long as it has something that could be started.
    fn review(&mut self, tenant: &Tenant) {
        let waits = self.queue.of(tenant) > 0 && !self.asking.was_in_vain(tenant);
        if waits && self.room(tenant) > 0 {
            self.turns.join(tenant);
        } else {
            self.turns.leave(tenant);
        }
    }
}

#[cfg(test)]
mod tests;
