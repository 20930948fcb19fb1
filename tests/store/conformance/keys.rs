//! Rules of API keys, and of the proof that the store can be written to.
//! Knows no key, only hashes.

use ringback::domain::Tenant;
use ringback::store::ApiKey;

use crate::support::Backend;

pub async fn keys_read_back(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.api_keys().await.unwrap(), []);
    let key = |id: &str, byte| ApiKey {
        id: id.into(),
        name: "ci ☃ 'quoted'".into(),
        tenant: Tenant::new("acme"),
        scopes: vec!["executions:write".into(), "admin".into()],
        sha256: [byte; 32],
    };
    let keys = [key("a", 0), ApiKey { scopes: vec![], ..key("b", 255) }];
    for key in &keys {
        store.add_api_key(key.clone()).await.unwrap();
    }
    assert!(store.add_api_key(key("a", 1)).await.is_err(), "an id names one key");
    assert_eq!(store.api_keys().await.unwrap(), keys);
    drop(store);
    assert_eq!(backend.open().await.api_keys().await.unwrap(), keys);
}

pub async fn the_store_proves_that_it_can_write(backend: &impl Backend) {
    let store = backend.open().await;
    for _ in 0..2 {
        store.check().await.unwrap();
    }
}
