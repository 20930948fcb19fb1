//! Which deliveries are claimed: a set of ids in memory, because one process has the database.
//! Reads and writes no database; a restart frees every claim, as it should.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_channel::{Receiver, Sender, unbounded};

use super::super::{Claim, ClaimedDelivery};
use crate::domain::DeliveryId;

/// Shared by cloning.
///
/// Only who claims takes the lock. Ids that are no longer claimed wait in a channel until then, so
/// that neither the writer thread nor an actor ever waits for a search through the deliveries.
#[derive(Debug, Clone)]
pub(super) struct Claims {
    claimed: Arc<Mutex<HashSet<DeliveryId>>>,
    ended: (Sender<DeliveryId>, Receiver<DeliveryId>),
}

impl Claims {
    /// Nothing is claimed.
    pub(super) fn none() -> Self {
        Self { claimed: Arc::default(), ended: unbounded() }
    }

    /// The set without the ids whose claims have ended by now, for one claimer alone.
    pub(super) fn lock(&self) -> MutexGuard<'_, HashSet<DeliveryId>> {
        // Each change of the set is a single call, so no panic can leave half of one behind.
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(id) = self.ended.1.try_recv() {
            claimed.remove(&id);
        }
        claimed
    }

    /// Ends a claim.
    pub(super) fn end(&self, id: DeliveryId) {
        // Cannot fail: this holds the other end of the channel as well.
        let _ = self.ended.0.try_send(id);
    }

    /// Ends every claim but these.
    pub(super) fn end_all_but(&self, known: &[DeliveryId]) {
        self.lock().retain(|id| known.contains(id));
    }
}

/// Claims on the way to whoever asked. If they never arrive, because the caller has gone away or
/// the rest of the read failed, they end by themselves.
pub(super) struct Held {
    claims: Claims,
    ids: Vec<DeliveryId>,
    claim: Claim,
}

impl Held {
    /// Holds ids that have just been put into the set.
    pub(super) const fn new(claims: Claims, ids: Vec<DeliveryId>, claim: Claim) -> Self {
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
        self.ids.iter().for_each(|id| self.claims.end(*id));
    }
}
