//! How many executions wait, and whether one more may: the counters behind back-pressure.
//! Counts only; what waits is in the store.

use std::collections::HashMap;

use super::messages::SubmitError;
use crate::domain::Tenant;
use crate::store::Census;

/// The number of waiting executions, in all and by tenant. A mailbox's length would not bound
/// anything: actix lets a cloned address send past it.
#[derive(Debug)]
pub(super) struct QueueCount {
    max_total: usize,
    max_per_tenant: usize,
    total: i64,
    /// Below zero for the moment in which the news that one has been started is here before the
    /// news that it had come back into the queue.
    by_tenant: HashMap<Tenant, i64>,
}

impl QueueCount {
    /// Starts from what the store has counted.
    pub(super) fn new(max_total: usize, max_per_tenant: usize, census: Census) -> Self {
        let count = |(tenant, queued)| (tenant, i64::try_from(queued).unwrap_or(i64::MAX));
        let by_tenant: HashMap<Tenant, i64> = census.queued.into_iter().map(count).collect();
        Self { max_total, max_per_tenant, total: by_tenant.values().sum(), by_tenant }
    }

    /// How many wait.
    pub(super) fn total(&self) -> usize {
        usize::try_from(self.total).unwrap_or(0)
    }

    /// Counts one more, before it is written, so that no burst can pass the limit.
    pub(super) fn admit(&mut self, tenant: &Tenant) -> Result<(), SubmitError> {
        if self.total() >= self.max_total {
            return Err(SubmitError::QueueFull { queued: self.total() });
        }
        let queued = self.by_tenant.get(tenant).copied().unwrap_or(0);
        let queued = usize::try_from(queued).unwrap_or(0);
        if queued >= self.max_per_tenant {
            return Err(SubmitError::TenantQueueFull { queued });
        }
        self.add(tenant);
        Ok(())
    }

    /// Counts one more that has been accepted before.
    pub(super) fn add(&mut self, tenant: &Tenant) {
        self.change(tenant, 1);
    }

    /// Counts one less: it was started, it ended, or it never came about.
    pub(super) fn remove(&mut self, tenant: &Tenant) {
        self.change(tenant, -1);
    }

    fn change(&mut self, tenant: &Tenant, by: i64) {
        self.total += by;
        let count = self.by_tenant.entry(tenant.clone()).or_default();
        *count += by;
        if *count == 0 {
            self.by_tenant.remove(tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(max_total: usize, max_per_tenant: usize) -> QueueCount {
        QueueCount::new(max_total, max_per_tenant, Census::default())
    }

    #[test]
    fn one_tenant_cannot_fill_the_queue_of_all() {
        let (a, b) = (Tenant::new("a"), Tenant::new("b"));
        let mut count = count(3, 2);
        count.admit(&a).unwrap();
        count.admit(&a).unwrap();
        assert!(matches!(count.admit(&a), Err(SubmitError::TenantQueueFull { queued: 2 })));
        count.admit(&b).unwrap();
        assert!(matches!(count.admit(&b), Err(SubmitError::QueueFull { queued: 3 })));
        count.remove(&a);
        count.admit(&b).unwrap();
        assert_eq!(count.total(), 3);
    }

    #[test]
    fn it_starts_from_what_the_store_has_counted() {
        let a = Tenant::new("a");
        let census = Census { queued: vec![(a.clone(), 1)], running: 0 };
        let mut count = QueueCount::new(10, 10, census);
        assert_eq!(count.total(), 1);
        count.remove(&a);
        assert_eq!(count.total(), 0);
    }

    #[test]
    fn news_in_the_wrong_order_are_right_in_the_end() {
        let (a, mut count) = (Tenant::new("a"), count(10, 10));
        count.remove(&a);
        assert_eq!(count.total(), 0, "nobody sees less than nothing");
        count.add(&a);
        count.add(&a);
        assert_eq!(count.total(), 1);
    }
}
