//! A signing secret that is rotated while a delivery waits for days: which secrets sign each of its
//! attempts, by a clock of the test's own. Sets no clock of the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ringback::Ringback;
use ringback::config::Config;
use ringback::domain::{
    Callback, Endpoint, ExecutionId, ExecutionSpec, OwnerId, PayloadFormat, RetrySchedule, Secret,
    Tenant, Timestamp,
};
use ringback::store::{Clock, NewSigningSecret, SealingKey, SqliteOptions, SqliteStore, Store};
use ringback::webhook::signature;

use super::receiver::{Received, TestReceiver};
use super::scripted::Scripted;
use super::support::{KEY, LONG, submit};

const HOUR: Duration = Duration::from_secs(3600);

/// Longer than any delay of this schedule is with its jitter.
const DELAYS: [Duration; 2] = [HOUR.saturating_mul(12), HOUR.saturating_mul(12)];
const BEYOND_A_DELAY: Duration = HOUR.saturating_mul(15);

/// A clock that runs with the machine's and can be set on, with all that is due by it.
#[derive(Clone, Default)]
struct Ahead(Arc<AtomicI64>);

impl Ahead {
    fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.0);
        Clock::new(move || {
            let machine = Timestamp::from(SystemTime::now()).as_millis();
            Timestamp::from_millis(machine + ahead.load(Ordering::SeqCst))
        })
    }
}

fn calling(receiver: &TestReceiver) -> ExecutionSpec {
    let endpoint = Endpoint::new(receiver.url("/hook"), PayloadFormat::Standard);
    let callback = Callback::unsigned(endpoint);
    ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("sh", "exit 0") }
}

async fn put(store: &dyn Store, secret: &Secret) {
    let (tenant, name) = (Tenant::default(), String::new());
    let overlap = Some(HOUR * 24);
    let new = NewSigningSecret { tenant, name, secret: secret.clone(), overlap };
    store.put_signing_secret(new).await.unwrap();
}

/// Waits until so many attempts of a delivery are written down, with the time of the next.
async fn recorded(store: &dyn Store, id: ExecutionId, count: usize) {
    let deadline = Instant::now() + LONG;
    loop {
        let deliveries = store.deliveries(&Tenant::default(), id).await.unwrap().unwrap();
        if deliveries.first().is_some_and(|delivery| delivery.attempts.len() >= count) {
            return;
        }
        assert!(Instant::now() < deadline, "no {count} attempts: {deliveries:?}");
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Fails the test unless a request has these signatures in this order, and nothing else.
#[track_caller]
fn signed_by(request: &Received, secrets: &[&Secret]) {
    let header = |name| request.header(name).unwrap();
    let seconds: i64 = header("webhook-timestamp").parse().unwrap();
    let sign = |secret: &&Secret| {
        signature::standard(secret, header("webhook-id"), seconds, &request.body).unwrap()
    };
    let expected: Vec<String> = secrets.iter().map(sign).collect();
    assert_eq!(header("webhook-signature"), expected.join(" "));
}

#[actix_rt::test]
async fn a_rotated_secret_signs_for_a_day_beside_the_new_one_and_then_no_more() {
    let data_dir = tempfile::tempdir().unwrap();
    let ahead = Ahead::default();
    let options = SqliteOptions {
        dir: data_dir.path().join("store"),
        owner: OwnerId::generate(),
        key: SealingKey::from_bytes([7; 32]),
        clock: ahead.clock(),
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).unwrap());
    let mut config = Config::default();
    config.webhook.retry_schedule = RetrySchedule::new(DELAYS.into());
    let builder = Ringback::builder().config(config).data_dir(data_dir.path()).api_key(KEY);
    let builder = builder.launcher_binary(env!("CARGO_BIN_EXE_ringback"));
    let builder = builder.allow_callbacks_to("127.0.0.1").store(store.clone(), ahead.clock());
    let engine = builder.start().await.unwrap();

    let [old, new] = [(); 2].map(|()| signature::new_secret().unwrap());
    let (failing, other) = (TestReceiver::always(Scripted::status(500)), TestReceiver::start());
    put(&*store, &old).await;
    let execution = submit(&engine, calling(&failing)).await;
    recorded(&*store, execution.id, 1).await;
    put(&*store, &new).await;
    for count in [2, 3] {
        ahead.advance(BEYOND_A_DELAY);
        // The store is asked what is due, by a delivery that is due at once.
        submit(&engine, calling(&other)).await;
        recorded(&*store, execution.id, count).await;
    }
    let attempts = failing.received();
    let field = |request: &Received| {
        (request.header("webhook-id").map(str::to_owned), request.body.clone())
    };
    assert!(attempts.iter().all(|attempt| field(attempt) == field(&attempts[0])));
    signed_by(&attempts[0], &[&old]);
    signed_by(&attempts[1], &[&new, &old]);
    signed_by(&attempts[2], &[&new]);
}
