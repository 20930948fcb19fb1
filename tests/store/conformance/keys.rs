//! Rules of API keys, and of the proof that the store can be written to.
//! Knows no key, only hashes.

use std::time::Duration;

use ringback::domain::{Tenant, Timestamp};
use ringback::store::{ApiKey, KeptKey, KeyUsed, Revoke, Revoked, Store};

use crate::support::Backend;

fn key(id: &str, tenant: &str, byte: u8) -> ApiKey {
    ApiKey {
        id: id.into(),
        name: "ci ☃ 'quoted'".into(),
        tenant: Tenant::new(tenant),
        scopes: vec!["executions:write".into(), "admin".into()],
        sha256: [byte; 32],
    }
}

async fn all(store: &dyn Store) -> Vec<ApiKey> {
    store.api_keys(None).await.unwrap().into_iter().map(|kept| kept.key).collect()
}

fn revoke(id: &str) -> Revoke {
    Revoke { id: id.into(), of: None, spares_last_admin: false }
}

pub async fn keys_read_back(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.api_keys(None).await.unwrap(), []);
    let keys = [key("a", "acme", 0), ApiKey { scopes: vec![], ..key("b", "acme", 255) }];
    let mut kept = Vec::new();
    for key in &keys {
        let created_at = store.add_api_key(key.clone()).await.unwrap();
        kept.push(KeptKey { key: key.clone(), created_at, last_used_at: None });
        backend.advance(Duration::from_secs(1)).await;
    }
    assert!(kept[0].created_at < kept[1].created_at, "{kept:?}");
    assert!(store.add_api_key(key("a", "acme", 1)).await.is_err(), "an id names one key");
    assert_eq!(store.api_keys(None).await.unwrap(), kept);
    drop(store);
    assert_eq!(backend.open().await.api_keys(None).await.unwrap(), kept);
}

pub async fn keys_are_listed_by_their_tenant(backend: &impl Backend) {
    let store = backend.open().await;
    for new in [key("a", "acme", 1), key("b", "other", 2), key("c", "acme", 3)] {
        store.add_api_key(new).await.unwrap();
    }
    let of = async |tenant: &str| {
        let kept = store.api_keys(Some(&Tenant::new(tenant))).await.unwrap();
        kept.into_iter().map(|kept| kept.key.id).collect::<Vec<_>>()
    };
    assert_eq!(of("acme").await, ["a", "c"]);
    assert_eq!(of("other").await, ["b"]);
    assert_eq!(of("nobody").await, [""; 0]);
}

pub async fn a_revoked_key_is_gone_for_good(backend: &impl Backend) {
    let store = backend.open().await;
    store.add_api_key(key("a", "acme", 1)).await.unwrap();
    store.add_api_key(key("b", "acme", 2)).await.unwrap();
    let others = Revoke { of: Some(Tenant::new("other")), ..revoke("a") };
    assert_eq!(store.revoke_api_key(others).await.unwrap(), Revoked::NotFound);
    let owners = Revoke { of: Some(Tenant::new("acme")), ..revoke("a") };
    assert_eq!(store.revoke_api_key(owners.clone()).await.unwrap(), Revoked::Written);
    for again in [owners, revoke("a"), revoke("c")] {
        assert_eq!(store.revoke_api_key(again).await.unwrap(), Revoked::NotFound);
    }
    assert_eq!(all(&*store).await, [key("b", "acme", 2)]);
    assert!(store.add_api_key(key("a", "acme", 3)).await.is_err(), "its id is not given again");
    drop(store);
    assert_eq!(all(&*backend.open().await).await, [key("b", "acme", 2)]);
}

pub async fn the_last_key_that_rules_all_tenants_can_be_spared(backend: &impl Backend) {
    let store = backend.open().await;
    for new in [key("a", "default", 1), key("b", "default", 2), key("c", "acme", 3)] {
        store.add_api_key(new).await.unwrap();
    }
    let spares = |id| Revoke { spares_last_admin: true, ..revoke(id) };
    let (one, other) =
        tokio::join!(store.revoke_api_key(spares("a")), store.revoke_api_key(spares("b")));
    let mut became = [one.unwrap(), other.unwrap()];
    became.sort_by_key(|revoked| *revoked == Revoked::LastAdmin);
    assert_eq!(became, [Revoked::Written, Revoked::LastAdmin], "of two at once one is spared");
    assert_eq!(store.revoke_api_key(spares("c")).await.unwrap(), Revoked::Written);
    let [left] = all(&*store).await.try_into().unwrap();
    assert_eq!(store.revoke_api_key(revoke(&left.id)).await.unwrap(), Revoked::Written);
}

pub async fn the_latest_use_of_a_key_counts(backend: &impl Backend) {
    let store = backend.open().await;
    store.add_api_key(key("a", "acme", 1)).await.unwrap();
    store.add_api_key(key("b", "acme", 2)).await.unwrap();
    let at = |id: &str, millis| KeyUsed { id: id.into(), at: Timestamp::from_millis(millis) };
    let before = store.keys_stamp();
    store.note_key_uses(vec![at("a", 2000), at("nobody", 1)]).await.unwrap();
    store.note_key_uses(vec![at("a", 1000), at("a", 1500)]).await.unwrap();
    assert_eq!(store.keys_stamp(), before, "a use is no change of keys");
    let kept = store.api_keys(None).await.unwrap();
    let last: Vec<_> = kept.iter().map(|kept| kept.last_used_at).collect();
    assert_eq!(last, [Some(Timestamp::from_millis(2000)), None]);
}

pub async fn a_change_of_keys_changes_the_stamp(backend: &impl Backend) {
    let store = backend.open().await;
    let mut stamps = vec![store.keys_stamp()];
    store.add_api_key(key("a", "acme", 1)).await.unwrap();
    stamps.push(store.keys_stamp());
    assert_eq!(store.revoke_api_key(revoke("a")).await.unwrap(), Revoked::Written);
    stamps.push(store.keys_stamp());
    assert!(stamps[0] != stamps[1] && stamps[1] != stamps[2] && stamps[0] != stamps[2]);
    all(&*store).await;
    assert_eq!(store.keys_stamp(), stamps[2], "looking is no change");
}

pub async fn the_store_proves_that_it_can_write(backend: &impl Backend) {
    let store = backend.open().await;
    for _ in 0..2 {
        store.check().await.unwrap();
    }
}
