//! Everything that can happen to API keys.
//! Shows none.

use super::super::super::super::{ApiKey, KeyUsed, Revoke, Revoked, Store};
use super::tenant;
use crate::domain::Timestamp;

/// Makes a key, uses it, and revokes it.
pub(super) async fn live(store: &impl Store) {
    let (id, name, scopes) = ("id".to_owned(), "name".into(), vec!["admin".into()]);
    let key = ApiKey { id: id.clone(), name, tenant: tenant(), scopes, sha256: [1; 32] };
    store.add_api_key(key).await.unwrap();
    let used = KeyUsed { id: id.clone(), at: Timestamp::from_millis(1) };
    store.note_key_uses(vec![used]).await.unwrap();
    assert_eq!(store.api_keys(Some(&tenant())).await.unwrap().len(), 1);
    let wish = Revoke { id, of: None, spares_last_admin: false };
    assert_eq!(store.revoke_api_key(wish).await.unwrap(), Revoked::Written);
}
