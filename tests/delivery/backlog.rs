//! Ten thousand deliveries that wait for a host which takes none, and a healthy host beside it: its
//! own are delivered as soon as if it were alone. Measures both in one run and compares.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt};
use ringback::domain::{
    DeliveryId, Ended, Epoch, EventId, EventType, ExecutionId, ExecutionSpec, Guard, Outcome,
    OwnerId, PayloadFormat, Tenant,
};
use ringback::store::{
    Clock, Finish, NewDelivery, NewExecution, SealingKey, Settled, SqliteOptions, SqliteStore,
    Store,
};
use serde_json::Value;

use super::outbox::calling;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

const BACKLOG: usize = 10_000;

/// How many deliveries to the healthy host make a figure.
const SAMPLES: usize = 200;

/// How often both are measured. A machine that does something else meanwhile spoils one figure; what
/// is wrong by design spoils all.
const ROUNDS: usize = 5;

fn wall_clock() -> Clock {
    Clock::new(|| SystemTime::now().into())
}

/// Owes so many deliveries to one endpoint.
fn fill(dir: &Path, endpoint: SocketAddr, count: usize) {
    let key = SealingKey::load_or_create(&dir.join("secrets.key")).unwrap();
    let (owner, clock) = (OwnerId::generate(), wall_clock());
    let options = SqliteOptions { dir: dir.to_owned(), owner, key, clock };
    let store = SqliteStore::open(options).unwrap();
    let owing = stream::iter(0..count).for_each_concurrent(256, |_| owe(&store, endpoint));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(owing);
}

async fn owe(store: &SqliteStore, endpoint: SocketAddr) {
    let (id, tenant) = (ExecutionId::generate(), Tenant::default());
    let spec = Arc::new(ExecutionSpec::new("sh", "true"));
    store
        .accept(NewExecution {
            id,
            tenant: tenant.clone(),
            spec,
            start: true,
            ahead: Duration::ZERO,
            key: None,
            answer: None,
        })
        .await
        .unwrap();
    let delivery = NewDelivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(id),
        event_type: EventType::Completed,
        tenant,
        url: format!("http://{endpoint}/hook"),
        host: endpoint.to_string(),
        payload_format: PayloadFormat::Standard,
        body: b"{}".to_vec(),
        schedule: None,
        attempts_max: 9,
        max_age: None,
    };
    let now = wall_clock().now();
    let ended = Ended::without_output(Outcome::Exited { code: 0 }, Some(now), now);
    let guard = Guard::Running(Epoch(1));
    let finish = Finish { id, guard, ended, delivery: Some(delivery) };
    assert_eq!(store.finish(Arc::new(finish)).await.unwrap(), Settled::Written);
}

/// From the end of an execution to its delivery, for all but one in a hundred.
fn p99(app: &TestApp) -> Duration {
    let receiver = TestReceiver::start();
    for number in 0..SAMPLES {
        app.submit(calling(&receiver));
        // A few at a time, as a server has it that is not at its limit.
        receiver.wait_for((number + 1).saturating_sub(4));
    }
    let mut all: Vec<Duration> = receiver
        .wait_for(SAMPLES)
        .iter()
        .map(|received| {
            let ended = received.json()["timestamp"].as_str().unwrap().to_owned();
            let ended: jiff::Timestamp = ended.parse().unwrap();
            received.at.duration_since(SystemTime::from(ended)).unwrap_or_default()
        })
        .collect();
    all.sort_unstable();
    all[SAMPLES * 99 / 100 - 1]
}

#[test]
fn ten_thousand_for_a_dead_host_leave_a_healthy_one_as_quick_as_alone() {
    let app_with = |options: crate::support::options::Options| {
        options
            .env("RINGBACK_WEBHOOK__TIMEOUT", "1s")
            .env("RINGBACK_LOG", "warn")
            .retry_schedule("5s,30s,5m")
    };
    let alone = TestApp::with(app_with);
    let mut beside = TestApp::with(app_with);
    beside.terminate();
    let dead = TestReceiver::always(Scripted::silence());
    fill(&beside.data_dir(), dead.address(), BACKLOG);
    beside.restart();
    dead.first();
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let (alone, beside) = (p99(&alone), p99(&beside));
        seen.push((alone, beside));
        if beside <= alone * 2 {
            break;
        }
    }
    let as_quick = seen.iter().any(|(alone, beside)| *beside <= *alone * 2);
    assert!(as_quick, "p99 alone and beside the backlog: {seen:?}");
    eprintln!("p99 alone and beside the backlog: {seen:?}");
    let waiting = eventually(DEADLINE, "the dead host is left alone", || {
        let page = beside.get("/v1/deliveries?status=pending&limit=1").expect(200).json();
        (page["data"][0]["waiting_for"] == "breaker").then_some(page)
    });
    assert_ne!(waiting["next_cursor"], Value::Null, "thousands wait");
}
