//! A data directory with deliveries that are owed: made by the store itself, before any server.
//! Delivers nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Result, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use ringback::domain::{
    Callback, DeliveryId, Ended, Endpoint, Epoch, EventId, EventType, ExecutionId, ExecutionSpec,
    Guard, Outcome, OwnerId, PayloadFormat, Secret, Tenant,
};
use ringback::store::{
    Clock, Finish, NewDelivery, NewExecution, SealingKey, Settled, SqliteOptions, SqliteStore,
    Store,
};

/// What they are signed with.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// How many are made at a time, so that they share commits.
const AT_A_TIME: usize = 256;

/// A body as the end of a small program has it.
pub fn body(id: ExecutionId) -> Vec<u8> {
    let filler = "report 1, report 2, report 3; ".repeat(20);
    format!(r#"{{"type":"execution.completed","data":{{"id":"{id}","stdout":"{filler}"}}}}"#).into()
}

/// Owes so many deliveries, to each of the receivers in turn.
#[expect(clippy::disallowed_methods, reason = "a benchmark brings its own clock")]
pub async fn fill(dir: &Path, receivers: &[SocketAddr], count: usize) -> Result<()> {
    let clock = Clock::new(|| SystemTime::now().into());
    let options = SqliteOptions {
        dir: dir.to_owned(),
        owner: OwnerId::generate(),
        key: SealingKey::load_or_create(&dir.join("secrets.key"))?,
        clock: clock.clone(),
    };
    let store = SqliteStore::open(options)?;
    let all = stream::iter(0..count).map(|number| {
        let receiver = receivers[number % receivers.len()];
        owe(&store, &clock, receiver)
    });
    all.buffer_unordered(AT_A_TIME).try_collect::<()>().await
}

async fn owe(store: &SqliteStore, clock: &Clock, receiver: SocketAddr) -> Result<()> {
    let url = format!("http://{receiver}/hook");
    let callback = Callback {
        signing_secret: Some(Secret::new(SECRET)),
        ..Callback::unsigned(Endpoint::new(url.as_str(), PayloadFormat::Standard))
    };
    let spec = ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("sh", "true") };
    let (id, tenant) = (ExecutionId::generate(), Tenant::default());
    let new = NewExecution {
        id,
        tenant: tenant.clone(),
        spec: Arc::new(spec),
        start: true,
        ahead: std::time::Duration::ZERO,
        key: None,
        answer: None,
    };
    store.accept(new).await?;
    let delivery = NewDelivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(id),
        event_type: EventType::Completed,
        tenant,
        url,
        host: receiver.to_string(),
        payload_format: PayloadFormat::Standard,
        body: body(id),
        schedule: None,
        attempts_max: 9,
        max_age: None,
    };
    let ended = Ended::without_output(Outcome::Exited { code: 0 }, Some(clock.now()), clock.now());
    let guard = Guard::Running(Epoch(1));
    let finish = Finish { id, guard, ended, delivery: Some(delivery) };
    ensure!(store.finish(Arc::new(finish)).await? == Settled::Written, "nobody was first");
    Ok(())
}
