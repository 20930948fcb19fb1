//! Which deliveries are claimed: a set of ids in memory, because one process has the database.
//! Reads and writes no database; a restart frees every claim, as it should.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::{Claim, ClaimedDelivery};
use crate::domain::DeliveryId;

/// Shared by cloning.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims(Arc<Mutex<HashSet<DeliveryId>>>);

impl Claims {
    /// The set, to itself.
    pub(super) fn lock(&self) -> MutexGuard<'_, HashSet<DeliveryId>> {
        // Each change of the set is a single call, so no panic can leave half of one behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends claims.
    pub(super) fn release(&self, ids: &[DeliveryId]) {
        let mut claimed = self.lock();
        for id in ids {
            claimed.remove(id);
        }
    }
}

/// Claims on the way to whoever asked. If they never arrive, because the caller has gone away or
/// the rest of the read failed, they end by themselves.
#[derive(Debug)]
pub(super) struct Held {
    claims: Claims,
    ids: Vec<DeliveryId>,
    claim: Claim,
}

impl Held {
    /// Holds ids that have just been put into the set.
    pub(super) fn new(claims: Claims, ids: Vec<DeliveryId>, claim: Claim) -> Self {
        Self { claims, ids, claim }
    }

    /// The ids.
    pub(super) fn ids(&self) -> Vec<DeliveryId> {
        self.ids.clone()
    }

    /// Adds a claimed delivery to what is handed over.
    pub(super) fn push(&mut self, delivery: ClaimedDelivery) {
        self.claim.due.push(delivery);
    }

    /// They have arrived: from now on the claims are the caller's.
    pub(super) fn hand_over(mut self) -> Claim {
        self.ids.clear();
        std::mem::take(&mut self.claim)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.claims.release(&self.ids);
    }
}
