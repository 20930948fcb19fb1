//! A delivery: one event owed to one endpoint, and the attempts made to hand it over.
//! Decides what follows an attempt; makes none.

use std::time::Duration;

use super::{
    Attempt, AttemptOutcome, DeliveryId, ErrorClass, EventId, EventType, ExecutionId,
    PayloadFormat, RetrySchedule, Timestamp,
};

/// One event owed to one URL.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its name.
    pub id: DeliveryId,
    /// The event; the same for every attempt.
    pub event_id: EventId,
    /// What the event says.
    pub event_type: EventType,
    /// The execution that ended.
    pub execution_id: ExecutionId,
    /// Where it goes.
    pub url: String,
    /// The shape of its body.
    pub payload_format: PayloadFormat,
    /// Where it is in its life.
    pub status: DeliveryStatus,
    /// Why no further attempt comes by itself.
    pub ended_by: Option<DeliveryEnd>,
    /// How many attempts the schedule gives it.
    pub attempts_max: u32,
    /// When the next attempt is due, if one is.
    pub next_attempt_at: Option<Timestamp>,
    /// When the event happened.
    pub created_at: Timestamp,
    /// When the endpoint took it.
    pub delivered_at: Option<Timestamp>,
    /// What has been tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Where a delivery is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// An attempt is due or under way.
    Pending,
    /// The endpoint answered 2xx.
    Delivered,
    /// It failed for good.
    Exhausted,
    /// The operator does not allow that address.
    Refused,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Exhausted, Self::Refused];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Refused => "refused",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Why a delivery that failed gets no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The schedule is used up.
    Attempts,
    /// The endpoint answered 410: it is gone for good.
    Gone,
    /// The endpoint answered 413: the same bytes will not fit later either.
    TooLarge,
    /// The operator does not allow that address.
    Refused,
}

impl DeliveryEnd {
    /// Every end.
    pub const ALL: [Self; 4] = [Self::Attempts, Self::Gone, Self::TooLarge, Self::Refused];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Gone => "gone",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
        }
    }

    /// The end with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == name)
    }
}

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

/// Decides what follows attempt number `made` that ended at `now`. A pause that the endpoint
/// asked for on 429 or 503 lengthens the schedule's delay and never shortens it.
pub fn decide_next(
    schedule: &RetrySchedule,
    made: u32,
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
    let Some(delay) = schedule.delay_after(made, jitter) else {
        return Next::End(DeliveryEnd::Attempts);
    };
    let asked = match outcome.status_code {
        Some(429 | 503) => outcome.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX),
        _ => Duration::ZERO,
    };
    Next::RetryAt(now.after(delay.max(asked)))
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
        decide_next(&schedule, made, outcome, NOW, 0.0)
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
}
