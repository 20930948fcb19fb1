//! The thread that owns the only writing connection: it drains its channel into one transaction,
//! commits it, and only then acknowledges. Knows no table.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::super::StoreError;
use super::super::measures::Measuring;
use super::checkpoint::Checkpoint;
use super::command::{Call, Command};
use super::failure::{Failure, Gravity, panicked};
use super::stop::Stop;

/// How many commands share a commit at most. More gains nothing (the disk is no longer what they
/// wait for) and makes the first of them wait longer.
const BATCH_MAX: usize = 512;

/// Enough for SQLite and the row code; what is not touched costs no memory.
const STACK_BYTES: usize = 1024 * 1024;

/// The callers' side of the writer thread. Dropping it lets the thread finish what it was sent.
pub(super) struct Writer {
    /// None only while it is being dropped. Unbounded, because each caller waits for its answer
    /// and their number is limited where requests are admitted.
    commands: Option<UnboundedSender<Box<dyn Command>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
    stop: Stop,
}

impl Writer {
    /// Starts the thread on the writing connection.
    pub(super) fn start(
        mut database: Connection,
        (stop, measuring): (Stop, Measuring),
    ) -> io::Result<Self> {
        let checkpoint = Checkpoint::of(&mut database);
        let checkpoint =
            checkpoint.map_err(|failure| io::Error::other(StoreError::from(failure)))?;
        let (commands, mut received) = unbounded_channel();
        let commits = Arc::new(AtomicU64::new(0));
        let thread = Thread {
            database,
            checkpoint,
            commits: commits.clone(),
            stop: stop.clone(),
            measuring,
            in_the_way: None,
        };
        let at_a_panic = stop.clone();
        let run = move || {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| thread.run(&mut received))) {
                at_a_panic.because(&panicked(payload.as_ref()).to_string());
            }
        };
        let thread = thread::Builder::new()
            .name("ringback-writer".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(run)?;
        Ok(Self { commands: Some(commands), thread: Some(thread), commits, stop })
    }

    /// Carries out `work` and answers when it is on disk. Once this was polled the work is done
    /// even if nobody waits for the answer any more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_then(work, || {}).await
    }

    /// The same, and runs `committed` when the work is on disk, waited for or not.
    pub(super) async fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, StoreError> {
        self.stop.check()?;
        let (caller, answer) = oneshot::channel();
        let command = Box::new(Call::new(work, committed, caller));
        let commands = self.commands.as_ref().ok_or_else(|| self.stop.error())?;
        commands.send(command).map_err(|_| self.stop.error())?;
        answer.await.unwrap_or_else(|_| Err(self.stop.error()))
    }

    /// Waits until nothing will be written any more, and says why.
    pub(super) async fn stopped(&self) -> String {
        self.stop.reason().await
    }

    /// How many transactions have been committed since the start.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // It has caught its panics; one that got through has nothing more to say here.
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Thread {
    database: Connection,
    checkpoint: Checkpoint,
    commits: Arc<AtomicU64>,
    stop: Stop,
    measuring: Measuring,
    /// What kept the last transaction from being written, when something did.
    in_the_way: Option<&'static str>,
}

impl Thread {
    fn run(mut self, received: &mut UnboundedReceiver<Box<dyn Command>>) {
        // Waits without spinning: while there is nothing to write, the processor is the programs'.
        while let Some(first) = received.blocking_recv() {
            let mut batch = vec![first];
            let waiting = std::iter::from_fn(|| received.try_recv().ok());
            batch.extend(waiting.take(BATCH_MAX - 1));
            let began = Instant::now();
            match self.transact(&mut batch) {
                Ok(outcomes) => {
                    self.measuring.committed(began, batch.len());
                    self.commits.fetch_add(1, Ordering::Relaxed);
                    self.now_in_the_way(None);
                    batch
                        .into_iter()
                        .zip(outcomes)
                        .for_each(|(c, outcome)| acknowledge(c, outcome));
                    // Those who were acknowledged have not waited for this.
                    if let Err(failure) = self.checkpoint.if_due(&self.database) {
                        return self.give_up(Vec::new(), failure);
                    }
                }
                Err(failure) => match self.undo(failure) {
                    Ok(reason) => {
                        self.measuring.busy();
                        self.now_in_the_way(Some(reason));
                        refuse(batch, &StoreError::Unwritable { reason: reason.to_owned() });
                    }
                    Err(failure) => return self.give_up(batch, failure),
                },
            }
        }
    }

    /// Applies a batch in one transaction; answers what came of each command. An error means
    /// that nothing of it may be taken for written.
    fn transact(
        &self,
        batch: &mut [Box<dyn Command>],
    ) -> Result<Vec<Result<(), StoreError>>, Failure> {
        self.execute("BEGIN IMMEDIATE")?;
        let outcomes = batch.iter_mut().map(|command| self.apply(command.as_mut())).collect();
        match outcomes {
            Ok(outcomes) => self.execute("COMMIT").map(|()| outcomes),
            Err(failure) => Err(failure),
        }
    }

    /// Applies one command so that its failure leaves the others' changes as they are. An error
    /// here is one that the whole transaction does not survive.
    fn apply(&self, command: &mut dyn Command) -> Result<Result<(), StoreError>, Failure> {
        self.execute("SAVEPOINT command")?;
        let failed = match catch_unwind(AssertUnwindSafe(|| command.apply(&self.database))) {
            Ok(Ok(())) => {
                self.execute("RELEASE command")?;
                return Ok(Ok(()));
            }
            // SQLite ends the whole transaction by itself after some failures, and with it the
            // commands before this one.
            Ok(Err(failure)) if self.database.is_autocommit() => return Err(failure),
            Ok(Err(failure)) => match failure.gravity() {
                Gravity::Command => StoreError::from(failure),
                Gravity::Passing(_) | Gravity::Fatal => return Err(failure),
            },
            Err(payload) => panicked(payload.as_ref()),
        };
        self.execute("ROLLBACK TO command")?;
        self.execute("RELEASE command")?;
        Ok(Err(failed))
    }

    /// Makes the handle fit for the next transaction after one that failed, and says what was in
    /// the way. An error means that there will be no next one.
    fn undo(&self, failure: Failure) -> Result<&'static str, Failure> {
        let Gravity::Passing(reason) = failure.gravity() else { return Err(failure) };
        if !self.database.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        Ok(reason)
    }

    /// Tells whoever runs the server when writing fails and when it works again, not each time.
    fn now_in_the_way(&mut self, reason: Option<&'static str>) {
        if self.in_the_way == reason {
            return;
        }
        match reason {
            Some(reason) => log::error!("nothing can be written: {reason}; trying on"),
            None => log::warn!("the database can be written again"),
        }
        self.in_the_way = reason;
    }

    /// Ends the store: after a commit that failed nothing may be tried again on this handle, and
    /// what is on disk shows only when the file is opened anew.
    fn give_up(self, batch: Vec<Box<dyn Command>>, failure: Failure) {
        let error = StoreError::from(failure);
        log::error!("the store has stopped: {error}");
        self.stop.because(&error.to_string());
        // Neither a rollback nor a checkpoint at closing matters to what is on disk already.
        let _ = self.database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        refuse(batch, &error);
    }

    fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.database.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

fn refuse(batch: Vec<Box<dyn Command>>, error: &StoreError) {
    batch.into_iter().for_each(|command| acknowledge(command, Err(error.clone())));
}

/// A panic while one caller is told must not keep the others from being told.
fn acknowledge(command: Box<dyn Command>, outcome: Result<(), StoreError>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| command.acknowledge(outcome))) {
        log::error!("a caller of the store was not told: {}", panicked(payload.as_ref()));
    }
}

#[cfg(test)]
mod tests;
