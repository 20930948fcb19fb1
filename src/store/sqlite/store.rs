//! What the SQLite store does: which thread does which part of the contract.
//! Holds no SQL.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;

use super::super::{
    Accepted, Announcement, Answered, AttemptKept, AttemptMade, Census, Claim, DeliveryPage,
    ExecutionPage, Finish, FunctionKept, FunctionPage, FunctionSummary, Measures, NewAnswer,
    NewExecution, NewFunction, NewRecovery, NewSigningSecret, Oldest, Orphan, Page, Prune, Pruned,
    Purged, Recovered, Recovery, Redelivered, Requeued, Rooms, Settled, SigningSecret, Situation,
    Started, Store, StoreError, Turn, Waiting,
};
use super::accept::Prepared;
use super::claim::Wanted;
use super::handle::SqliteStore;
use super::{
    SqliteOptions, answers, attempts, backlog, check, claim, deliveries, finish, functions,
    idempotency, owed, pages, prune, queue, read, recoveries, redeliver, signing, start,
};
use crate::domain::{
    CancelWish, Delivery, DeliveryId, Epoch, Execution, ExecutionId, Function, FunctionKey,
    IdempotencyKey, RecoveryId, Requeue, Secret, Tenant,
};
use crate::failpoint;

#[async_trait]
impl Store for SqliteStore {
    async fn accept(&self, new: NewExecution) -> Result<Accepted, StoreError> {
        let (owner, clock) = (self.options.owner, self.options.clock.clone());
        let prepared = Prepared::new(new, &self.options.key);
        let work = move |database: &_| prepared.insert(database, owner, &clock);
        let accepted = self.writer.write(work).await?;
        failpoint::hit("accept-after-commit");
        Ok(accepted)
    }

    async fn keyed(
        &self,
        tenant: &Tenant,
        key: &IdempotencyKey,
    ) -> Result<Option<Execution>, StoreError> {
        let (tenant, key, now) = (tenant.clone(), key.clone(), self.options.clock.now());
        self.readers.read(move |database| idempotency::find(database, (&tenant, &key), now)).await
    }

    async fn answered(&self, tenant: &Tenant, key: &str) -> Result<Option<Answered>, StoreError> {
        let (tenant, key, now) = (tenant.clone(), key.to_owned(), self.options.clock.now());
        self.readers.read(move |database| answers::find(database, (&tenant, &key), now)).await
    }

    async fn forget_answers(&self, limit: usize) -> Result<usize, StoreError> {
        let now = self.kept_by();
        self.writer.write(move |database| answers::forget(database, limit, now)).await
    }

    async fn start(&self, turns: &[Turn]) -> Result<Vec<Started>, StoreError> {
        let turns = turns.to_vec();
        let SqliteOptions { owner, key, clock, .. } = self.options.clone();
        let work = move |database: &_| {
            start::start(database, &key, &start::Wanted { owner, turns, now: clock.now() })
        };
        self.writer.write(work).await
    }

    async fn finish(&self, finish: Arc<Finish>) -> Result<Settled, StoreError> {
        let clock = self.options.clock.clone();
        let work = move |database: &_| finish::finish(database, &finish, clock.steady());
        let (settled, superseded) = self.writer.write(work).await?;
        self.superseded.fetch_add(superseded as u64, Ordering::Relaxed);
        failpoint::hit("finish-after-commit");
        Ok(settled)
    }

    async fn requeue(
        &self,
        id: ExecutionId,
        epoch: Epoch,
        why: Requeue,
    ) -> Result<Requeued, StoreError> {
        let clock = self.options.clock.clone();
        let work = move |database: &_| start::requeue(database, (id, epoch), why, clock.steady());
        self.writer.write(work).await
    }

    async fn wish_cancelled(&self, id: ExecutionId, wish: CancelWish) -> Result<bool, StoreError> {
        let clock = self.options.clock.clone();
        let work = move |database: &_| queue::wish_cancelled(database, id, &wish, clock.now());
        self.writer.write(work).await
    }

    async fn orphans(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<Orphan>, StoreError> {
        let owner = self.options.owner;
        self.readers.read(move |database| queue::orphans(database, owner, after, limit)).await
    }

    async fn overdue(&self, limit: usize) -> Result<Vec<Waiting>, StoreError> {
        let now = self.options.clock.steady();
        self.readers.read(move |database| queue::overdue(database, limit, now)).await
    }

    async fn execution(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Execution>, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| read::one(database, &tenant, id)).await
    }

    async fn execution_page(
        &self,
        tenant: &Tenant,
        page: Page,
    ) -> Result<ExecutionPage, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| pages::page(database, &tenant, &page)).await
    }

    async fn situation(&self) -> Result<Situation, StoreError> {
        let owner = self.options.owner;
        self.readers.read(move |database| queue::situation(database, owner)).await
    }

    async fn census(&self) -> Result<Census, StoreError> {
        self.readers.read(queue::census).await
    }

    async fn announce(&self, announcement: Announcement) -> Result<Settled, StoreError> {
        let clock = self.options.clock.clone();
        let work = move |database: &_| {
            owed::announce(database, &announcement, (clock.now(), clock.steady()))
        };
        self.writer.write(work).await
    }

    async fn claim_deliveries(&self, rooms: Rooms) -> Result<Claim, StoreError> {
        let SqliteOptions { key, clock, .. } = self.options.clone();
        let claims = self.claims.clone();
        let wanted = Wanted { rooms, now: clock.steady() };
        let work = move |database: &_| claim::claim(database, &claims, &key, &wanted);
        self.readers.read(work).await.map(|held| held.hand_over())
    }

    async fn release_deliveries(&self, ids: &[DeliveryId]) -> Result<(), StoreError> {
        ids.iter().for_each(|id| self.claims.end(*id));
        Ok(())
    }

    async fn release_deliveries_but(&self, known: &[DeliveryId]) -> Result<(), StoreError> {
        self.claims.end_all_but(known);
        Ok(())
    }

    async fn record_attempt(&self, made: AttemptMade) -> Result<AttemptKept, StoreError> {
        let clock = self.options.clock.clone();
        let claims = self.claims.clone();
        let id = made.delivery;
        let work =
            move |database: &_| attempts::record(database, &made, (clock.now(), clock.steady()));
        // On the writer's thread, so that the claim ends even if nobody waits for the answer.
        self.writer.write_then(work, move || claims.end(id)).await
    }

    async fn oldest(&self) -> Result<Oldest, StoreError> {
        let (claims, now) = (self.claims.clone(), self.options.clock.steady());
        self.readers.read(move |database| backlog::oldest(database, &claims, now)).await
    }

    async fn count_pending(&self) -> Result<usize, StoreError> {
        self.readers.read(backlog::count_pending).await
    }

    fn superseded(&self) -> u64 {
        self.superseded.load(Ordering::Relaxed)
    }

    fn measure(&self, by: Measures) {
        self.measuring.begin(by);
    }

    async fn redeliver(
        &self,
        tenant: &Tenant,
        id: DeliveryId,
        attempts: u32,
    ) -> Result<Redelivered, StoreError> {
        let (tenant, clock) = (tenant.clone(), self.options.clock.clone());
        let work =
            move |database: &_| redeliver::one(database, (&tenant, id), attempts, clock.steady());
        self.writer.write(work).await
    }

    async fn begin_recovery(
        &self,
        wish: NewRecovery,
        answer: Option<NewAnswer<Recovery>>,
    ) -> Result<Recovery, StoreError> {
        let clock = self.options.clock.clone();
        let work = move |database: &_| recoveries::begin(database, (wish, answer), clock.now());
        self.writer.write(work).await
    }

    async fn recover(
        &self,
        id: RecoveryId,
        limit: usize,
        attempts: u32,
    ) -> Result<Option<Recovered>, StoreError> {
        let clock = self.options.clock.clone();
        let work =
            move |database: &_| recoveries::step(database, id, (limit, attempts), clock.steady());
        self.writer.write(work).await
    }

    async fn recoveries_to_do(&self) -> Result<Vec<RecoveryId>, StoreError> {
        self.readers.read(recoveries::to_do).await
    }

    async fn recovery(
        &self,
        tenant: &Tenant,
        id: RecoveryId,
    ) -> Result<Option<Recovery>, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| recoveries::standing(database, &tenant, id)).await
    }

    async fn delivery(
        &self,
        tenant: &Tenant,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| deliveries::one(database, &tenant, id)).await
    }

    async fn delivery_page(
        &self,
        tenant: &Tenant,
        page: DeliveryPage,
    ) -> Result<Vec<Delivery>, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| deliveries::page(database, &tenant, &page)).await
    }

    async fn deliveries(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Vec<Delivery>>, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| deliveries::of_execution(database, &tenant, id)).await
    }

    async fn prune(&self, prune: Prune) -> Result<Pruned, StoreError> {
        let now = self.kept_by();
        // Most of a sweep is looking, and nobody waits for a reader.
        let look = move |database: &_| prune::choose(database, &prune, now);
        let prune::Chosen { ids, next } = self.readers.read(look).await?;
        if ids.is_empty() {
            return Ok(Pruned { removed: 0, next });
        }
        let removed =
            self.writer.write(move |database| prune::remove_all(database, &ids, now)).await?;
        Ok(Pruned { removed, next })
    }

    async fn purge(&self, tenant: &Tenant, id: ExecutionId) -> Result<Purged, StoreError> {
        let tenant = tenant.clone();
        self.writer.write(move |database| prune::purge(database, &tenant, id)).await
    }

    async fn put_signing_secret(&self, new: NewSigningSecret) -> Result<SigningSecret, StoreError> {
        let SqliteOptions { key, clock, .. } = &self.options;
        let prepared = signing::Prepared::new(new, key, (clock.now(), clock.steady()));
        self.writer.write(move |database| prepared.put(database)).await
    }

    async fn signing_secret(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Option<SigningSecret>, StoreError> {
        let (tenant, name) = (tenant.clone(), name.to_owned());
        let now = self.options.clock.steady();
        self.readers.read(move |database| signing::find(database, (&tenant, &name), now)).await
    }

    async fn signing_secrets(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Vec<Secret>, StoreError> {
        let SqliteOptions { key, clock, .. } = self.options.clone();
        let (tenant, name, now) = (tenant.clone(), name.to_owned(), clock.steady());
        let work =
            move |database: &_| signing::of_name(database, &key, (tenant.as_str(), &name), now);
        self.readers.read(work).await
    }

    async fn remove_signing_secret(&self, tenant: &Tenant, name: &str) -> Result<bool, StoreError> {
        let (tenant, name) = (tenant.clone(), name.to_owned());
        self.writer.write(move |database| signing::remove(database, (&tenant, &name))).await
    }

    async fn put_function(&self, new: NewFunction) -> Result<FunctionKept, StoreError> {
        let SqliteOptions { key, clock, .. } = &self.options;
        let prepared = functions::Prepared::new(new, key, (clock.now(), clock.steady()));
        self.writer.write(move |database| prepared.put(database)).await
    }

    async fn function(
        &self,
        tenant: &Tenant,
        key: &FunctionKey,
        version: Option<u32>,
    ) -> Result<Option<Function>, StoreError> {
        let (tenant, key) = (tenant.clone(), key.clone());
        let sealing_key = self.options.key.clone();
        let work =
            move |database: &_| functions::find(database, &sealing_key, (&tenant, &key), version);
        self.readers.read(work).await
    }

    async fn functions(
        &self,
        tenant: &Tenant,
        page: FunctionPage,
    ) -> Result<Vec<FunctionSummary>, StoreError> {
        let tenant = tenant.clone();
        self.readers.read(move |database| functions::page(database, &tenant, &page)).await
    }

    async fn remove_function(
        &self,
        tenant: &Tenant,
        key: &FunctionKey,
    ) -> Result<bool, StoreError> {
        let (tenant, key, now) = (tenant.clone(), key.clone(), self.options.clock.now());
        self.writer.write(move |database| functions::remove(database, (&tenant, &key), now)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let (owner, clock) = (self.options.owner, self.options.clock.clone());
        self.writer.write(move |database| check::heartbeat(database, owner, clock.now())).await?;
        check::has_room(&self.options.dir)
    }

    async fn stopped(&self) -> String {
        self.writer.stopped().await
    }
}
