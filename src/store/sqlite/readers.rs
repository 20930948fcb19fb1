//! The few threads that read, each with its own read-only connection.
//! Write nothing, and never checkpoint.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use async_channel::{Receiver, Sender, unbounded};
use rusqlite::{Connection, TransactionState};
use tokio::sync::oneshot;

use super::super::StoreError;
use super::super::measures::Measuring;
use super::failure::{Failure, panicked};
use super::stop::Stop;

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// Enough for SQLite and the row code; what is not touched costs no memory.
const STACK_BYTES: usize = 1024 * 1024;

/// The callers' side of the reader threads. Dropping it waits for the reads under way.
pub(super) struct Readers {
    /// None only while it is being dropped.
    reads: Option<Sender<Read>>,
    threads: Vec<JoinHandle<()>>,
    stop: Stop,
}

impl Readers {
    /// Starts one thread for each of the connections.
    pub(super) fn start(
        databases: Vec<Connection>,
        (stop, measuring): (Stop, Measuring),
    ) -> std::io::Result<Self> {
        let (reads, received) = unbounded();
        let mut readers = Self { reads: Some(reads), threads: Vec::new(), stop };
        for (number, database) in databases.into_iter().enumerate() {
            let (received, measuring) = (received.clone(), measuring.clone());
            let thread = thread::Builder::new()
                .name(format!("ringback-reader-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || run(&database, &received, &measuring))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Reads: all that `work` sees is one snapshot, not older than this call.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.stop.check()?;
        let (caller, answer) = oneshot::channel();
        let read = Box::new(move |database: &Connection| {
            // Nobody is told when the caller has gone away; the value is just dropped.
            let _ = caller.send(in_snapshot(database, work));
        });
        let reads = self.reads.as_ref().ok_or_else(|| self.stop.error())?;
        reads.try_send(read).map_err(|_| self.stop.error())?;
        answer.await.unwrap_or_else(|_| Err(self.stop.error()))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.reads = None;
        for thread in self.threads.drain(..) {
            // It has caught its panics; one that got through has nothing more to say here.
            let _ = thread.join();
        }
    }
}

fn run(database: &Connection, received: &Receiver<Read>, measuring: &Measuring) {
    // Waits without spinning: while there is nothing to read, the processor is the programs'.
    while let Ok(read) = received.recv_blocking() {
        let began = Instant::now();
        read(database);
        measuring.read(began);
    }
}

fn in_snapshot<T>(
    database: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, StoreError> {
    let read = || {
        let _snapshot = Snapshot::begin(database)?;
        work(database)
    };
    let answer = catch_unwind(AssertUnwindSafe(read));
    debug_assert!(matches!(database.transaction_state(None::<&str>), Ok(TransactionState::None)));
    match answer {
        Ok(answer) => answer.map_err(StoreError::from),
        Err(payload) => Err(panicked(payload.as_ref())),
    }
}

/// One state of the database, however many statements read it. Ends when it is dropped, also by a
/// panic, so that no snapshot keeps the log growing. Its statements are prepared once, as those of
/// the reads are: rusqlite's own transactions have theirs parsed each time.
struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    fn begin(database: &'a Connection) -> Result<Self, Failure> {
        database.prepare_cached("BEGIN DEFERRED")?.execute([])?;
        Ok(Self(database))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = ended {
            log::error!("a snapshot of the database cannot be ended: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_panics_fails_alone_and_leaves_no_snapshot_open() {
        let database = Connection::open_in_memory().unwrap();
        let readers = Readers::start(vec![database], Default::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let broken = readers.read(|_| -> Result<(), Failure> { panic!("it broke") }).await;
            assert!(broken.unwrap_err().to_string().contains("it broke"));
            let one = readers.read(|database| {
                Ok(database.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?)
            });
            assert_eq!(one.await.unwrap(), 1);
        });
    }
}
