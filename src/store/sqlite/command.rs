//! One write on its way through the writer thread: carried out, then acknowledged.
//! Begins and commits no transaction; the writer does, for many commands at once.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::super::StoreError;
use super::failure::Failure;

/// What the writer thread carries out. It calls `apply` at most once and then `acknowledge`.
pub(super) trait Command: Send {
    /// Makes the changes inside the writer's transaction and keeps the answer. A failure undoes
    /// the changes of this command only.
    fn apply(&mut self, database: &Connection) -> Result<(), Failure>;

    /// Hands out the answer: `outcome` is an error when `apply` failed, or did not commit.
    fn acknowledge(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A command made of functions, and the caller who waits for it.
pub(super) struct Call<W, C, T> {
    work: Option<W>,
    committed: C,
    answer: Option<T>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, C, T> Call<W, C, T>
where
    W: FnOnce(&Connection) -> Result<T, Failure> + Send,
    C: FnOnce() + Send,
    T: Send,
{
    /// `work` makes the changes; `committed` runs on the writer thread when they are on disk,
    /// whether or not anybody still waits for the answer.
    pub(super) fn new(
        work: W,
        committed: C,
        caller: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        Self { work: Some(work), committed, answer: None, caller }
    }
}

impl<W, C, T> Command for Call<W, C, T>
where
    W: FnOnce(&Connection) -> Result<T, Failure> + Send,
    C: FnOnce() + Send,
    T: Send,
{
    fn apply(&mut self, database: &Connection) -> Result<(), Failure> {
        let work = self.work.take().expect("the writer applies a command once");
        self.answer = Some(work(database)?);
        Ok(())
    }

    fn acknowledge(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { committed, answer, caller, .. } = *self;
        let answer = outcome.map(|()| {
            committed();
            answer.expect("a command that was applied without failing has its answer")
        });
        // A caller that has gone away is no failure: what it wanted is done.
        let _ = caller.send(answer);
    }
}
