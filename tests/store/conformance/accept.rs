//! Rules of accepting.
//! Starts nothing later; those are the rules of starting.

use std::time::Duration;

use futures_util::future::join_all;
use ringback::domain::{DeliverySummary, Endpoint, ExecutionSpec, PayloadFormat, State};
use ringback::store::NewExecution;
use serde_json::json;

use crate::support::{Backend, calling_back, epoch, plain, queued, read, running, turns};

pub async fn what_was_accepted_reads_back_as_it_was_asked_for(backend: &impl Backend) {
    let store = backend.open().await;
    let mut spec = calling_back("https://example.com/häuser?q=1");
    spec.timeout = Duration::from_millis(1500);
    spec.labels =
        [("größe".into(), "☃ 'quoted\" \\ \n".into()), (String::new(), String::new())].into();
    let metadata = json!({"z": 1, "a": null, "half": 0.1, "exact": 223.95783553697606, "long": 0.123_456_789_012_345_67,
        "big": u64::MAX, "low": i64::MIN, "text": "☃", "yes": true});
    spec.metadata = metadata.as_object().unwrap().clone();

    let accepted = store.accept(queued(spec.clone())).await.unwrap().execution;
    assert_eq!(accepted.state, State::Queued);
    assert_eq!((accepted.attempt, accepted.cancelling), (1, false));
    assert_eq!(accepted.delivery, DeliverySummary::None);
    assert_eq!(accepted.timeout, spec.timeout);
    assert_eq!(accepted.labels, spec.labels);
    let endpoint = Endpoint::new("https://example.com/häuser?q=1", PayloadFormat::Standard);
    assert_eq!(accepted.endpoint, Some(endpoint));
    let found = read(&*store, accepted.id).await;
    assert_eq!(found, accepted);
    let written = |metadata| serde_json::to_string(metadata).unwrap();
    assert_eq!(written(&found.metadata), written(&spec.metadata), "in the same order");

    let shortest = ExecutionSpec { timeout: Duration::from_nanos(1), ..spec };
    let shortest = store.accept(queued(shortest)).await.unwrap().execution;
    assert!(shortest.timeout > Duration::ZERO, "rounded up, never to none at all");
    assert_eq!(read(&*store, shortest.id).await, shortest);

    let plain = store.accept(plain()).await.unwrap().execution;
    assert_eq!(plain.endpoint, None);
    assert_eq!(read(&*store, plain.id).await, plain);
    let other = store.accept(queued(ExecutionSpec::new("bash", ""))).await.unwrap().execution;
    assert_eq!(other.language, "bash");
}

pub async fn what_is_started_with_its_acceptance_runs_in_its_first_epoch(backend: &impl Backend) {
    let store = backend.open().await;
    let at_once = store.accept(running()).await.unwrap().execution;
    assert_eq!(epoch(&at_once).0, 1);
    assert_eq!(at_once.started_at(), Some(at_once.created_at));
    assert_eq!(read(&*store, at_once.id).await, at_once);
    assert!(
        store.start(&turns(10)).await.unwrap().is_empty(),
        "it is not given away a second time"
    );

    store.accept(plain()).await.unwrap();
    let later = store.start(&turns(1)).await.unwrap().remove(0).execution;
    let owner = |state: &State| match state {
        State::Running(run) => run.owner,
        other => panic!("{other:?}"),
    };
    assert_eq!(owner(&at_once.state), owner(&later.state));
    assert_eq!(epoch(&later), epoch(&at_once), "both are first starts");
}

pub async fn an_id_is_accepted_once(backend: &impl Backend) {
    let store = backend.open().await;
    let first = plain();
    let accepted = store.accept(first.clone()).await.unwrap().execution;
    let spec = ExecutionSpec::new("bash", "exit 1").into();
    let twin = NewExecution { spec, start: true, ..first };
    assert!(store.accept(twin).await.is_err());
    assert_eq!(read(&*store, accepted.id).await, accepted);
    let started = store.start(&turns(10)).await.unwrap();
    assert_eq!(started.len(), 1);
    assert_eq!(started[0].spec.code, "print(1)");
}

pub async fn many_can_be_accepted_at_the_same_time(backend: &impl Backend) {
    let store = backend.open().await;
    let answers = join_all((0..300).map(|_| store.accept(plain()))).await;
    for accepted in answers {
        let accepted = accepted.unwrap().execution;
        assert_eq!(read(&*store, accepted.id).await, accepted);
    }
    assert_eq!(store.census().await.unwrap().queued[0].1, 300);
}
