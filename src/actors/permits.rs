//! Places among the attempts under way, in all and for each host, known also when the webhook
//! actor has fallen. Makes no attempt.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::DeliveryId;

/// All permits. Shared by cloning.
#[derive(Debug, Clone)]
pub(super) struct Permits {
    max: usize,
    max_per_host: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    deliveries: HashSet<DeliveryId>,
    by_host: HashMap<String, usize>,
}

/// A place among the attempts under way; free again when it is dropped, be it by a panic.
#[derive(Debug)]
pub(super) struct Permit {
    delivery: DeliveryId,
    host: String,
    permits: Permits,
}

impl Permits {
    /// So many in all, and so many for one host.
    pub(super) fn new(max: usize, max_per_host: usize) -> Self {
        Self { max, max_per_host, taken: Arc::default() }
    }

    /// A permit for a delivery to a host; none when the host has all that it may have.
    pub(super) fn take(&self, delivery: DeliveryId, host: &str) -> Option<Permit> {
        let mut taken = self.taken();
        let of_host = taken.by_host.entry(host.to_owned()).or_default();
        if *of_host >= self.max_per_host {
            return None;
        }
        *of_host += 1;
        taken.deliveries.insert(delivery);
        drop(taken);
        Some(Permit { delivery, host: host.to_owned(), permits: self.clone() })
    }

    /// How many deliveries may be asked for at once. No more than one host can take: with a long
    /// backlog for a single host, all others would be read and unsealed only to be given back.
    pub(super) fn free(&self) -> usize {
        self.max.saturating_sub(self.taken().deliveries.len()).min(self.max_per_host)
    }

    /// No attempt is under way.
    pub(super) fn are_idle(&self) -> bool {
        self.taken().deliveries.is_empty()
    }

    /// The deliveries whose attempts are under way.
    pub(super) fn deliveries(&self) -> Vec<DeliveryId> {
        self.taken().deliveries.iter().copied().collect()
    }

    /// The hosts that may have no more.
    pub(super) fn saturated(&self) -> Vec<String> {
        let taken = self.taken();
        let full = taken.by_host.iter().filter(|(_, count)| **count >= self.max_per_host);
        full.map(|(host, _)| host.clone()).collect()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing that is done under the lock panics half-way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.permits.taken();
        taken.deliveries.remove(&self.delivery);
        if let Some(count) = taken.by_host.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                taken.by_host.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_share_and_gives_back_what_it_had() {
        let permits = Permits::new(3, 2);
        let take = |host| permits.take(DeliveryId::generate(), host);
        let (one, two) = (take("a").unwrap(), take("a").unwrap());
        assert!(take("a").is_none());
        assert_eq!(permits.saturated(), ["a"]);
        assert_eq!(permits.free(), 1, "one more in all");
        drop(one);
        assert_eq!((permits.saturated(), permits.free()), (vec![], 2));
        drop(two);
        assert!(permits.are_idle());
    }
}
