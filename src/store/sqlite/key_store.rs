//! The part of the SQLite store that is about API keys.
//! Holds no SQL.

use async_trait::async_trait;

use super::super::{ApiKey, KeptKey, KeyStore, KeyUsed, KeysStamp, Revoke, Revoked, StoreError};
use super::{SqliteStore, keys};
use crate::domain::{Tenant, Timestamp};

#[async_trait]
impl KeyStore for SqliteStore {
    async fn add_api_key(&self, key: ApiKey) -> Result<Timestamp, StoreError> {
        let (now, stamp) = (self.options.clock.now(), self.stamp.clone());
        let work = move |database: &_| keys::insert(database, &key, now).map(|()| now);
        // Told on the writer's thread, so that it is told even if nobody waits for the answer.
        self.writer.write_then(work, move || stamp.touch()).await
    }

    async fn api_keys(&self, of: Option<&Tenant>) -> Result<Vec<KeptKey>, StoreError> {
        let of = of.cloned();
        self.readers.read(move |database| keys::all(database, of.as_ref())).await
    }

    async fn revoke_api_key(&self, wish: Revoke) -> Result<Revoked, StoreError> {
        let (now, stamp) = (self.options.clock.now(), self.stamp.clone());
        let work = move |database: &_| keys::revoke(database, &wish, now);
        self.writer.write_then(work, move || stamp.touch()).await
    }

    async fn note_key_uses(&self, uses: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.writer.write(move |database| keys::note_uses(database, &uses)).await
    }

    fn keys_stamp(&self) -> KeysStamp {
        self.stamp.read()
    }
}
