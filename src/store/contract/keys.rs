//! What every store must do with API keys. Beside the rest of the contract, because a command does
//! it while a server has the store. Sees no key, only hashes.

use async_trait::async_trait;

use super::super::{ApiKey, KeptKey, KeyUsed, KeysStamp, Revoke, Revoked, StoreError};
use crate::domain::{Tenant, Timestamp};

/// The truth about API keys. What a method has answered `Ok` to is on disk.
#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// Keeps a key, whose id must be new, and answers since when. By then [`KeyStore::keys_stamp`]
    /// has changed in every process.
    async fn add_api_key(&self, key: ApiKey) -> Result<Timestamp, StoreError>;

    /// The keys that were kept and not revoked, the oldest first, of one tenant or of all.
    async fn api_keys(&self, of: Option<&Tenant>) -> Result<Vec<KeptKey>, StoreError>;

    /// Revokes a key. By the time of the answer [`KeyStore::keys_stamp`] has changed in every process.
    async fn revoke_api_key(&self, wish: Revoke) -> Result<Revoked, StoreError>;

    /// Keeps when keys were last used; of each the latest time counts. Not a change of keys.
    async fn note_key_uses(&self, uses: Vec<KeyUsed>) -> Result<(), StoreError>;

    /// What differs after keys were made or revoked, by whatever process. Asked at every request, and
    /// so must cost next to nothing.
    fn keys_stamp(&self) -> KeysStamp;
}
