//! The clock that a store takes the time from.
//! Is none itself: whoever opens the store brings it, tests their own.

use std::fmt;
use std::sync::Arc;

use crate::domain::Timestamp;

/// Says what time it is. Cloning it gives the same clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `now`. It is asked on the store's own threads as well.
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
        Self(Arc::new(now))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
