//! What the store costs: accepting alone, and the whole life of an execution, for one client and
//! for many at a time. Runs no program and sends nothing.
//!
//! Every client waits for its commit before it goes on; what is shown is for each execution.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use futures_util::future::join_all;
use ringback::domain::{
    Attempt, AttemptOutcome, Callback, DeliveryId, Ended, Endpoint, Event, EventId, ExecutionId,
    ExecutionSpec, Guard, Next, Outcome, OwnerId, PayloadFormat, Secret, State, Tenant, Timings,
    Trigger,
};
use ringback::store::{
    AttemptMade, Clock, Finish, NewDelivery, NewExecution, Rooms, SealingKey, Settled,
    SqliteOptions, SqliteStore, Started, Store, Turn,
};
use ringback::webhook::payload::{self, Room};

const CLIENTS: [usize; 3] = [1, 64, 256];

const ROOM: Room = Room { bytes_max: 256 * 1024, public_url: String::new() };

const ENDPOINT: &str = "https://example.com/hooks";

fn store(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for name in ["accept", "accept to delivered"] {
        let mut group = criterion.benchmark_group("store");
        // One pass takes as long as a few commits.
        group.sampling_mode(SamplingMode::Flat).sample_size(20);
        for clients in CLIENTS {
            // On the disk that the build is on: a temporary directory may be in memory.
            let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
            let client = Client::new(directory.path());
            group.throughput(Throughput::Elements(clients as u64));
            group.bench_function(BenchmarkId::new(name, clients), |bench| {
                bench.iter_custom(|passes| {
                    let all = (0..clients).map(|_| client.work(name, passes));
                    let began = Instant::now();
                    runtime.block_on(join_all(all));
                    began.elapsed()
                });
            });
        }
        group.finish();
    }
}

struct Client {
    store: SqliteStore,
    clock: Clock,
    spec: Arc<ExecutionSpec>,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "a benchmark brings its own clock")]
    fn new(dir: &Path) -> Self {
        let clock = Clock::new(|| SystemTime::now().into());
        let options = SqliteOptions {
            dir: dir.join("data"),
            owner: OwnerId::generate(),
            key: SealingKey::from_bytes([7; 32]),
            clock: clock.clone(),
        };
        let callback = Callback {
            endpoint: Endpoint::new(ENDPOINT, PayloadFormat::Standard),
            headers: Vec::new(),
            signing_secret: Some(Secret::new("your-secret-key")),
        };
        let spec = ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("sh", "true") };
        let store = SqliteStore::open(options).expect("a store in a new directory");
        Self { store, clock, spec: Arc::new(spec) }
    }

    async fn work(&self, name: &str, passes: u64) {
        for _ in 0..passes {
            self.accept().await;
            if name != "accept" {
                self.start_and_finish().await;
                self.deliver().await;
            }
        }
    }

    async fn accept(&self) {
        let new = NewExecution {
            id: ExecutionId::generate(),
            tenant: Tenant::default(),
            spec: Arc::clone(&self.spec),
            start: false,
            ahead: Duration::ZERO,
            key: None,
            answer: None,
        };
        self.store.accept(new).await.expect("it is accepted");
    }

    /// Takes the oldest execution, which may be another client's: there are as many as clients.
    async fn start_and_finish(&self) {
        let turn = Turn { tenant: Tenant::default(), at_most: 1 };
        let started = self.store.start(&[turn]).await.expect("the queue can be read");
        let [Started { execution, .. }] = <[Started; 1]>::try_from(started).expect("one waits");
        let State::Running(run) = execution.state else { panic!("it was started") };
        let (id, now) = (execution.id, self.clock.now());
        let outcome = Outcome::Exited { code: 0 };
        let ended = Ended::without_output(outcome, Some(run.started_at), now);
        let event = Event::of(&execution.into_ended(ended.clone())).expect("it has ended");
        let delivery = NewDelivery {
            id: DeliveryId::generate(),
            event_id: EventId::from(id),
            event_type: event.kind,
            tenant: Tenant::default(),
            url: ENDPOINT.to_owned(),
            host: "example.com:443".to_owned(),
            payload_format: PayloadFormat::Standard,
            body: payload::body(PayloadFormat::Standard, &event, &ROOM),
            schedule: None,
            attempts_max: 9,
            max_age: None,
        };
        let guard = Guard::Running(run.epoch);
        let finish = Finish { id, guard, ended, delivery: Some(delivery) };
        let settled = self.store.finish(finish.into()).await.expect("the end can be written");
        assert_eq!(settled, Settled::Written);
    }

    /// Writes the oldest delivery down as delivered.
    async fn deliver(&self) {
        let claim =
            self.store.claim_deliveries(Rooms::total(1)).await.expect("what is due can be read");
        let attempt = Attempt {
            number: 1,
            trigger: Trigger::Schedule,
            started_at: self.clock.now(),
            address: None,
            request_headers: Vec::new(),
            outcome: AttemptOutcome { status_code: Some(200), ..AttemptOutcome::default() },
            timings: Timings { total: Duration::from_millis(3), ..Timings::default() },
            next_attempt_at: None,
        };
        let delivery = claim.due.first().expect("one is due").id;
        let made = AttemptMade { delivery, wishes: 0, attempt, next: Next::Delivered };
        self.store.record_attempt(made).await.expect("the attempt is kept");
    }
}

criterion_group!(benches, store);
criterion_main!(benches);
