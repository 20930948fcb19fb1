//! What follows an attempt: nothing more, another one, or the end of the delivery.
//! Makes no attempt, reads no clock and draws no numbers.

use std::time::Duration;

use super::{AttemptOutcome, DeliveryEnd, ErrorClass, RetrySchedule, Timestamp};

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The endpoint has it.
    Delivered,
    /// Another attempt at that time.
    RetryAt(Timestamp),
    /// No further attempt by itself.
    End(DeliveryEnd),
}

/// The longest pause that an endpoint may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How far a delivery has come, the attempt included of which is to be decided what follows.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// Its schedule.
    pub schedule: &'a RetrySchedule,
    /// How many attempts have been made by that schedule. A redelivery begins it anew.
    pub made: u32,
    /// After that time no attempt is worth making.
    pub expires_at: Option<Timestamp>,
}

/// Decides what follows an attempt that ended at `now`. A pause that the endpoint asked for on 429
/// or 503 lengthens the schedule's delay and never shortens it.
pub fn decide_next(
    round: Round<'_>,
    outcome: &AttemptOutcome,
    now: Timestamp,
    jitter: f64,
) -> Next {
    match (outcome.error_class, outcome.status_code) {
        (None, Some(200..=299)) => return Next::Delivered,
        (Some(ErrorClass::Refused), _) => return Next::End(DeliveryEnd::Refused),
        (_, Some(410)) => return Next::End(DeliveryEnd::Gone),
        (_, Some(413)) => return Next::End(DeliveryEnd::TooLarge),
        _ => {}
    }
    let Some(delay) = round.schedule.delay_after(round.made, jitter) else {
        return Next::End(DeliveryEnd::Attempts);
    };
    let asked = match outcome.status_code {
        Some(429 | 503) => outcome.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX),
        _ => Duration::ZERO,
    };
    let due = now.after(delay.max(asked));
    if round.expires_at.is_some_and(|expires_at| due > expires_at) {
        return Next::End(DeliveryEnd::TooOld);
    }
    Next::RetryAt(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn answered(status: u16) -> AttemptOutcome {
        let error_class = (!(200..300).contains(&status)).then_some(ErrorClass::Status);
        AttemptOutcome { status_code: Some(status), error_class, ..AttemptOutcome::default() }
    }

    fn failed(class: ErrorClass) -> AttemptOutcome {
        AttemptOutcome { error_class: Some(class), ..AttemptOutcome::default() }
    }

    fn next(made: u32, outcome: &AttemptOutcome) -> Next {
        let schedule = RetrySchedule::new(vec![Duration::from_secs(5), Duration::from_secs(30)]);
        let round = Round { schedule: &schedule, made, expires_at: None };
        decide_next(round, outcome, NOW, 0.0)
    }

    fn retry_in(seconds: u64) -> Next {
        Next::RetryAt(NOW.after(Duration::from_secs(seconds)))
    }

    #[test]
    fn only_2xx_is_success() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(next(1, &answered(status)), Next::Delivered, "{status}");
        }
        for status in [100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 408, 500, 502, 504] {
            assert_eq!(next(1, &answered(status)), retry_in(5), "{status}");
        }
    }

    #[test]
    fn gone_too_large_and_refused_end_it() {
        assert_eq!(next(1, &answered(410)), Next::End(DeliveryEnd::Gone));
        assert_eq!(next(1, &answered(413)), Next::End(DeliveryEnd::TooLarge));
        assert_eq!(next(1, &failed(ErrorClass::Refused)), Next::End(DeliveryEnd::Refused));
    }

    #[test]
    fn every_other_failure_is_tried_again_until_the_schedule_ends() {
        for class in ErrorClass::ALL.into_iter().filter(|class| *class != ErrorClass::Refused) {
            assert_eq!(next(1, &failed(class)), retry_in(5));
            assert_eq!(next(2, &failed(class)), retry_in(30));
            assert_eq!(next(3, &failed(class)), Next::End(DeliveryEnd::Attempts));
        }
    }

    #[test]
    fn retry_after_lengthens_the_delay_on_429_and_503_only() {
        let asking = |status, seconds| AttemptOutcome {
            retry_after: Some(Duration::from_secs(seconds)),
            ..answered(status)
        };
        assert_eq!(next(1, &asking(429, 60)), retry_in(60));
        assert_eq!(next(1, &asking(503, 60)), retry_in(60));
        assert_eq!(next(1, &asking(503, 1)), retry_in(5));
        assert_eq!(next(1, &asking(500, 60)), retry_in(5));
        assert_eq!(next(1, &asking(429, 1_000_000)), retry_in(86_400));
    }

    #[test]
    fn no_attempt_is_put_off_beyond_the_time_when_it_is_wanted() {
        let schedule = RetrySchedule::new(vec![Duration::from_secs(5), Duration::from_secs(30)]);
        let next = |made, seconds| {
            let expires_at = Some(NOW.after(Duration::from_secs(seconds)));
            decide_next(Round { schedule: &schedule, made, expires_at }, &answered(500), NOW, 0.0)
        };
        assert_eq!(next(1, 5), retry_in(5));
        assert_eq!(next(1, 4), Next::End(DeliveryEnd::TooOld));
        assert_eq!(next(2, 29), Next::End(DeliveryEnd::TooOld));
        assert_eq!(next(3, 4), Next::End(DeliveryEnd::Attempts));
    }
}
