//! What no request can bring about, put straight into the store while no server has it: keys that may
//! do less than everything or are somebody else's, and an execution that told of its beginning.

use std::time::SystemTime;

use ringback::domain::{
    Callback, DeliveryId, Ended, Endpoint, EventId, EventType, ExecutionId, ExecutionSpec, Guard,
    Outcome, OwnerId, PayloadFormat, Run, State, Tenant,
};
use ringback::http::new_key;
use ringback::store::{
    Announcement, ApiKey, Clock, Finish, KeyStore, NewDelivery, NewExecution, SealingKey, Settled,
    SqliteOptions, SqliteStore, Store,
};
use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::client::Answer;

/// Restarts the server with one more key, of these scopes, and gives its text.
pub fn add_key(app: &mut TestApp, scopes: &[&str]) -> String {
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    add(app, |kept| ApiKey { scopes, ..kept })
}

/// Restarts the server with one more key, which may do everything for this tenant.
pub fn add_key_of(app: &mut TestApp, tenant: &str) -> String {
    add(app, |kept| ApiKey { tenant: Tenant::new(tenant), ..kept })
}

fn add(app: &mut TestApp, change: impl FnOnce(ApiKey) -> ApiKey) -> String {
    let new = new_key("scoped").unwrap();
    let kept = change(new.kept);
    while_down(app, async |store| {
        store.add_api_key(kept).await.unwrap();
    });
    new.text.expose().to_owned()
}

/// Adds a key to the server of each of these tenants, which may do everything for it.
pub fn add_keys_of<const N: usize>(app: &mut TestApp, tenants: [&str; N]) -> [String; N] {
    tenants.map(|tenant| add_key_of(app, tenant))
}

/// POST of JSON with a key.
pub fn post_with_key(app: &TestApp, key: &str, path: &str, body: &Value) -> Answer {
    let request = app.anonymous("POST", path).header("authorization", &format!("Bearer {key}"));
    request.json(body).send()
}

/// Restarts the server with an execution that has ended and was to tell of its beginning as well,
/// for which it was too late.
pub fn announced_and_ended(app: &mut TestApp, url: &str) -> String {
    let id = ExecutionId::generate();
    let callback = Callback::unsigned(Endpoint::new(url, PayloadFormat::Standard));
    let spec = ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("sh", "true") };
    let new = NewExecution {
        id,
        tenant: Tenant::default(),
        spec: spec.into(),
        start: true,
        ahead: std::time::Duration::ZERO,
        key: None,
        answer: None,
    };
    let owed = |event_id, event_type| NewDelivery {
        id: DeliveryId::generate(),
        event_id,
        event_type,
        tenant: Tenant::default(),
        url: url.to_owned(),
        host: "example.com:443".to_owned(),
        payload_format: PayloadFormat::Standard,
        body: b"{}".to_vec(),
        schedule: None,
        attempts_max: 1,
        max_age: None,
    };
    let started = owed(EventId::generate(), EventType::Started);
    let end = owed(EventId::from(id), EventType::Completed);
    while_down(app, async |store| {
        let accepted = store.accept(new).await.unwrap().execution;
        let State::Running(Run { epoch, started_at, .. }) = accepted.state else {
            panic!("not started: {accepted:?}")
        };
        let announcement = Announcement { execution: id, epoch, delivery: started };
        let exited = Outcome::Exited { code: 0 };
        let ended = Ended::without_output(exited, Some(started_at), started_at);
        let finish = Finish { id, guard: Guard::Running(epoch), ended, delivery: Some(end) };
        for settled in [store.announce(announcement).await, store.finish(finish.into()).await] {
            assert_eq!(settled.unwrap(), Settled::Written);
        }
    });
    id.to_string()
}

fn while_down(app: &mut TestApp, change: impl AsyncFnOnce(&SqliteStore)) {
    app.terminate();
    let dir = app.data_dir();
    let key = SealingKey::load_or_create(&dir.join("secrets.key")).unwrap();
    let clock = Clock::new(|| SystemTime::now().into());
    let options = SqliteOptions { dir, owner: OwnerId::generate(), key, clock };
    let store = SqliteStore::open(options).unwrap();
    actix_rt::System::new().block_on(change(&store));
    drop(store);
    app.restart();
}

/// GET with a key.
pub fn with_key(app: &TestApp, key: &str, path: &str) -> Answer {
    app.anonymous("GET", path).header("authorization", &format!("Bearer {key}")).send()
}
