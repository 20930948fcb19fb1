//! The tenants of made-up histories, and what the store does when it is their turn.
//! Nothing happens by itself here.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::server::Rows;
use super::world::Row;
use crate::actors::desk::Desk;
use crate::actors::queue::QueueCount;
use crate::actors::slots::RunKey;
use crate::actors::tenants::{TenantLimits, Tenants};
use crate::domain::{ExecutionId, Life, OwnerId, Place, Tenant};
use crate::store::{Census, Turn};

/// One of three tenants: one like all others, one that has one slot at a time, and one that has
/// the most turns.
pub(super) fn tenant(which: usize) -> Tenant {
    Tenant::new(["plain", "narrow", "heavy"][which % 3])
}

/// How many slots a tenant may have.
pub(super) fn slots_of(tenant: &Tenant) -> usize {
    tenants().of(tenant).slots.unwrap_or(usize::MAX)
}

fn tenants() -> Tenants {
    let all = TenantLimits::waiting(1000);
    let weight = NonZeroU32::new(5).expect("it is 5");
    Tenants::all(all)
        .with(tenant(1), TenantLimits { slots: Some(1), ..all })
        .with(tenant(2), TenantLimits { weight, ..all })
}

/// A desk over what waits.
pub(super) fn desk(slots: usize, rows: &Rows) -> Desk<RunKey> {
    let mut queued: BTreeMap<Tenant, usize> = BTreeMap::new();
    for row in rows.values().filter(|row| row.life.place == Place::Queued) {
        *queued.entry(row.tenant.clone()).or_default() += 1;
    }
    let census = Census { queued: queued.into_iter().collect(), running: 0 };
    Desk::new(slots, QueueCount::new(1000, census), Arc::new(tenants()))
}

/// What the store starts of a tenant.
pub(super) fn take_turn(owner: OwnerId, turn: &Turn, rows: &mut Rows) -> Vec<(ExecutionId, Life)> {
    let waits = |row: &Row| row.tenant == turn.tenant && row.life.place == Place::Queued;
    let waiting = rows.iter_mut().filter(|(_, row)| waits(row));
    let start = |(id, row): (&ExecutionId, &mut Row)| {
        row.life = row.life.start(owner).expect("it waits");
        (*id, row.life.clone())
    };
    waiting.take(turn.at_most).map(start).collect()
}
