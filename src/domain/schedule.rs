//! When a failed delivery is tried again: the retry schedule.
//! Reads no clock and draws no numbers; both come in as arguments.

use std::time::Duration;

/// Delays between the attempts of a delivery. N delays make N + 1 attempts, the first at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule {
    delays: Vec<Duration>,
}

/// What a client wants of the attempts of its delivery; what it does not say is the server's to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetryPolicy {
    /// A schedule of its own.
    pub schedule: Option<RetrySchedule>,
    /// How long after the event an attempt is still worth making.
    pub max_age: Option<Duration>,
}

/// The most that jitter adds to a delay, as a fraction of it. It never makes a delay shorter:
/// a receiver that was promised a pause gets it.
const JITTER_MAX: f64 = 0.2;

impl RetrySchedule {
    /// A schedule with these delays; none at all means one attempt.
    pub const fn new(delays: Vec<Duration>) -> Self {
        Self { delays }
    }

    /// The delays in order, without jitter.
    pub fn delays(&self) -> &[Duration] {
        &self.delays
    }

    /// How many attempts a delivery gets in all.
    pub fn attempts_max(&self) -> u32 {
        u32::try_from(self.delays.len() + 1).unwrap_or(u32::MAX)
    }

    /// How long to wait after attempt number `made` (counted from 1) failed; none when it was
    /// the last. `jitter` is drawn from 0.0 to 1.0 and lengthens the delay by up to a fifth.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringback::domain::RetrySchedule;
    ///
    /// let schedule = RetrySchedule::new(vec![Duration::from_secs(10)]);
    /// assert_eq!(schedule.delay_after(1, 0.0), Some(Duration::from_secs(10)));
    /// assert_eq!(schedule.delay_after(1, 1.0), Some(Duration::from_secs(12)));
    /// assert_eq!(schedule.delay_after(2, 0.0), None);
    /// ```
    pub fn delay_after(&self, made: u32, jitter: f64) -> Option<Duration> {
        let index = usize::try_from(made.checked_sub(1)?).ok()?;
        let delay = self.delays.get(index)?;
        Some(delay.mul_f64(1.0 + JITTER_MAX * jitter.clamp(0.0, 1.0)))
    }
}

impl Default for RetrySchedule {
    /// 5 s, 30 s, 5 m, 30 m, 2 h, 5 h, 10 h, 24 h: nine attempts over nearly two days.
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let seconds = [5, 30, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR];
        Self::new(seconds.into_iter().map(Duration::from_secs).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_makes_nine_attempts() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.attempts_max(), 9);
        assert_eq!(schedule.delay_after(1, 0.0), Some(Duration::from_secs(5)));
        assert_eq!(schedule.delay_after(8, 0.0), Some(Duration::from_secs(86_400)));
        assert_eq!(schedule.delay_after(9, 0.0), None);
    }

    #[test]
    fn jitter_is_only_ever_later_and_at_most_a_fifth() {
        let schedule = RetrySchedule::default();
        for made in 1..=8 {
            let base = schedule.delay_after(made, 0.0).unwrap();
            for jitter in [-1.0, 0.0, 0.3, 1.0, 7.0] {
                let delay = schedule.delay_after(made, jitter).unwrap();
                assert!(delay >= base && delay <= base.mul_f64(1.2), "{made} {jitter}");
            }
        }
    }

    #[test]
    fn an_empty_schedule_is_one_attempt() {
        let schedule = RetrySchedule::new(vec![]);
        assert_eq!(schedule.attempts_max(), 1);
        assert_eq!(schedule.delay_after(1, 0.5), None);
    }
}
