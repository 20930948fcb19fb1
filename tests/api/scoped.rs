//! Keys that may do less than everything, or are somebody else's, put straight into the store while no server has it.
//! Asserts nothing.

use ringback::domain::{OwnerId, Tenant, Timestamp};
use ringback::http::new_key;
use ringback::store::{ApiKey, Clock, SealingKey, SqliteOptions, SqliteStore, Store};

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
    app.terminate();
    let new = new_key("scoped").unwrap();
    let kept = change(new.kept);
    let dir = app.data_dir();
    let key = SealingKey::load_or_create(&dir.join("secrets.key")).unwrap();
    let clock = Clock::new(|| Timestamp::from_millis(1_750_000_000_000));
    let options = SqliteOptions { dir, owner: OwnerId::generate(), key, clock };
    let store = SqliteStore::open(options).unwrap();
    actix_rt::System::new().block_on(store.add_api_key(kept)).unwrap();
    drop(store);
    app.restart();
    new.text.expose().to_owned()
}

/// GET with a key.
pub fn with_key(app: &TestApp, key: &str, path: &str) -> Answer {
    app.anonymous("GET", path).header("authorization", &format!("Bearer {key}")).send()
}
