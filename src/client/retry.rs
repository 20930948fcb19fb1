//! Whether something that failed is tried again, and after which pause. Sends nothing, waits for nothing.

use std::time::Duration;

use super::Error;

/// The longest that a server may ask to be left alone, if it is to be asked again at all.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// What is left of the tries.
#[derive(Debug, Clone)]
pub(super) struct Retry {
    tries: u32,
    left: u32,
    first: Duration,
    longest: Duration,
}

impl Retry {
    /// For a request that somebody waits for: over in a second when there is no server at all.
    pub(super) const fn of_a_request() -> Self {
        Self::new(3, Duration::from_millis(100), Duration::from_secs(5))
    }

    /// For what takes long anyway, and had better outlive a restart of the server: about a minute.
    pub(super) const fn of_a_wait() -> Self {
        Self::new(15, Duration::from_millis(250), Duration::from_secs(5))
    }

    const fn new(tries: u32, first: Duration, longest: Duration) -> Self {
        Self { tries, left: tries, first, longest }
    }

    /// The pause before the next try; none when this error is the answer.
    pub(super) fn pause_after(&mut self, error: &Error) -> Option<Duration> {
        let asked = error.retry_after().unwrap_or_default();
        if !error.is_passing() || asked > RETRY_AFTER_MAX {
            return None;
        }
        let made = self.tries - self.left;
        self.left = self.left.checked_sub(1)?;
        let doubled = self.first.saturating_mul(1 << made.min(16)).min(self.longest);
        Some(asked.max(doubled) + jitter(doubled))
    }

    /// The first pause is this one from now on, as the server wishes.
    pub(super) fn begin_with(&mut self, pause: Duration) {
        self.first = pause.min(self.longest);
    }

    /// Something has gone well: all tries are there again.
    pub(super) const fn succeeded(&mut self) {
        self.left = self.tries;
    }
}

/// Up to a quarter more, so that many clients of one server do not come back as one.
fn jitter(pause: Duration) -> Duration {
    // Without randomness there is no jitter, and no harm.
    let random = getrandom::u32().unwrap_or_default();
    pause.mul_f64(f64::from(random) / f64::from(u32::MAX) / 4.0)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn unreachable() -> Error {
        let server = Url::parse("http://x/").unwrap();
        Error::Unreachable { server, reason: "refused".to_owned() }
    }

    fn answered(status: u16, seconds: u64) -> Error {
        let server = Url::parse("http://x/").unwrap();
        let body = br#"{"detail": "later"}"#;
        super::super::problem::error(&server, status, body, Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn pauses_grow_and_end() {
        let mut retry = Retry::of_a_request();
        let mut pauses = Vec::new();
        while let Some(pause) = retry.pause_after(&unreachable()) {
            pauses.push(pause);
        }
        assert_eq!(pauses.len(), 3);
        for (pause, least) in pauses.iter().zip([100, 200, 400]) {
            let least = Duration::from_millis(least);
            assert!(*pause >= least && *pause <= least.mul_f64(1.26), "{pause:?}");
        }
        retry.succeeded();
        assert!(retry.pause_after(&unreachable()).is_some());
    }

    #[test]
    fn a_server_that_asks_for_time_has_it_within_reason() {
        let pause = |status, seconds| Retry::of_a_request().pause_after(&answered(status, seconds));
        assert!(pause(503, 5) >= Some(Duration::from_secs(5)));
        assert!(pause(429, 30) >= Some(Duration::from_secs(30)));
        assert_eq!(pause(503, 31), None);
        for status in [400, 401, 403, 404, 409, 422, 500] {
            assert_eq!(pause(status, 1), None, "{status}");
        }
    }
}
