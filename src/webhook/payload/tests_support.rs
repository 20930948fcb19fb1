//! An event for the tests of payload formats.
//! Holds nothing that a test would want to vary but the outcome.

use std::time::Duration;

use crate::domain::{
    Captured, DeliverySummary, Ended, Endpoint, Event, Execution, ExecutionId, Outcome,
    PayloadFormat, StartMode, State, Tenant, Timestamp,
};

pub(super) fn exited(code: i32) -> Outcome {
    Outcome::Exited { code }
}

/// Accepted at 1 s, started at 2 s, ended at 3.5 s.
pub(super) fn event(outcome: Outcome) -> Event {
    let started_at = Some(Timestamp::from_millis(2_000));
    let ended = Ended::without_output(outcome, started_at, Timestamp::from_millis(3_500));
    let ended = Ended {
        stdout: Captured::whole("hi\n"),
        descendants_killed: 2,
        start: Some(StartMode::Warm),
        ..ended
    };
    let execution = Execution {
        id: ExecutionId::generate(),
        tenant: Tenant::default(),
        language: "sh".into(),
        priority: Default::default(),
        timeout: Duration::from_secs(5),
        created_at: Timestamp::from_millis(1_000),
        labels: [("team".to_owned(), "x".to_owned())].into(),
        metadata: serde_json::Map::new(),
        endpoint: Some(Endpoint::new("https://example.com/", PayloadFormat::Standard)),
        invocation: None,
        traceparent: None,
        attempt: 1,
        cancelling: false,
        state: State::Queued,
        delivery: DeliverySummary::None,
    };
    Event::of(&execution.into_ended(ended)).expect("it has ended")
}
