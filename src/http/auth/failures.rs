//! How many wrong credentials an address may show in a minute, and what was good from there before.
//! Looks at no credential; only their hashes come here.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::address::Address;

type Limiter =
    RateLimiter<Address, DashMapStateStore<Address>, DefaultClock, StateInformationMiddleware>;

/// How long what was good from an address is let in from there whatever else comes from it.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// How many good credentials are remembered, in each of two generations.
const GOOD_MAX: usize = 10_000;

/// After how many wrong credentials the addresses that have been quiet are forgotten.
const FORGET_EVERY: u32 = 4096;

/// Counts wrong credentials.
pub struct Failures {
    limiter: Limiter,
    /// How long it takes until an address that has used everything up may show one more.
    interval: Duration,
    closed: Mutex<HashMap<Address, Instant>>,
    good: Mutex<Good>,
    count: AtomicU32,
}

/// How long an address has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait(Duration);

impl Wait {
    /// In whole seconds, at least one.
    pub(super) fn seconds(self) -> u64 {
        self.0.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
    }
}

impl Failures {
    /// So many in a minute, and at first as many at once.
    pub fn new(per_minute: NonZeroU32) -> Self {
        let quota = Quota::per_minute(per_minute);
        let limiter = RateLimiter::dashmap(quota).with_middleware();
        let (closed, good, count) = (Mutex::default(), Mutex::default(), AtomicU32::new(0));
        Self { limiter, interval: quota.replenish_interval(), closed, good, count }
    }

    /// Whether a credential is looked at.
    pub(super) fn check(&self, from: Address, sha256: &[u8; 32]) -> Result<(), Wait> {
        let now = Instant::now();
        let opens = lock(&self.closed).get(&from).copied();
        match opens.filter(|opens| *opens > now) {
            Some(_) if lock(&self.good).has(&(from, *sha256), now) => Ok(()),
            Some(opens) => Err(Wait(opens - now)),
            None => Ok(()),
        }
    }

    /// Counts one that was wrong.
    pub(super) fn was_wrong(&self, from: Address) -> Result<(), Wait> {
        if self.count.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.forget_the_quiet();
        }
        let (counted, wait) = match self.limiter.check_key(&from) {
            Ok(state) if state.remaining_burst_capacity() > 0 => return Ok(()),
            Ok(_) => (Ok(()), self.interval),
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                (Err(Wait(wait)), wait)
            }
        };
        let now = Instant::now();
        let mut closed = lock(&self.closed);
        if closed.insert(from, now + wait).is_none() {
            log::warn!("too many wrong credentials from {from}");
        }
        counted
    }

    fn forget_the_quiet(&self) {
        let now = Instant::now();
        lock(&self.closed).retain(|_, opens| *opens > now);
        self.limiter.retain_recent();
    }

    /// Remembers one that was good.
    pub(super) fn was_good(&self, from: Address, sha256: [u8; 32]) {
        lock(&self.good).note((from, sha256), Instant::now());
    }
}

/// A credential and where it came from.
type Known = (Address, [u8; 32]);

/// What was good lately. The older generation goes when the younger one is full: what is used again
/// moves over, and nothing has to be searched for what is oldest.
#[derive(Default)]
struct Good {
    younger: HashMap<Known, Instant>,
    older: HashMap<Known, Instant>,
}

impl Good {
    fn note(&mut self, known: Known, now: Instant) {
        if self.younger.len() >= GOOD_MAX && !self.younger.contains_key(&known) {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(known, now);
    }

    fn has(&self, known: &Known, now: Instant) -> bool {
        let last = self.younger.get(known).or_else(|| self.older.get(known));
        last.is_some_and(|last| now.saturating_duration_since(*last) < GOOD_FOR)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here is left half-changed by a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(per_minute: u32) -> Failures {
        Failures::new(NonZeroU32::new(per_minute).unwrap())
    }

    fn address(text: &str) -> Address {
        Address::new(text.parse().unwrap())
    }

    const GOOD: [u8; 32] = [1; 32];
    const OTHER: [u8; 32] = [2; 32];

    #[test]
    fn whoever_is_wrong_too_often_is_not_looked_at_any_more() {
        // One a minute comes back: none of them within this test.
        let failures = failures(3);
        let here = address("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(failures.check(here, &OTHER), Ok(()));
            assert_eq!(failures.was_wrong(here), Ok(()));
        }
        let Wait(wait) = failures.check(here, &OTHER).unwrap_err();
        assert!(wait <= Duration::from_secs(20) && wait > Duration::from_secs(10), "{wait:?}");
        failures.was_wrong(here).unwrap_err();
        assert_eq!(failures.check(address("192.0.2.2"), &OTHER), Ok(()), "others are");
    }

    #[test]
    fn what_was_good_from_an_address_goes_on_being_let_in_from_there() {
        let failures = failures(1);
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        failures.was_good(here, GOOD);
        for address in [here, there] {
            assert_eq!(failures.was_wrong(address), Ok(()));
        }
        assert_eq!(failures.check(here, &GOOD), Ok(()));
        failures.check(here, &OTHER).unwrap_err();
        failures.check(there, &GOOD).unwrap_err();
    }

    #[test]
    fn what_comes_back_is_one_at_a_time() {
        // One every 10 ms.
        let failures = failures(6000);
        let here = address("192.0.2.1");
        while failures.was_wrong(here).is_ok() {}
        let Wait(wait) = failures.check(here, &OTHER).unwrap_err();
        assert!(wait <= Duration::from_millis(10), "{wait:?}");
        let deadline = Instant::now() + Duration::from_secs(10);
        while failures.check(here, &OTHER).is_err() {
            assert!(Instant::now() < deadline);
            std::thread::yield_now();
        }
    }

    #[test]
    fn addresses_that_have_been_quiet_are_forgotten() {
        // What an address has used comes back within 10 ms.
        let failures = failures(6000);
        for number in 0..3 * FORGET_EVERY {
            let here = Address::new(std::net::Ipv4Addr::from_bits(number).into());
            assert_eq!(failures.was_wrong(here), Ok(()));
        }
        std::thread::sleep(Duration::from_millis(20));
        failures.forget_the_quiet();
        assert_eq!(failures.limiter.len(), 0);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let here = address("192.0.2.1");
        let mut good = Good::default();
        let now = Instant::now();
        let known = |number: usize| {
            let mut sha256 = [0; 32];
            sha256[..8].copy_from_slice(&number.to_le_bytes());
            (here, sha256)
        };
        for number in 0..5 * GOOD_MAX {
            good.note(known(number), now);
            good.note(known(0), now);
        }
        assert!(good.younger.len() <= GOOD_MAX && good.older.len() <= GOOD_MAX);
        assert!(good.has(&known(0), now), "it was used again and again");
        assert!(good.has(&known(5 * GOOD_MAX - 1), now) && !good.has(&known(1), now));
        assert!(!good.has(&known(0), now + GOOD_FOR), "an hour later");
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        let seconds = |millis| Wait(Duration::from_millis(millis)).seconds();
        assert_eq!([0, 1, 600, 1000, 1001, 20_000].map(seconds), [1, 1, 1, 1, 2, 20]);
    }
}
