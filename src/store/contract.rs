//! What every store must do, in the words of the domain.
//! Holds no SQL and decides nothing; the same suite of tests is run against each implementation.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    ApiKey, AttemptMade, Census, Claim, Finish, NewExecution, NewSigningSecret, Orphan, Page,
    Prune, Pruned, Purged, Requeued, Settled, SigningSecret, Situation, Started, StoreError,
    Waiting,
};
use crate::domain::{
    CancelWish, Delivery, DeliveryId, Epoch, Execution, ExecutionId, Requeue, Tenant,
};

/// The truth about executions and deliveries. What a method has answered `Ok` to is on disk.
///
/// A store belongs to one process start (its owner) and takes the time from its own clock, which
/// for a database with several clients is the database's.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Keeps a new execution, and starts it in the same transaction when asked to.
    async fn accept(&self, new: NewExecution) -> Result<Execution, StoreError>;

    /// Takes up to `slots` of the executions that have waited longest and gives them to this
    /// owner: the epoch grows, and it is committed before this returns. No program may be
    /// started without it.
    async fn start(&self, slots: usize) -> Result<Vec<Started>, StoreError>;

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

    /// A page of a tenant's executions, newest first, without their output and their results.
    async fn executions(&self, tenant: &Tenant, page: Page) -> Result<Vec<Execution>, StoreError>;

    /// What this owner runs and what waits, as of one moment. For when nobody knows any more.
    async fn situation(&self) -> Result<Situation, StoreError>;

    /// How many executions are unfinished, counted when a server starts and by nobody after.
    async fn census(&self) -> Result<Census, StoreError>;

    /// Claims up to `limit` deliveries that are due, first attempts first, leaving out the
    /// hosts named in `saturated`. A claim ends with [`Store::record_attempt`], with
    /// [`Store::release_deliveries`], or with its owner.
    async fn claim_deliveries(
        &self,
        limit: usize,
        saturated: &[String],
    ) -> Result<Claim, StoreError>;

    /// Gives claimed deliveries back, untried.
    async fn release_deliveries(&self, ids: &[DeliveryId]) -> Result<(), StoreError>;

    /// Gives back all claims of this owner but these, of which somebody still knows.
    async fn release_deliveries_but(&self, known: &[DeliveryId]) -> Result<(), StoreError>;

    /// Keeps an attempt and what follows from it, in one transaction, and ends the claim. When
    /// that fails the delivery stays claimed.
    async fn record_attempt(&self, made: AttemptMade) -> Result<(), StoreError>;

    /// The deliveries of an execution with all their attempts; none when this tenant has no
    /// such execution.
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

    /// Removes a signing secret of a tenant, and with it the one before it. Answers whether there
    /// was one.
    async fn remove_signing_secret(&self, tenant: &Tenant, name: &str) -> Result<bool, StoreError>;

    /// Keeps an API key.
    async fn add_api_key(&self, key: ApiKey) -> Result<(), StoreError>;

    /// All API keys that were ever kept and not revoked.
    async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Proves that the store can be written to, by writing.
    async fn check(&self) -> Result<(), StoreError>;

    /// Waits until the store has stopped for good, and says why in a sentence without its end.
    /// From then on every call fails; only another store on the same data goes on, which is why
    /// whoever runs this one must hear of it. Waits for ever on a store that never stops so.
    async fn stopped(&self) -> String {
        std::future::pending().await
    }
}
