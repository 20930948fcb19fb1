//! An execution actor that panics: its execution must end all the same, and nothing of it run on.
//! The panic comes from a store of the test's own, in the place where an actor asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use ringback::domain::{
    CancelWish, Cause, Delivery, DeliveryId, Epoch, Execution, ExecutionId, OwnerId, Tenant,
};
use ringback::store::{
    ApiKey, AttemptMade, Census, Claim, Clock, Finish, NewExecution, Orphan, Page, SealingKey,
    Settled, SqliteOptions, SqliteStore, Started, Store, StoreError, Waiting,
};

use super::support::{builder, run};

/// A store whose first `finish` panics.
struct Panicky {
    inner: SqliteStore,
    has_panicked: AtomicBool,
}

#[async_trait]
impl Store for Panicky {
    async fn finish(&self, finish: Finish) -> Result<Settled, StoreError> {
        if !self.has_panicked.swap(true, Ordering::SeqCst) {
            panic!("the test wants it so");
        }
        self.inner.finish(finish).await
    }

    async fn accept(&self, new: NewExecution) -> Result<Execution, StoreError> {
        self.inner.accept(new).await
    }
    async fn start(&self, slots: usize) -> Result<Vec<Started>, StoreError> {
        self.inner.start(slots).await
    }
    async fn requeue(&self, id: ExecutionId, epoch: Epoch) -> Result<bool, StoreError> {
        self.inner.requeue(id, epoch).await
    }
    async fn wish_cancelled(&self, id: ExecutionId, wish: CancelWish) -> Result<(), StoreError> {
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
    async fn executions(&self, tenant: &Tenant, page: Page) -> Result<Vec<Execution>, StoreError> {
        self.inner.executions(tenant, page).await
    }
    async fn census(&self) -> Result<Census, StoreError> {
        self.inner.census().await
    }
    async fn claim_deliveries(
        &self,
        limit: usize,
        saturated: &[String],
    ) -> Result<Claim, StoreError> {
        self.inner.claim_deliveries(limit, saturated).await
    }
    async fn release_deliveries(&self, ids: &[DeliveryId]) -> Result<(), StoreError> {
        self.inner.release_deliveries(ids).await
    }
    async fn record_attempt(&self, made: AttemptMade) -> Result<(), StoreError> {
        self.inner.record_attempt(made).await
    }
    async fn deliveries(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Vec<Delivery>>, StoreError> {
        self.inner.deliveries(tenant, id).await
    }
    async fn add_api_key(&self, key: ApiKey) -> Result<(), StoreError> {
        self.inner.add_api_key(key).await
    }
    async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.inner.api_keys().await
    }
    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }
}

#[actix_rt::test]
async fn a_panic_in_an_execution_actor_ends_its_execution_as_failed() {
    let (builder, data_dir) = builder();
    let clock = Clock::new(|| SystemTime::now().into());
    let options = SqliteOptions {
        dir: data_dir.path().to_owned(),
        owner: OwnerId::generate(),
        key: SealingKey::from_bytes([7; 32]),
        clock: clock.clone(),
    };
    let inner = SqliteStore::open(options).unwrap();
    let store = Arc::new(Panicky { inner, has_panicked: AtomicBool::new(false) });
    let engine = builder.store(store, clock).start().await.unwrap();

    let lost = run(&engine, "exit 0").await;
    let outcome = &lost.ended().unwrap().outcome;
    assert_eq!(outcome.cause(), Cause::Interrupted);
    assert!(outcome.error().unwrap().contains("failed internally"));
    // The slot is free again, and the next execution is none the worse for it.
    assert_eq!(run(&engine, "exit 0").await.ended().unwrap().outcome.cause(), Cause::Exited);
}
