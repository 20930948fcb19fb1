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
    total: i64,
    /// Below zero for the moment in which the news that one has been started is here before the
    /// news that it had come back into the queue.
    by_tenant: HashMap<Tenant, i64>,
}

impl QueueCount {
    /// Starts from what the store has counted.
    pub(super) fn new(max_total: usize, census: Census) -> Self {
        let count = |(tenant, queued)| (tenant, i64::try_from(queued).unwrap_or(i64::MAX));
        let by_tenant: HashMap<Tenant, i64> = census.queued.into_iter().map(count).collect();
        Self { max_total, total: by_tenant.values().sum(), by_tenant }
    }

    /// How many wait.
    pub(super) fn total(&self) -> usize {
        usize::try_from(self.total).unwrap_or(0)
    }

    /// How many of a tenant's wait.
    pub(super) fn of(&self, tenant: &Tenant) -> usize {
        self.by_tenant.get(tenant).map_or(0, |count| usize::try_from(*count).unwrap_or(0))
    }

    /// The tenants of which any wait.
    pub(super) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.by_tenant.keys().filter(|tenant| self.of(tenant) > 0)
    }

    /// Counts one more, before it is written, so that no burst can pass the limits: that of all, and
    /// `max` of this tenant.
    pub(super) fn admit(&mut self, tenant: &Tenant, max: usize) -> Result<(), SubmitError> {
        if self.total() >= self.max_total {
            return Err(SubmitError::QueueFull { queued: self.total() });
        }
        let queued = self.of(tenant);
        if queued >= max {
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

    fn count(max_total: usize) -> QueueCount {
        QueueCount::new(max_total, Census::default())
    }

    #[test]
    fn one_tenant_cannot_fill_the_queue_of_all() {
        let (a, b) = (Tenant::new("a"), Tenant::new("b"));
        let mut count = count(3);
        count.admit(&a, 2).unwrap();
        count.admit(&a, 2).unwrap();
        assert!(matches!(count.admit(&a, 2), Err(SubmitError::TenantQueueFull { queued: 2 })));
        count.admit(&b, 2).unwrap();
        assert!(matches!(count.admit(&b, 2), Err(SubmitError::QueueFull { queued: 3 })));
        count.remove(&a);
        count.admit(&b, 2).unwrap();
        assert_eq!((count.total(), count.of(&a), count.of(&b)), (3, 1, 2));
    }

    #[test]
    fn it_starts_from_what_the_store_has_counted() {
        let a = Tenant::new("a");
        let census = Census { queued: vec![(a.clone(), 1)], running: 0 };
        let mut count = QueueCount::new(10, census);
        assert_eq!(count.total(), 1);
        count.remove(&a);
        assert_eq!(count.total(), 0);
    }

    #[test]
    fn news_in_the_wrong_order_are_right_in_the_end() {
        let (a, mut count) = (Tenant::new("a"), count(10));
        count.remove(&a);
        assert_eq!(count.total(), 0, "nobody sees less than nothing");
        count.add(&a);
        count.add(&a);
        assert_eq!(count.total(), 1);
    }
}
