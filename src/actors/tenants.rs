//! What each tenant may have of an engine. Plain numbers; who counts against them is elsewhere.

use std::collections::HashMap;
use std::num::NonZeroU32;

use crate::domain::Tenant;
use crate::process::Level;

/// What each tenant may have: some by name, and everybody else.
#[derive(Debug, Clone)]
pub struct Tenants {
    named: HashMap<Tenant, TenantLimits>,
    others: TenantLimits,
}

/// What one tenant may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLimits {
    /// How many starts it has for one of a tenant with weight 1, while both have something waiting.
    pub weight: NonZeroU32,
    /// How many of its executions run at a time; none is as many as there are slots.
    pub slots: Option<usize>,
    /// How many of its executions may wait.
    pub queue_max: usize,
    /// How many it may submit in a second, and at once after a second of silence; none is no limit.
    pub submissions_per_second: Option<NonZeroU32>,
    /// How far its programs are kept apart from the machine; none is as programs usually are.
    pub level: Option<Level>,
}

impl TenantLimits {
    /// A tenant like all others, of which so many executions may wait.
    pub const fn waiting(queue_max: usize) -> Self {
        let (weight, slots, submissions_per_second) = (NonZeroU32::MIN, None, None);
        Self { weight, slots, queue_max, submissions_per_second, level: None }
    }
}

impl Tenants {
    /// The same for everybody.
    pub fn all(others: TenantLimits) -> Self {
        Self { named: HashMap::new(), others }
    }

    /// With a tenant that may have something else.
    pub fn with(mut self, tenant: Tenant, limits: TenantLimits) -> Self {
        self.named.insert(tenant, limits);
        self
    }

    /// What a tenant may have.
    pub fn of(&self, tenant: &Tenant) -> &TenantLimits {
        self.named.get(tenant).unwrap_or(&self.others)
    }
}
