//! How fast tenants submit: a bucket for each that has a limit, as large as one second fills it.
//! Admits nobody; what else an execution needs is looked at elsewhere.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::domain::Tenant;

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// How many buckets are kept whatever is in them.
const BUCKETS_MIN: usize = 16;

/// How long it takes to fill an empty bucket. One that was left alone for so long is like a new one.
const FILLED_WITHIN: Duration = Duration::from_secs(1);

/// What is left in the bucket of each tenant.
pub(super) struct Rates<C: Clock = MonotonicClock> {
    clock: C,
    /// With the moment at which each was asked last.
    buckets: HashMap<Tenant, (Bucket<C>, C::Instant)>,
    /// How many there may be before the full ones are cleared away.
    buckets_max: usize,
}

impl Default for Rates {
    fn default() -> Self {
        Self::new(MonotonicClock)
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn new(clock: C) -> Self {
        Self { clock, buckets: HashMap::new(), buckets_max: BUCKETS_MIN }
    }

    /// Takes one submission from a tenant's bucket.
    ///
    /// # Errors
    /// When it is empty: how long it takes until there is one in it.
    pub(super) fn take(&mut self, tenant: &Tenant, per_second: NonZeroU32) -> Result<(), Duration> {
        let now = self.clock.now();
        self.clear_away(now);
        let new = || Bucket::direct_with_clock(Quota::per_second(per_second), self.clock.clone());
        let (bucket, asked) = self.buckets.entry(tenant.clone()).or_insert_with(|| (new(), now));
        *asked = now;
        bucket.check().map_err(|empty| empty.wait_time_from(self.clock.now()))
    }

    /// Forgets the buckets that are full again: there may be as many tenants as an issuer of JWTs names.
    fn clear_away(&mut self, now: C::Instant) {
        if self.buckets.len() >= self.buckets_max {
            let filled = Nanos::from(FILLED_WITHIN);
            self.buckets.retain(|_, (_, asked)| now.duration_since(*asked) < filled);
            self.buckets_max = 2 * self.buckets.len() + BUCKETS_MIN;
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_second_of_silence_fills_the_bucket_and_no_more() {
        let clock = FakeRelativeClock::default();
        let mut rates = Rates::new(clock.clone());
        let (a, b, four) = (Tenant::new("a"), Tenant::new("b"), NonZeroU32::new(4).unwrap());
        for _ in 0..2 {
            (0..4).for_each(|_| rates.take(&a, four).unwrap());
            let wait = rates.take(&a, four).unwrap_err();
            assert!(wait > Duration::ZERO && wait <= Duration::from_millis(250), "{wait:?}");
            clock.advance(Duration::from_secs(9));
        }
        rates.take(&b, four).expect("it has a bucket of its own");
    }

    #[test]
    fn a_bucket_that_is_full_again_is_forgotten_and_another_one_is_not() {
        let clock = FakeRelativeClock::default();
        let mut rates = Rates::new(clock.clone());
        let one = NonZeroU32::MIN;
        for which in 0..10_000 {
            clock.advance(Duration::from_millis(100));
            let tenant = Tenant::new(format!("{which}"));
            rates.take(&tenant, one).unwrap();
            assert!(rates.take(&tenant, one).is_err(), "{which}");
        }
        assert!(rates.take(&Tenant::new("9995"), one).is_err(), "its second is not over");
        assert!(rates.buckets.len() < 100, "{}", rates.buckets.len());
    }

    #[test]
    fn who_waits_as_long_as_it_is_told_has_one() {
        let clock = FakeRelativeClock::default();
        let mut rates = Rates::new(clock.clone());
        let (a, one) = (Tenant::new("a"), NonZeroU32::MIN);
        rates.take(&a, one).unwrap();
        let wait = rates.take(&a, one).unwrap_err();
        clock.advance(wait);
        rates.take(&a, one).unwrap();
        assert!(rates.take(&a, one).is_err());
    }
}
