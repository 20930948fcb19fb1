//! Whether the store stays as fast as it was: the same work on an empty database, and on one that
//! has a million executions behind it and a hundred thousand before it.
//!
//! `cargo bench --bench growth`, or with `-- --small` a hundredth of it, to see that it works. Also
//! how long those who write wait while it removes what was kept long enough, and how long a server
//! takes that finds ten thousand executions which a lost server ran.

mod fill;
mod serve;
mod work;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, ensure};
use fill::Counts;
use ringback::actors::{Retention, sweep};
use ringback::domain::OwnerId;
use ringback::store::{Clock, Prune, SealingKey, SqliteOptions, SqliteStore, Store};
use rusqlite::Connection;
use work::Figures;

const KEY: [u8; 32] = [7; 32];

/// How many executions a lost server ran.
const ORPHANS: i64 = 10_000;

/// How many executions are removed while others write.
const REMOVED: i64 = 20_000;

/// How many executions are removed in one transaction, as by default.
const BATCH: usize = 200;

/// How often the two databases take turns: what else the machine does meets both of them.
const ROUNDS: usize = 6;

fn main() -> Result<()> {
    let small = std::env::args().any(|argument| argument == "--small");
    let part = if small { 100 } else { 1 };
    let counts = Counts { ended: 1_000_000 / part, queued: 100_000 / part };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    // On the disk that the build is on: a temporary directory may be in memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [empty, full] = ["empty", "full"].map(|name| directory.path().join(name));
    let clock = clock();

    drop(open(&full)?);
    let began = Instant::now();
    fill::fill(&mut fill::open(&full)?, counts, clock.now().as_millis())?;
    println!(
        "{} ended, {} queued: {} MB, filled in {:.0?}",
        counts.ended,
        counts.queued,
        size(&full)? / 1_000_000,
        began.elapsed()
    );
    // Or the disk would be busy with it while others are timed.
    fs::File::open(full.join("ringback.db"))?.sync_all()?;
    let stores = [open(&empty)?, open(&full)?];
    runtime.block_on(comparing(&stores, &clock))?;
    let [_, full_store] = stores;
    runtime.block_on(removing(&full_store, counts))?;
    drop(full_store);
    recovering(&full, ORPHANS / part)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark brings its own clock")]
fn clock() -> Clock {
    Clock::new(|| SystemTime::now().into())
}

fn open(dir: &Path) -> Result<SqliteStore> {
    Ok(SqliteStore::open(SqliteOptions {
        dir: dir.to_owned(),
        owner: OwnerId::generate(),
        key: SealingKey::from_bytes(KEY),
        clock: clock(),
    })?)
}

fn size(dir: &Path) -> Result<u64> {
    Ok(fs::metadata(dir.join("ringback.db"))?.len())
}

/// The same work in turns, and how long each part of it took.
async fn comparing(stores: &[SqliteStore; 2], clock: &Clock) -> Result<()> {
    let mut figures = [Figures::new(), Figures::new()];
    for store in stores {
        work::leave_some(store, clock).await?;
    }
    for _ in 0..ROUNDS {
        for (store, figures) in stores.iter().zip(&mut figures) {
            for (name, times) in work::all(store, clock).await? {
                match figures.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, all)) => all.extend(times),
                    None => figures.push((name, times)),
                }
            }
        }
    }
    let [empty, full] = figures;
    show(empty, full);
    Ok(())
}

fn show(empty: Figures, full: Figures) {
    println!("{:26} {:>10} {:>10} {:>7}", "medians", "empty", "full", "ratio");
    for ((name, before), (_, after)) in empty.into_iter().zip(full) {
        let [before, after] = [before, after].map(|times| quantile(times, 50));
        let ratio = after.as_secs_f64() / before.as_secs_f64();
        println!("{name:26} {before:>10.1?} {after:>10.1?} {ratio:>7.2}");
    }
}

fn quantile(mut times: Vec<Duration>, percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

/// What a sweep costs, and those who accept meanwhile.
async fn removing(store: &SqliteStore, counts: Counts) -> Result<()> {
    let nothing = Prune { age: None, failed_age: None, count_max: None, batch: BATCH, after: None };
    let many = Prune { count_max: usize::try_from(counts.ended).ok(), ..nothing };
    let began = Instant::now();
    let _ = store.prune(Prune { batch: 1, ..many }).await?;
    println!("finding out that there are {} at most: {:.1?}", counts.ended, began.elapsed());

    let removed = REMOVED.min(counts.ended / 2);
    // From the oldest of all to the newest that is to go.
    let age = (counts.ended + counts.queued - removed) * fill::APART_MS;
    let age = Duration::from_millis(age.unsigned_abs());
    let retention = Retention {
        age: Some(age),
        failed_age: Some(age),
        count_max: None,
        interval: age,
        batch: BATCH,
    };
    let is_done = AtomicBool::new(false);
    let began = Instant::now();
    let sweeping = async {
        let removed = sweep(store, &retention).await;
        is_done.store(true, Ordering::Relaxed);
        anyhow::Ok((removed?, began.elapsed()))
    };
    let accepting = async {
        let mut times = Vec::new();
        while !is_done.load(Ordering::Relaxed) {
            let began = Instant::now();
            work::accept(store).await?;
            times.push(began.elapsed());
        }
        anyhow::Ok(times)
    };
    let (sweeping, accepting) = tokio::join!(sweeping, accepting);
    let ((removed, took), times) = (sweeping?, accepting?);
    ensure!(removed > 0, "there was something to remove");
    let [median, tail, most] = [50, 99, 100].map(|percent| quantile(times.clone(), percent));
    println!(
        "removing {removed} by {BATCH}: {took:.1?}; accepts meanwhile: {} of them, median \
         {median:.1?}, p99 {tail:.1?}, longest {most:.1?}",
        times.len()
    );
    Ok(())
}

/// What a server does at its start, with nobody to settle and with many.
fn recovering(dir: &Path, orphans: i64) -> Result<()> {
    let without = serve::until_it_listens(dir, KEY)?;
    let now = clock().now().as_millis();
    fill::orphans(&mut fill::open(dir)?, orphans, now)?;
    let with = serve::until_it_listens(dir, KEY)?;
    println!("from start to listening: {without:.2?}; with {orphans} orphans: {with:.2?}");
    let database = Connection::open(dir.join("ringback.db"))?;
    let count = "SELECT count(*) FROM executions WHERE cause = 'interrupted'";
    let settled: i64 = database.query_row(count, [], |row| row.get(0))?;
    ensure!(settled >= orphans, "{settled} of {orphans} were settled");
    Ok(())
}
