//! An engine whose wall clock is set ten minutes on and ten minutes back while something is under
//! way: nothing is early, nothing is late, and what people read and signatures carry is the wall
//! clock. Sets no clock of the machine.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ringback::config::Config;
use ringback::domain::{
    Callback, CancelWish, Cause, Endpoint, Execution, ExecutionSpec, OwnerId, PayloadFormat,
    RetrySchedule, Status, Tenant, Timestamp,
};
use ringback::store::{Clock, SealingKey, SqliteOptions, SqliteStore, Store};
use ringback::{Cancel, Engine, Ringback};

use super::receiver::{Received, TestReceiver};
use super::scripted::Scripted;
use super::support::{KEY, LONG, ended, submit};

const TEN_MINUTES: i64 = 10 * 60 * 1000;
const JUMPS: [i64; 2] = [TEN_MINUTES, -TEN_MINUTES];

/// Long enough for whatever a test does before it, short enough to be waited for.
const RETRY_AFTER: Duration = Duration::from_millis(1500);

/// A clock whose wall can be set.
#[derive(Clone, Default)]
struct Wall(Arc<AtomicI64>);

impl Wall {
    fn jump(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        let machine = Timestamp::from(SystemTime::now()).as_millis();
        Timestamp::from_millis(machine + self.0.load(Ordering::SeqCst))
    }

    fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::with_steady(move || this.now(), || SystemTime::now().into())
    }
}

/// An engine with one slot on a store of its own, both by this clock.
async fn start(wall: &Wall, data_dir: &Path) -> (Engine, Arc<dyn Store>) {
    let clock = wall.clock();
    let options = SqliteOptions {
        dir: data_dir.join("store"),
        owner: OwnerId::generate(),
        key: SealingKey::from_bytes([7; 32]),
        clock: clock.clone(),
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).unwrap());
    let mut config = Config::default();
    config.webhook.retry_schedule = RetrySchedule::new(vec![RETRY_AFTER]);
    config.queue.poll = Duration::from_millis(20);
    let builder = Ringback::builder().config(config).data_dir(data_dir).api_key(KEY).slots(1);
    let builder = builder.launcher_binary(env!("CARGO_BIN_EXE_ringback"));
    let builder = builder.allow_callbacks_to("127.0.0.1").store(store.clone(), clock);
    (builder.start().await.unwrap(), store)
}

async fn find(store: &dyn Store, execution: &Execution) -> Execution {
    store.execution(&execution.tenant, execution.id).await.unwrap().unwrap()
}

async fn cancel(engine: &Engine, execution: &Execution) {
    let (tenant, wish) = (Tenant::default(), CancelWish::default());
    let cancel = Cancel { tenant, id: execution.id, wish };
    engine.supervisor().send(cancel).await.unwrap().unwrap();
}

fn calling(receiver: &TestReceiver, code: &str) -> ExecutionSpec {
    let callback = Callback {
        signing_secret: Some("a secret of the test's".into()),
        ..Callback::unsigned(Endpoint::new(receiver.url("/hook"), PayloadFormat::Standard))
    };
    ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("sh", code) }
}

/// Waits for so many requests without holding up the engine, which shares this thread.
async fn requests(receiver: &TestReceiver, count: usize) -> Vec<Received> {
    let deadline = Instant::now() + LONG;
    loop {
        let received = receiver.received();
        if received.len() >= count {
            return received;
        }
        assert!(Instant::now() < deadline, "{} of {count} requests came", received.len());
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}

#[actix_rt::test]
async fn a_program_has_all_of_its_timeout_and_no_negative_time() {
    for jump in JUMPS {
        let data_dir = tempfile::tempdir().unwrap();
        let wall = Wall::default();
        let (engine, _store) = start(&wall, data_dir.path()).await;
        let receiver = TestReceiver::start();
        let mut spec = calling(&receiver, "sleep 0.3; echo done");
        spec.timeout = Duration::from_secs(60);
        let running = submit(&engine, spec).await;
        wall.jump(jump);
        let over = ended(&engine, &running).await;
        let end = over.ended().unwrap();
        assert_eq!(end.outcome.cause(), Cause::Exited, "by {jump} ms");
        let shown = end.completed_at.as_millis() - over.created_at.as_millis();
        assert!((shown - jump).abs() < TEN_MINUTES / 2, "records are of the wall: {shown} ms");

        let told = requests(&receiver, 1).await.remove(0).json();
        let took = told["data"]["execution_time"].as_f64().unwrap();
        assert!(took >= 0.0, "by {jump} ms it took {took} s");
    }
}

#[actix_rt::test]
async fn who_waits_for_a_slot_waits_as_long_as_it_wanted_to() {
    for jump in JUMPS {
        let data_dir = tempfile::tempdir().unwrap();
        let wall = Wall::default();
        let (engine, store) = start(&wall, data_dir.path()).await;
        let blocker = submit(&engine, ExecutionSpec::new("sh", "exec sleep 1000")).await;
        let waiting = |limit| ExecutionSpec {
            queue_timeout: Some(limit),
            ..ExecutionSpec::new("sh", "exit 0")
        };
        let patient = submit(&engine, waiting(Duration::from_secs(120))).await;
        let hasty = submit(&engine, waiting(Duration::from_millis(200))).await;
        wall.jump(jump);
        // Neither late: it would be, by ten minutes.
        let hasty = ended(&engine, &hasty).await;
        assert_eq!(hasty.ended().unwrap().outcome.cause(), Cause::QueueExpired, "by {jump} ms");
        // Nor early: whoever is overdue is found by the same question.
        assert_eq!(find(&*store, &patient).await.status(), Status::Queued, "by {jump} ms");
        cancel(&engine, &blocker).await;
        let patient = ended(&engine, &patient).await;
        assert_eq!(patient.ended().unwrap().outcome.cause(), Cause::Exited, "by {jump} ms");
    }
}

#[actix_rt::test]
async fn a_retry_comes_when_it_is_due_and_is_signed_with_the_time_on_the_wall() {
    for jump in JUMPS {
        let data_dir = tempfile::tempdir().unwrap();
        let wall = Wall::default();
        let (engine, _store) = start(&wall, data_dir.path()).await;
        let receiver = TestReceiver::answering([Scripted::status(500)]);
        let failing = submit(&engine, calling(&receiver, "exit 0")).await;
        requests(&receiver, 1).await;
        wall.jump(jump);
        // The store is asked what is due, by a delivery that is due at once.
        let other = submit(&engine, calling(&receiver, "exit 0")).await;
        let before = wall.now().as_seconds();
        let received = requests(&receiver, 3).await;
        let after = wall.now().as_seconds();

        let event = |execution: &Execution| execution.id.to_string().replace("exec_", "evt_");
        let order: Vec<_> = received.iter().map(|r| r.header("webhook-id").unwrap()).collect();
        assert_eq!(order, [event(&failing), event(&other), event(&failing)], "by {jump} ms");
        let pause = received[2].at.duration_since(received[0].at).unwrap();
        assert!(pause >= RETRY_AFTER, "by {jump} ms it came {pause:?} later");
        for request in &received[1..] {
            let signed: i64 = request.header("webhook-timestamp").unwrap().parse().unwrap();
            assert!((before..=after).contains(&signed), "{signed} in {before}..={after}");
        }
    }
}
