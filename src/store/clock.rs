//! The clock that a store takes the time from.
//! Is none itself: whoever opens the store brings it, tests their own.

use std::fmt;
use std::sync::Arc;

use crate::domain::Timestamp;

type Reading = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Says what time it is, in two ways. Cloning it gives the same clock.
///
/// The wall clock is what people read, and what signatures are checked by; it jumps when somebody
/// sets it. The steady clock never does: whatever is due later is compared with it, so that a jump
/// makes nothing early and nothing late. Both count from the same moment, so that a due time can
/// be read by people and by the next start of the server.
#[derive(Clone)]
pub struct Clock {
    wall: Reading,
    steady: Reading,
}

impl Clock {
    /// A clock that asks `now` for both readings. It is asked on the store's own threads as well.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use ringback::domain::Timestamp;
    /// use ringback::store::Clock;
    ///
    /// let clock = Clock::new(|| SystemTime::now().into());
    /// assert!(clock.now() > Timestamp::from_millis(0));
    /// ```
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let wall: Reading = Arc::new(now);
        Self { steady: Arc::clone(&wall), wall }
    }

    /// A clock with a steady reading of its own: it never goes back and never leaps.
    pub fn with_steady(
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        steady: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self { wall: Arc::new(wall), steady: Arc::new(steady) }
    }

    /// What time it is on the wall: for records, logs and signatures.
    pub fn now(&self) -> Timestamp {
        (self.wall)()
    }

    /// What time it would be if nobody had ever set the wall clock since the start: for what is
    /// due.
    pub fn steady(&self) -> Timestamp {
        (self.steady)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
