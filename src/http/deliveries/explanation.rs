//! Says in plain sentences why a delivery has not arrived, or that it has, and what happens next.
//! Reads nothing, not even a clock.

use std::time::Duration;

use crate::actors::WaitingFor;
use crate::domain::{Attempt, Delivery, DeliveryEnd, DeliveryStatus, Timestamp, Trigger};
use crate::http::error::sentence;

/// What is to be known of a delivery beside what it knows itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    /// What it waits for; nothing while an attempt is under way, and when it is over.
    pub(super) waiting_for: Option<WaitingFor>,
    /// Until when its host is left alone, if it is.
    pub(super) breaker_until: Option<Timestamp>,
    /// Why the last attempt failed, as far as whoever asks may know.
    pub(super) last_error: Option<&'a str>,
    /// What time it is, by the clock that due times are of.
    pub(super) now: Timestamp,
}

/// Why a delivery has not arrived, or that it has, and what happens next.
pub(super) fn explain(delivery: &Delivery, standing: &Standing<'_>) -> String {
    let story = Story { delivery, standing, last: delivery.attempts.last() };
    match delivery.status {
        DeliveryStatus::Delivered => story.delivered(),
        DeliveryStatus::Pending => format!("{} {}", story.so_far(), story.next()),
        DeliveryStatus::Exhausted => format!("{}{}", story.exhausted(), story.remedy()),
        DeliveryStatus::Refused => {
            let why = story.error();
            format!(
                "It was not sent, because the operator does not allow where it goes: {why} Nothing \
                 more happens by itself: once that is allowed, redeliver it."
            )
        }
    }
}

struct Story<'a> {
    delivery: &'a Delivery,
    standing: &'a Standing<'a>,
    last: Option<&'a Attempt>,
}

impl Story<'_> {
    fn delivered(&self) -> String {
        let at = self.delivery.delivered_at.unwrap_or(self.delivery.created_at);
        match self.last {
            Some(last) if last.outcome.error_class.is_none() => {
                let (number, answered) = (last.number, status(last));
                format!("The endpoint took it at {at}: attempt {number} was answered {answered}.")
            }
            Some(last) => format!(
                "The endpoint took it at {at}. Sending it again since was in vain, and attempt {} \
                 failed: {} Nothing more happens by itself.",
                last.number,
                self.error()
            ),
            None => format!("The endpoint took it at {at}."),
        }
    }

    /// What has come of a pending one, and who wants it sent again.
    fn so_far(&self) -> String {
        let Delivery { attempts_max, delivered_at, next_trigger, .. } = self.delivery;
        let Some(last) = self.last else { return "No attempt has been made yet.".to_owned() };
        let number = last.number;
        let failed = last.outcome.error_class.is_some();
        let has = match delivered_at {
            Some(at) if failed => {
                format!(
                    "The endpoint took it at {at}; sending it again failed at attempt {number} of \
                     {attempts_max}: {}",
                    self.error()
                )
            }
            Some(at) => format!("The endpoint took it at {at}."),
            None => format!("Attempt {number} of {attempts_max} failed: {}", self.error()),
        };
        match next_trigger {
            Trigger::Schedule => has,
            Trigger::Manual => format!("{has} Somebody has asked for it to be sent again."),
            Trigger::Recover => format!("{has} A recovery sends it again."),
        }
    }

    /// What comes next of a pending one, and when.
    fn next(&self) -> String {
        let Standing { waiting_for, breaker_until, now, .. } = *self.standing;
        let which = if self.last.is_some() { "next" } else { "first" };
        let next = match waiting_for {
            None => format!("The {which} attempt is under way."),
            Some(WaitingFor::Due) => self.due(which),
            Some(WaitingFor::Permit) => format!(
                "The {which} attempt is due and waits for others to be over: the server makes only \
                 so many at a time, in all and at each host."
            ),
            Some(WaitingFor::Breaker) => {
                let host = &self.delivery.host;
                let then = match breaker_until {
                    Some(until) => {
                        let pause = span(until.since(now));
                        format!("is left alone until {until}, for {pause}; then one attempt finds")
                    }
                    None => "is being tried with one attempt, which finds".to_owned(),
                };
                format!(
                    "The {which} attempt is due, but {host} has failed nearly always lately and \
                     {then} out whether that has changed."
                )
            }
        };
        match self.delivery.expires_at {
            Some(at) => format!("{next} No attempt is put off beyond {at} (`retry.max_age`)."),
            None => next,
        }
    }

    fn due(&self, which: &str) -> String {
        let now = self.standing.now;
        let Some(due) = self.delivery.next_attempt_at.filter(|due| *due > now) else {
            return format!("The {which} attempt is due now.");
        };
        let due = format!("The {which} attempt is due at {due}, in {}", span(due.since(now)));
        let outcome = self.last.map(|last| &last.outcome);
        match outcome.and_then(|outcome| outcome.retry_after.zip(outcome.status_code)) {
            Some((pause, 429 | 503)) => {
                format!("{due}; the endpoint has asked for a pause of {}.", span(pause))
            }
            _ => format!("{due}."),
        }
    }

    fn exhausted(&self) -> String {
        let made = self.delivery.attempts_made;
        let attempts = if made == 1 { "attempt" } else { "attempts" };
        let error = self.error();
        match self.delivery.ended_by {
            Some(DeliveryEnd::Gone) => {
                "It has not arrived: the endpoint answered 410, which says that it is gone for good."
                    .to_owned()
            }
            Some(DeliveryEnd::TooLarge) => {
                "It has not arrived: the endpoint answered 413, which says that the body is too \
                 large for it, and later it would be the same."
                    .to_owned()
            }
            Some(DeliveryEnd::TooOld) => format!(
                "It has not arrived and was given up after {made} {attempts}, because the next would \
                 have come later than it was wanted (`retry.max_age`); the last failed: {error}"
            ),
            Some(DeliveryEnd::Superseded) => {
                "It has not arrived: the execution ended first, and then only the end is told."
                    .to_owned()
            }
            Some(DeliveryEnd::Attempts | DeliveryEnd::Refused) | None => format!(
                "It has not arrived and was given up after {made} {attempts}, all that its schedule \
                 has; the last failed: {error}"
            ),
        }
    }

    /// What can be done about one that was given up.
    fn remedy(&self) -> &'static str {
        if self.delivery.event_type.is_terminal() {
            " Nothing more happens by itself: once the endpoint takes it, redeliver it."
        } else {
            ""
        }
    }

    fn error(&self) -> String {
        sentence(self.standing.last_error.unwrap_or("nothing is known about why"))
    }
}

fn status(attempt: &Attempt) -> String {
    attempt.outcome.status_code.map_or_else(|| "2xx".to_owned(), |code| code.to_string())
}

/// A time to wait, in whole seconds and never too short.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    format!("{:#}", jiff::SignedDuration::from_secs(seconds))
}

#[cfg(test)]
pub(super) use tests::example;

#[cfg(test)]
mod tests;
