//! Whose turn it is among tenants of which executions wait: a weighted round robin by strides.
//! Knows no queue and no slot, and starts nothing.
//!
//! Each tenant has a place in a virtual time, which grows by the inverse of its weight with each start.
//! The lowest is next, so that starts follow the weights; of equal ones it is whoever was served longest
//! ago. Who begins to wait comes in at the present, so that nobody saves turns up while idle, and
//! nobody gets new ones by going and coming back: a place ahead of the present is remembered.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;

use crate::domain::Tenant;

/// Virtual time of one start at weight 1. A division by a weight of thousands still is exact enough, and
/// at a million starts a second the sum does not overflow before the sun burns out.
const STRIDE: u128 = 1 << 40;

/// The tenants that wait, in the order of their turns.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Where whoever was served last had its place: nobody who waits is behind it.
    present: u128,
    /// How many starts and arrivals there have been, which puts them in order.
    count: u64,
    /// Everybody who waits, and those who do not and are ahead of the present.
    seats: HashMap<Tenant, Seat>,
    order: BTreeMap<Place, Tenant>,
    /// How many seats there may be before those are cleared away that mean nothing any more.
    seats_max: usize,
}

/// What a tenant has to start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    /// How many starts it has for one of a tenant with weight 1.
    pub(super) weight: NonZeroU32,
    /// How many of its executions wait and may be started.
    pub(super) at_most: usize,
}

/// Where a tenant stands, by which the lowest is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pass: u128,
    /// When it was served last; 0 is never.
    served: u64,
    /// When it came, which no two have in common.
    came: u64,
}

#[derive(Debug, Clone, Copy)]
struct Seat {
    place: Place,
    waits: bool,
}

impl Turns {
    /// Nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// A tenant begins to wait, if it does not already.
    pub(super) fn join(&mut self, tenant: &Tenant) {
        if self.seats.get(tenant).is_some_and(|seat| seat.waits) {
            return;
        }
        self.count += 1;
        let new = Place { pass: self.present, served: 0, came: self.count };
        let place = self.seats.get(tenant).map_or(new, |seat| seat.place.not_before(self.present));
        self.sit(tenant, place);
    }

    /// A tenant has nothing more to start, if it had.
    pub(super) fn leave(&mut self, tenant: &Tenant) {
        let Some(seat) = self.seats.get_mut(tenant).filter(|seat| seat.waits) else { return };
        self.order.remove(&seat.place);
        seat.waits = false;
        if self.order.is_empty() {
            // There is a turn for everybody who comes now, and nobody is ahead of anybody.
            self.seats.clear();
        } else if seat.place.pass <= self.present {
            self.seats.remove(tenant);
        }
    }

    /// Whose executions are started by the next `count` starts, in order. Serves nobody yet.
    pub(super) fn next(&self, count: usize, offer: impl Fn(&Tenant) -> Offer) -> Vec<Tenant> {
        let mut first = self.order.iter().peekable();
        let mut again: BTreeMap<Place, (&Tenant, Offer)> = BTreeMap::new();
        let (mut next, mut served) = (Vec::new(), self.count);
        while next.len() < count {
            let is_again = match (first.peek(), again.keys().next()) {
                (Some((place, _)), Some(other)) => other < *place,
                (first, again) => first.is_none() && again.is_some(),
            };
            let taken = if is_again {
                again.pop_first()
            } else {
                first.next().map(|(place, tenant)| (*place, (tenant, offer(tenant))))
            };
            let Some((place, (tenant, mut offer))) = taken else { break };
            if offer.at_most == 0 {
                continue;
            }
            next.push(tenant.clone());
            served += 1;
            offer.at_most -= 1;
            again.insert(place.after(offer.weight, served), (tenant, offer));
        }
        next
    }

    /// One execution of a tenant has been started.
    pub(super) fn serve(&mut self, tenant: &Tenant, weight: NonZeroU32) {
        let Some(Seat { place, waits }) = self.seats.get(tenant).copied() else { return };
        self.present = self.present.max(place.pass);
        self.count += 1;
        let place = place.after(weight, self.count);
        if waits {
            self.sit(tenant, place);
        } else {
            self.seats.insert(tenant.clone(), Seat { place, waits });
        }
        self.clear_away();
    }

    /// It was a tenant's turn and it had nothing: it goes on from the present, if it waits at all.
    pub(super) fn pass_over(&mut self, tenant: &Tenant) {
        if let Some(seat) = self.seats.get(tenant).copied().filter(|seat| seat.waits) {
            self.sit(tenant, seat.place.not_before(self.present));
        }
    }

    fn sit(&mut self, tenant: &Tenant, place: Place) {
        let earlier = self.seats.insert(tenant.clone(), Seat { place, waits: true });
        if let Some(earlier) = earlier.filter(|earlier| earlier.waits) {
            self.order.remove(&earlier.place);
        }
        self.order.insert(place, tenant.clone());
    }

    /// Forgets those who are gone and whom the present has overtaken: they come back like new ones.
    fn clear_away(&mut self) {
        const SEATS_MIN: usize = 16;
        if self.seats.len() > self.seats_max {
            self.seats.retain(|_, seat| seat.waits || seat.place.pass > self.present);
            self.seats_max = 2 * self.seats.len() + SEATS_MIN;
        }
    }
}

impl Place {
    fn after(self, weight: NonZeroU32, served: u64) -> Self {
        Self { pass: self.pass + STRIDE / u128::from(weight.get()), served, ..self }
    }

    fn not_before(self, present: u128) -> Self {
        Self { pass: self.pass.max(present), ..self }
    }
}

#[cfg(test)]
mod tests;
