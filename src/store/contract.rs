//! What every store must do, in the words of the domain.
//! Holds no SQL and decides nothing; the same suite of tests is run against each implementation.

mod keys;

use std::sync::Arc;

use async_trait::async_trait;

pub use keys::KeyStore;

use super::{
    Accepted, Announcement, Answered, AttemptKept, AttemptMade, Census, Claim, DeliveryPage,
    ExecutionPage, Finish, FunctionKept, FunctionPage, FunctionSummary, Measures, NewAnswer,
    NewExecution, NewFunction, NewRecovery, NewSigningSecret, Oldest, Orphan, Page, Prune, Pruned,
    Purged, Recovered, Recovery, Redelivered, Requeued, Rooms, Settled, SigningSecret, Situation,
    Started, StoreError, Turn, Waiting,
};
use crate::domain::{
    CancelWish, Delivery, DeliveryId, Epoch, Execution, ExecutionId, Function, FunctionKey,
    IdempotencyKey, RecoveryId, Requeue, Secret, Tenant,
};

/// The truth about executions and deliveries. What a method has answered `Ok` to is on disk.
///
/// A store belongs to one process start (its owner) and takes the time from its own clock, which
/// for a database with several clients is the database's.
#[async_trait]
pub trait Store: KeyStore {
    /// Keeps a new execution, and starts it in the same transaction when asked to. A request with a
    /// key that still holds for an earlier one keeps and starts nothing, and has that one's execution;
    /// of two that come at once, one is the earlier. What is to be answered is kept with it, unless
    /// something is kept under that name already: then nothing happens, and the error says so.
    async fn accept(&self, new: NewExecution) -> Result<Accepted, StoreError>;

    /// The execution that a key of a tenant holds for, without its output; none when it holds for
    /// none.
    async fn keyed(
        &self,
        tenant: &Tenant,
        key: &IdempotencyKey,
    ) -> Result<Option<Execution>, StoreError>;

    /// What is kept to be answered under this name of a tenant; none when there is nothing, or nothing
    /// that is still to be kept.
    async fn answered(&self, tenant: &Tenant, key: &str) -> Result<Option<Answered>, StoreError>;

    /// Forgets up to `limit` answers that were kept long enough and are about no execution that is
    /// still there. Answers how many.
    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError>;

    /// Takes of each of these tenants, each named once, as many waiting executions as are asked for
    /// and there are, by their time of coming less what they were ahead, and gives them to this owner:
    /// the epoch grows, and it is committed before this returns. No program may be started without it.
    async fn start(&self, turns: &[Turn]) -> Result<Vec<Started>, StoreError>;

    /// Ends an execution: its terminal state and the delivery that it owes, in one transaction.
    /// Changes nothing, and says so, unless the execution is still as `finish.guard` has it.
    async fn finish(&self, finish: Arc<Finish>) -> Result<Settled, StoreError>;

    /// Puts a running execution back into the queue with a new epoch; `why` says what counts.
    /// Changes nothing, and says so, when it no longer runs in that epoch or is to be cancelled.
    async fn requeue(
        &self,
        id: ExecutionId,
        epoch: Epoch,
        why: Requeue,
    ) -> Result<Requeued, StoreError>;

    /// Keeps a client's wish that a running execution end. The first wish stays. Answers false,
    /// with nothing kept, when it does not run.
    async fn wish_cancelled(&self, id: ExecutionId, wish: CancelWish) -> Result<bool, StoreError>;

    /// Up to `limit` running executions of owners that are no more, in order of their ids,
    /// from the one behind `after`.
    async fn orphans(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<Orphan>, StoreError>;

    /// Up to `limit` queued executions that have waited longer than their `queue_timeout`.
    async fn overdue(&self, limit: usize) -> Result<Vec<Waiting>, StoreError>;

    /// One execution with its output; none when this tenant has none of that id.
    async fn execution(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Execution>, StoreError>;

    /// A page of a tenant's executions, newest first. What no index leads to is looked for among so many
    /// only; then the page ends before it is full, and the next one goes on from there.
    async fn execution_page(
        &self,
        tenant: &Tenant,
        page: Page,
    ) -> Result<ExecutionPage, StoreError>;

    /// The same, as full as there are executions, however many have to be looked at.
    async fn executions(&self, tenant: &Tenant, page: Page) -> Result<Vec<Execution>, StoreError> {
        let (mut found, mut before) = (Vec::new(), page.before);
        loop {
            let limit = page.limit - found.len();
            let some = self.execution_page(tenant, Page { limit, before, ..page.clone() }).await?;
            found.extend(some.executions);
            before = some.next;
            if before.is_none() || found.len() >= page.limit {
                return Ok(found);
            }
        }
    }

    /// What this owner runs and what waits, as of one moment. For when nobody knows any more.
    async fn situation(&self) -> Result<Situation, StoreError>;

    /// How many executions are unfinished, counted when a server starts and by nobody after.
    async fn census(&self) -> Result<Census, StoreError>;

    /// Keeps something to be told of an execution on the way to its end. Changes nothing, and says
    /// so, unless it still runs in that epoch: nothing is owed after the end but the end. Nor is
    /// there ever more than one delivery of output pending.
    async fn announce(&self, announcement: Announcement) -> Result<Settled, StoreError>;

    /// Claims deliveries that are due, first attempts first, as many as there is room for. A claim
    /// ends with [`Store::record_attempt`], with [`Store::release_deliveries`], or with its owner.
    async fn claim_deliveries(&self, rooms: Rooms) -> Result<Claim, StoreError>;

    /// Gives claimed deliveries back, untried.
    async fn release_deliveries(&self, ids: &[DeliveryId]) -> Result<(), StoreError>;

    /// Gives back all claims of this owner but these, of which somebody still knows.
    async fn release_deliveries_but(&self, known: &[DeliveryId]) -> Result<(), StoreError>;

    /// Keeps an attempt and what follows from it, in one transaction, and ends the claim. When it
    /// fails the delivery stays claimed.
    async fn record_attempt(&self, made: AttemptMade) -> Result<AttemptKept, StoreError>;

    /// Since when the execution has waited that has waited for longest, and the delivery been due.
    /// Asked again and again, and so must cost next to nothing however many are pending.
    async fn oldest(&self) -> Result<Oldest, StoreError>;

    /// How many deliveries are pending. May take time in proportion to that.
    async fn count_pending(&self) -> Result<usize, StoreError>;

    /// How many deliveries were superseded by the ends that this store has written since it was
    /// opened; always 0 from a store that does not count them.
    fn superseded(&self) -> u64 {
        0
    }

    /// Measures itself by these from now on; a store that does not leaves them as they are.
    fn measure(&self, by: Measures) {
        drop(by);
    }

    /// Makes a delivery due now, whatever has become of it. One that is pending gets an attempt
    /// beside its schedule; one that had ended begins its schedule anew, which has so many attempts
    /// if it is the server's. An attempt that is under way is let finish; when
    /// it brings the event home, that is all that was wished.
    async fn redeliver(
        &self,
        tenant: &Tenant,
        id: DeliveryId,
        attempts: u32,
    ) -> Result<Redelivered, StoreError>;

    /// Keeps the wish that deliveries be recovered, and answers how many there are. Nothing is due
    /// by it; that is for [`Store::recover`]. What is to be answered is kept as [`Store::accept`]
    /// does it.
    async fn begin_recovery(
        &self,
        wish: NewRecovery,
        answer: Option<NewAnswer<Recovery>>,
    ) -> Result<Recovery, StoreError>;

    /// Makes up to `limit` of the deliveries of a recovery due, as [`Store::redeliver`] does.
    /// Answers how many, and whether that was all; none when there is no such recovery.
    async fn recover(
        &self,
        id: RecoveryId,
        limit: usize,
        attempts: u32,
    ) -> Result<Option<Recovered>, StoreError>;

    /// The recoveries that have been begun and not been done.
    async fn recoveries_to_do(&self) -> Result<Vec<RecoveryId>, StoreError>;

    /// How far a recovery has come; none when this tenant has none of that id.
    async fn recovery(
        &self,
        tenant: &Tenant,
        id: RecoveryId,
    ) -> Result<Option<Recovery>, StoreError>;

    /// One delivery with all its attempts; none when this tenant has none of that id.
    async fn delivery(
        &self,
        tenant: &Tenant,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError>;

    /// A page of a tenant's deliveries, newest event first, each with its last attempt alone.
    async fn delivery_page(
        &self,
        tenant: &Tenant,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The deliveries of an execution with all their attempts, that of its end and the newest 200 of
    /// what was told before; none when this tenant has no such execution.
    async fn deliveries(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Vec<Delivery>>, StoreError>;

    /// Removes up to `prune.batch` executions that have been kept long enough, the oldest end
    /// first, each with all that belongs to it and all in one transaction. One whose delivery is
    /// pending stays.
    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError>;

    /// Removes one execution of a tenant with all that belongs to it, unless something is still
    /// to happen to it.
    async fn purge(&self, tenant: &Tenant, id: ExecutionId) -> Result<Purged, StoreError>;

    /// Keeps a signing secret of a tenant. The one before it signs on beside it for as long as it is
    /// told to, and the one before that has stopped.
    async fn put_signing_secret(&self, new: NewSigningSecret) -> Result<SigningSecret, StoreError>;

    /// What may be told of a signing secret of a tenant; none when it has none of that name.
    async fn signing_secret(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Option<SigningSecret>, StoreError>;

    /// What signs now by this name of a tenant, the newest first: by the empty name its callbacks
    /// that bring no secret of their own, by that of a function those of its calls.
    async fn signing_secrets(&self, tenant: &Tenant, name: &str)
    -> Result<Vec<Secret>, StoreError>;

    /// Removes a signing secret of a tenant, and with it the one before it. Answers whether there
    /// was one.
    async fn remove_signing_secret(&self, tenant: &Tenant, name: &str) -> Result<bool, StoreError>;

    /// Keeps a function, or a new version of it; one of that name that had been removed begins anew,
    /// with the next number. In the same transaction a new one has its signing secret.
    async fn put_function(&self, new: NewFunction) -> Result<FunctionKept, StoreError>;

    /// A version of a function of a tenant, the newest when none is named; none when there is none.
    async fn function(
        &self,
        tenant: &Tenant,
        key: &FunctionKey,
        version: Option<u32>,
    ) -> Result<Option<Function>, StoreError>;

    /// A page of a tenant's functions, or of the versions of one.
    async fn functions(
        &self,
        tenant: &Tenant,
        page: FunctionPage,
    ) -> Result<Vec<FunctionSummary>, StoreError>;

    /// Removes a function with all its versions. Its signing secret stays, for what is still owed
    /// for its calls. Answers whether there was one.
    async fn remove_function(&self, tenant: &Tenant, key: &FunctionKey)
    -> Result<bool, StoreError>;

    /// Proves that the store can be written to, by writing.
    async fn check(&self) -> Result<(), StoreError>;

    /// Waits until the store has stopped for good, and says why in a sentence without its end.
    /// From then on every call fails; only another store on the same data goes on, which is why
    /// whoever runs this one must hear of it. Waits for ever on a store that never stops so.
    async fn stopped(&self) -> String {
        std::future::pending().await
    }
}
