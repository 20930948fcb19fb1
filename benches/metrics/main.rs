//! What metrics cost: counting an attempt, and what a scrape asks the store while 100,000 deliveries
//! are pending. Delivers nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use ringback::actors::Metrics;
use ringback::domain::{DeliveryStatus, ErrorClass, OwnerId, Trigger};
use ringback::store::{Clock, SealingKey, SqliteOptions, SqliteStore, Store};

#[path = "../deliver/outbox.rs"]
mod outbox;

/// How many deliveries are pending.
const PENDING: usize = 100_000;

/// How many attempts are counted between two times at which they are sorted into buckets.
const ATTEMPTS: u64 = 10_000;

fn counting(criterion: &mut Criterion) {
    let metrics = Metrics::new();
    let took = Duration::from_millis(3);
    criterion.bench_function("metrics/count an attempt, sorting included", |bench| {
        bench.iter_custom(|attempts| {
            let began = Instant::now();
            for number in 1..=attempts {
                // The last ones that are looked for.
                metrics.attempt_made(Trigger::Recover, Some(ErrorClass::Status), took);
                metrics.delivery_ended(DeliveryStatus::Delivered, Trigger::Schedule, took);
                if number % ATTEMPTS == 0 {
                    metrics.sort();
                }
            }
            metrics.sort();
            began.elapsed()
        });
    });
}

fn asking(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // On the disk that the build is on: a temporary directory may be in memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let hosts: Vec<_> = (0..100).map(|host| SocketAddr::from(([192, 0, 2, host], 80))).collect();
    let filled = runtime.block_on(outbox::fill(directory.path(), &hosts, PENDING));
    filled.expect("a store that can be filled");
    let store = open(directory.path());
    let mut group = criterion.benchmark_group("metrics/with 100,000 pending");
    group.sampling_mode(SamplingMode::Flat).sample_size(50);
    group.bench_function("since when something waits or is due", |bench| {
        bench.iter(|| runtime.block_on(store.oldest()).expect("it can be read"));
    });
    group.bench_function("count what is pending", |bench| {
        bench.iter(|| {
            let count = runtime.block_on(store.count_pending()).expect("it can be read");
            assert_eq!(count, PENDING);
        });
    });
    group.finish();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark brings its own clock")]
fn open(dir: &Path) -> SqliteStore {
    let options = SqliteOptions {
        dir: dir.to_owned(),
        owner: OwnerId::generate(),
        key: SealingKey::load_or_create(&dir.join("secrets.key")).expect("a key"),
        clock: Clock::new(|| SystemTime::now().into()),
    };
    SqliteStore::open(options).expect("a store that was filled")
}

criterion_group!(benches, counting, asking);
criterion_main!(benches);
