//! An engine whose store meddles: it panics where an actor asks it, or is slow to say what it has
//! done. Executions must end all the same, and nothing be run that nobody wants any more.

mod store;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ringback::config::Config;
use ringback::domain::{
    CancelWish, Cause, Execution, ExecutionId, ExecutionSpec, OnInterrupt, OwnerId, Status, Tenant,
};
use ringback::store::{Clock, NewExecution, SealingKey, SqliteOptions, SqliteStore, Store};
use ringback::{Cancel, CancelOutcome};
use tokio::sync::Semaphore;

use self::store::Meddling;
use super::support::{LONG, builder, ended, run, stdout, submit};

fn meddling(data_dir: &Path, clock: &Clock, panics: bool) -> Arc<Meddling> {
    let options = SqliteOptions {
        dir: data_dir.to_owned(),
        owner: OwnerId::generate(),
        key: SealingKey::from_bytes([7; 32]),
        clock: clock.clone(),
    };
    let inner = SqliteStore::open(options).unwrap();
    Arc::new(Meddling {
        inner,
        panics: AtomicBool::new(panics),
        is_mute: AtomicBool::new(false),
        prunes_to_fail: AtomicU32::new(0),
        wishes: AtomicBool::new(false),
        tells: Semaphore::new(0),
    })
}

fn clock() -> Clock {
    Clock::new(|| SystemTime::now().into())
}

/// Waits until the store has started an execution, whether or not it has told so.
async fn until_started(store: &Meddling, execution: &Execution) {
    let deadline = Instant::now() + LONG;
    loop {
        let found = store.inner.execution(&execution.tenant, execution.id).await.unwrap().unwrap();
        if found.status() == Status::Running {
            return;
        }
        assert!(Instant::now() < deadline, "it was never started");
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until something is true of a file.
async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < deadline, "it never came true");
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}

#[actix_rt::test]
async fn a_panic_in_an_execution_actor_leaves_the_end_to_the_supervisor() {
    let (builder, data_dir) = builder();
    let store = meddling(data_dir.path(), &clock(), true);
    store.tells.add_permits(1000);
    let engine = builder.store(store, clock()).start().await.unwrap();

    let lost = submit(&engine, ExecutionSpec::new("sh", "echo said; exec sleep 1000")).await;
    let recording = data_dir.path().join(format!("output/{}.stdout", lost.id));
    until(|| std::fs::metadata(&recording).is_ok_and(|file| file.len() > 0)).await;
    let wish = CancelWish::default();
    let cancel = Cancel { tenant: lost.tenant.clone(), id: lost.id, wish };
    engine.supervisor().send(cancel).await.unwrap().unwrap();
    let lost = ended(&engine, &lost).await;
    assert_eq!(stdout(&lost), "said\n");
    until(|| !recording.exists()).await;
    // The wish had been kept before its actor fell.
    assert_eq!(lost.ended().unwrap().outcome.cause(), Cause::Cancelled);
    // The slot is free again, and the next execution is none the worse for it.
    assert_eq!(run(&engine, "exit 0").await.ended().unwrap().outcome.cause(), Cause::Exited);
}

#[actix_rt::test]
async fn a_wish_that_overtakes_the_news_of_a_start_keeps_the_program_from_running() {
    let (builder, data_dir) = builder();
    let store = meddling(data_dir.path(), &clock(), false);
    let given: Arc<dyn Store> = store.clone();
    let engine = builder.slots(1).store(given, clock()).start().await.unwrap();
    let cancel = async |execution: &Execution| {
        let (tenant, id) = (Tenant::default(), execution.id);
        let wish = CancelWish::default();
        engine.supervisor().send(Cancel { tenant, id, wish }).await.unwrap().unwrap()
    };

    // The second waits for the first one's slot; it is started in the store, and nobody knows.
    let first = submit(&engine, ExecutionSpec::new("sh", "exec sleep 1000")).await;
    let marker = data_dir.path().join("it-ran");
    let code = format!("touch {}", marker.display());
    let second = submit(&engine, ExecutionSpec::new("sh", code)).await;
    cancel(&first).await;
    until_started(&store, &second).await;
    assert!(matches!(cancel(&second).await, CancelOutcome::Ending(_)));
    store.tells.add_permits(1000);

    let ended = ended(&engine, &second).await;
    assert_eq!(ended.status(), Status::Cancelled);
    assert_eq!(ended.ended().unwrap().outcome.exit(), None);
    assert!(!marker.exists());
}

#[actix_rt::test]
async fn what_was_started_too_late_to_run_goes_back_into_the_queue() {
    let (builder, data_dir) = builder();
    let store = meddling(data_dir.path(), &clock(), false);
    let given: Arc<dyn Store> = store.clone();
    let engine = builder.slots(1).store(given, clock()).start().await.unwrap();
    let first = submit(&engine, ExecutionSpec::new("sh", "exit 0")).await;
    let marker = data_dir.path().join("it-ran");
    let code = format!("touch {}", marker.display());
    let second = submit(&engine, ExecutionSpec::new("sh", code)).await;
    ended(&engine, &first).await;
    until_started(&store, &second).await;

    let drained = engine.drain(Duration::ZERO);
    let told = async {
        // The wish to stop is in the mailbox before the news of the start can be.
        actix_rt::task::yield_now().await;
        store.tells.add_permits(1000);
    };
    let both = async { tokio::join!(drained, told) };
    actix_rt::time::timeout(LONG, both).await.expect("draining ends");
    let found = store.inner.execution(&second.tenant, second.id).await.unwrap().unwrap();
    assert_eq!(found.status(), Status::Queued);
    assert!(!marker.exists());
}

#[actix_rt::test]
async fn what_could_not_be_removed_at_first_is_removed_later() {
    let (builder, data_dir) = builder();
    let store = meddling(data_dir.path(), &clock(), false);
    store.tells.add_permits(1000);
    store.prunes_to_fail.store(3, Ordering::SeqCst);
    let mut config = Config::default();
    config.retention.age = Some(Duration::from_millis(1));
    config.retention.interval = Duration::from_millis(5);
    let builder = builder.config(config).data_dir(data_dir.path());
    let engine = builder.store(store.clone(), clock()).start().await.unwrap();
    let gone = submit(&engine, ExecutionSpec::new("sh", "exit 0")).await;
    let deadline = Instant::now() + LONG;
    while store.inner.execution(&gone.tenant, gone.id).await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "it is still there");
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(store.prunes_to_fail.load(Ordering::SeqCst), 0);
    // Nobody sweeps in a store whose engine has gone.
    engine.shutdown(Duration::ZERO).await;
    assert_eq!(Arc::strong_count(&store), 1);
}

#[actix_rt::test]
async fn a_wish_that_is_kept_while_its_execution_is_rescued_is_fulfilled() {
    let (builder, data_dir) = builder();
    let spec = ExecutionSpec {
        on_interrupt: OnInterrupt::Rerun,
        ..ExecutionSpec::new("sh", "exec sleep 1000")
    };
    let id = ExecutionId::generate();
    let new = NewExecution {
        id,
        tenant: Tenant::default(),
        spec: Arc::new(spec),
        start: true,
        ahead: Duration::ZERO,
        key: None,
        answer: None,
    };
    let earlier = meddling(data_dir.path(), &clock(), false);
    earlier.accept(new).await.unwrap();
    drop(earlier);

    let store = meddling(data_dir.path(), &clock(), false);
    store.wishes.store(true, Ordering::SeqCst);
    let given: Arc<dyn Store> = store.clone();
    let _engine = builder.store(given, clock()).start().await.unwrap();
    let found = store.inner.execution(&Tenant::default(), id).await.unwrap().unwrap();
    assert_eq!(found.ended().map(|ended| ended.outcome.cause()), Some(Cause::Cancelled));
}

#[actix_rt::test]
async fn metrics_are_told_although_the_store_cannot_be_read() {
    let (builder, data_dir) = builder();
    let store = meddling(data_dir.path(), &clock(), false);
    store.tells.add_permits(1000);
    store.is_mute.store(true, Ordering::SeqCst);
    let given: Arc<dyn Store> = store.clone();
    let engine = builder.store(given, clock()).start().await.unwrap();
    run(&engine, "exit 0").await;
    let metrics = engine.metrics().await;
    let has = |metrics: &str, line: &str| metrics.lines().any(|found| found == line);
    assert!(has(&metrics, "ringback_deliveries_pending NaN"), "{metrics}");
    assert!(
        has(&metrics, "ringback_delivery_oldest_seconds NaN")
            && has(&metrics, "ringback_queue_oldest_seconds NaN"),
        "{metrics}"
    );
    assert!(has(&metrics, "ringback_slots{state=\"free\"} 2"), "{metrics}");
    // What could not be counted is counted the next time.
    store.is_mute.store(false, Ordering::SeqCst);
    assert!(has(&engine.metrics().await, "ringback_deliveries_pending 0"));
}
