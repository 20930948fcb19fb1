//! A store of a test's own around the real one: it fails, panics and keeps silent on demand.
//! Judges nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use ringback::domain::{
    CancelWish, Delivery, DeliveryId, Epoch, Execution, ExecutionId, Function, FunctionKey,
    IdempotencyKey, RecoveryId, Requeue, Secret, Tenant, Timestamp,
};
use ringback::store::{
    Accepted, Announcement, Answered, ApiKey, AttemptKept, AttemptMade, Census, Claim,
    DeliveryPage, ExecutionPage, Finish, FunctionKept, FunctionPage, FunctionSummary, KeptKey,
    KeyStore, KeyUsed, KeysStamp, NewAnswer, NewExecution, NewFunction, NewRecovery,
    NewSigningSecret, Oldest, Orphan, Page, Prune, Pruned, Purged, Recovered, Recovery,
    Redelivered, Requeued, Revoke, Revoked, Rooms, Settled, SigningSecret, Situation, SqliteStore,
    Started, Store, StoreError, Turn, Waiting,
};
use tokio::sync::Semaphore;

/// A store of the test's own around the real one.
pub struct Meddling {
    pub inner: SqliteStore,
    /// The next `finish` panics.
    pub panics: AtomicBool,
    /// How things stand is not told.
    pub is_mute: AtomicBool,
    /// So many of the next `prune`s fail.
    pub prunes_to_fail: AtomicU32,
    /// A wish to cancel is kept just before the next `requeue`.
    pub wishes: AtomicBool,
    /// What `start` has started is told when there is a permit.
    pub tells: Semaphore,
}

#[async_trait]
impl Store for Meddling {
    async fn finish(&self, finish: Arc<Finish>) -> Result<Settled, StoreError> {
        if self.panics.swap(false, Ordering::SeqCst) {
            panic!("the test wants it so");
        }
        self.inner.finish(finish).await
    }

    async fn accept(&self, new: NewExecution) -> Result<Accepted, StoreError> {
        self.inner.accept(new).await
    }
    async fn keyed(
        &self,
        tenant: &Tenant,
        key: &IdempotencyKey,
    ) -> Result<Option<Execution>, StoreError> {
        self.inner.keyed(tenant, key).await
    }
    async fn start(&self, turns: &[Turn]) -> Result<Vec<Started>, StoreError> {
        let started = self.inner.start(turns).await;
        self.tells.acquire().await.expect("it is never closed").forget();
        started
    }
    async fn requeue(
        &self,
        id: ExecutionId,
        epoch: Epoch,
        why: Requeue,
    ) -> Result<Requeued, StoreError> {
        if self.wishes.swap(false, Ordering::SeqCst) {
            let wish = CancelWish { reason: Some("enough".into()), by: None };
            assert!(self.inner.wish_cancelled(id, wish).await?);
        }
        self.inner.requeue(id, epoch, why).await
    }
    async fn wish_cancelled(&self, id: ExecutionId, wish: CancelWish) -> Result<bool, StoreError> {
        self.inner.wish_cancelled(id, wish).await
    }
    async fn orphans(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<Orphan>, StoreError> {
        self.inner.orphans(after, limit).await
    }
    async fn overdue(&self, limit: usize) -> Result<Vec<Waiting>, StoreError> {
        self.inner.overdue(limit).await
    }
    async fn execution(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Execution>, StoreError> {
        self.inner.execution(tenant, id).await
    }
    async fn execution_page(
        &self,
        tenant: &Tenant,
        page: Page,
    ) -> Result<ExecutionPage, StoreError> {
        self.inner.execution_page(tenant, page).await
    }
    async fn executions(&self, tenant: &Tenant, page: Page) -> Result<Vec<Execution>, StoreError> {
        self.inner.executions(tenant, page).await
    }
    async fn situation(&self) -> Result<Situation, StoreError> {
        self.inner.situation().await
    }
    async fn census(&self) -> Result<Census, StoreError> {
        self.inner.census().await
    }
    async fn announce(&self, announcement: Announcement) -> Result<Settled, StoreError> {
        self.inner.announce(announcement).await
    }
    async fn claim_deliveries(&self, rooms: Rooms) -> Result<Claim, StoreError> {
        self.inner.claim_deliveries(rooms).await
    }
    async fn release_deliveries(&self, ids: &[DeliveryId]) -> Result<(), StoreError> {
        self.inner.release_deliveries(ids).await
    }
    async fn release_deliveries_but(&self, known: &[DeliveryId]) -> Result<(), StoreError> {
        self.inner.release_deliveries_but(known).await
    }
    async fn record_attempt(&self, made: AttemptMade) -> Result<AttemptKept, StoreError> {
        self.inner.record_attempt(made).await
    }
    async fn oldest(&self) -> Result<Oldest, StoreError> {
        self.audible()?;
        self.inner.oldest().await
    }
    async fn count_pending(&self) -> Result<usize, StoreError> {
        self.audible()?;
        self.inner.count_pending().await
    }
    async fn redeliver(
        &self,
        tenant: &Tenant,
        id: DeliveryId,
        attempts: u32,
    ) -> Result<Redelivered, StoreError> {
        self.inner.redeliver(tenant, id, attempts).await
    }
    async fn answered(&self, tenant: &Tenant, key: &str) -> Result<Option<Answered>, StoreError> {
        self.inner.answered(tenant, key).await
    }
    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError> {
        self.inner.forget_answers(limit).await
    }
    async fn begin_recovery(
        &self,
        wish: NewRecovery,
        answer: Option<NewAnswer<Recovery>>,
    ) -> Result<Recovery, StoreError> {
        self.inner.begin_recovery(wish, answer).await
    }
    async fn recover(
        &self,
        id: RecoveryId,
        limit: usize,
        attempts: u32,
    ) -> Result<Option<Recovered>, StoreError> {
        self.inner.recover(id, limit, attempts).await
    }
    async fn recoveries_to_do(&self) -> Result<Vec<RecoveryId>, StoreError> {
        self.inner.recoveries_to_do().await
    }
    async fn recovery(
        &self,
        tenant: &Tenant,
        id: RecoveryId,
    ) -> Result<Option<Recovery>, StoreError> {
        self.inner.recovery(tenant, id).await
    }
    async fn delivery(
        &self,
        tenant: &Tenant,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        self.inner.delivery(tenant, id).await
    }
    async fn delivery_page(
        &self,
        tenant: &Tenant,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.inner.delivery_page(tenant, page).await
    }
    async fn deliveries(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Vec<Delivery>>, StoreError> {
        self.inner.deliveries(tenant, id).await
    }
    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError> {
        let count_down = |left: u32| left.checked_sub(1);
        let left = &self.prunes_to_fail;
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down).is_ok() {
            return Err(StoreError::Database { reason: "the test wants it so".into() });
        }
        self.inner.prune(prune).await
    }
    async fn purge(&self, tenant: &Tenant, id: ExecutionId) -> Result<Purged, StoreError> {
        self.inner.purge(tenant, id).await
    }
    async fn put_signing_secret(&self, new: NewSigningSecret) -> Result<SigningSecret, StoreError> {
        self.inner.put_signing_secret(new).await
    }
    async fn signing_secret(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Option<SigningSecret>, StoreError> {
        self.inner.signing_secret(tenant, name).await
    }
    async fn signing_secrets(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Vec<Secret>, StoreError> {
        self.inner.signing_secrets(tenant, name).await
    }
    async fn remove_signing_secret(&self, tenant: &Tenant, name: &str) -> Result<bool, StoreError> {
        self.inner.remove_signing_secret(tenant, name).await
    }
    async fn put_function(&self, new: NewFunction) -> Result<FunctionKept, StoreError> {
        self.inner.put_function(new).await
    }
    async fn function(
        &self,
        tenant: &Tenant,
        key: &FunctionKey,
        version: Option<u32>,
    ) -> Result<Option<Function>, StoreError> {
        self.inner.function(tenant, key, version).await
    }
    async fn functions(
        &self,
        tenant: &Tenant,
        page: FunctionPage,
    ) -> Result<Vec<FunctionSummary>, StoreError> {
        self.inner.functions(tenant, page).await
    }
    async fn remove_function(
        &self,
        tenant: &Tenant,
        key: &FunctionKey,
    ) -> Result<bool, StoreError> {
        self.inner.remove_function(tenant, key).await
    }
    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }
}

#[async_trait]
impl KeyStore for Meddling {
    async fn add_api_key(&self, key: ApiKey) -> Result<Timestamp, StoreError> {
        self.inner.add_api_key(key).await
    }
    async fn api_keys(&self, of: Option<&Tenant>) -> Result<Vec<KeptKey>, StoreError> {
        self.inner.api_keys(of).await
    }
    async fn revoke_api_key(&self, wish: Revoke) -> Result<Revoked, StoreError> {
        self.inner.revoke_api_key(wish).await
    }
    async fn note_key_uses(&self, uses: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.inner.note_key_uses(uses).await
    }
    fn keys_stamp(&self) -> KeysStamp {
        self.inner.keys_stamp()
    }
}

impl Meddling {
    fn audible(&self) -> Result<(), StoreError> {
        let reason = "the test wants it so".into();
        let is_mute = self.is_mute.load(Ordering::SeqCst);
        if is_mute { Err(StoreError::Database { reason }) } else { Ok(()) }
    }
}
