//! Keeps the ring the same as the store: whoever was told that a key is revoked may rely on it at the
//! next request. And has the store keep when keys were used, now and then.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_rt::time::interval;
use tokio::sync::Mutex;

use super::{Caller, Credential, Keyring};
use crate::domain::access::ADMIN;
use crate::domain::{Secret, Tenant, Timestamp};
use crate::store::{KeysStamp, Store, StoreError};

/// How often the store is looked into although nothing says that keys were changed: a command that
/// was killed has perhaps not said so.
const RELOAD_EVERY: Duration = Duration::from_secs(5);

/// How often uses are written down.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// The API keys of a server.
pub struct Keys(Option<Kept>);

struct Kept {
    store: Arc<dyn Store>,
    current: RwLock<Current>,
    /// Held by whoever asks the store, so that not all do at once.
    reloading: Mutex<()>,
}

#[derive(Clone)]
struct Current {
    ring: Arc<Keyring>,
    /// The stamp from before the ring was read: what comes between the two is read again.
    stamp: KeysStamp,
}

impl Keys {
    /// The keys that the store has, and one more from the configuration.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(store: Arc<dyn Store>, admin: Option<&Secret>) -> Result<Self, StoreError> {
        let ring = Arc::new(Keyring::new(admin, Vec::new()));
        let current = RwLock::new(Current { ring, stamp: store.keys_stamp() });
        let kept = Kept { store, current, reloading: Mutex::new(()) };
        kept.reload().await?;
        Ok(Self(Some(kept)))
    }

    /// No keys at all: whoever reaches the routes may use them. For applications that guard them
    /// in their own way.
    pub fn open() -> Self {
        Self(None)
    }

    /// Whether nobody can be let in by a key.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_some_and(|kept| kept.now().ring.is_empty())
    }

    /// Whom everybody is taken for, where there are no keys.
    pub(super) fn anybody(&self) -> Option<Caller> {
        self.0.is_none().then(|| Caller {
            tenant: Tenant::default(),
            name: None,
            scopes: vec![ADMIN.to_owned()],
            credential: Credential { key: None, until: None },
        })
    }

    /// The keys as the store has them at this moment.
    pub(super) async fn current(&self) -> Result<Arc<Keyring>, StoreError> {
        match &self.0 {
            Some(kept) => kept.fresh().await,
            None => Ok(Arc::default()),
        }
    }

    /// When a key was last used, as far as this server knows.
    pub(in crate::http) fn last_use(&self, key_id: &str) -> Option<Timestamp> {
        self.0.as_ref()?.now().ring.last_use(key_id)
    }

    /// Whether there is a key that no request can revoke, or none is needed.
    pub(in crate::http) fn cannot_be_lost(&self) -> bool {
        self.0.as_ref().is_none_or(|kept| kept.now().ring.has_configured())
    }

    /// Has the store keep when keys were used since it was last told.
    pub async fn write_uses(&self) {
        let Some(kept) = &self.0 else { return };
        let ring = kept.now().ring;
        let uses = ring.unwritten();
        if uses.is_empty() {
            return;
        }
        match kept.store.note_key_uses(uses.clone()).await {
            Ok(()) => ring.are_written(&uses),
            // They are told again with the next ones.
            Err(error) => log::debug!("when keys were last used could not be written: {error}"),
        }
    }
}

impl Kept {
    fn now(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fresh(&self) -> Result<Arc<Keyring>, StoreError> {
        let is_current = |current: &Current| current.stamp == self.store.keys_stamp();
        let current = self.now();
        if is_current(&current) {
            return Ok(current.ring);
        }
        let _one_at_a_time = self.reloading.lock().await;
        let current = self.now();
        if is_current(&current) { Ok(current.ring) } else { self.reload().await }
    }

    async fn reload(&self) -> Result<Arc<Keyring>, StoreError> {
        let stamp = self.store.keys_stamp();
        let kept = self.store.api_keys(None).await?;
        let stored = kept.into_iter().map(|kept| kept.key).collect();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.ring = Arc::new(current.ring.with(stored));
        current.stamp = stamp;
        Ok(Arc::clone(&current.ring))
    }
}

/// Looks into the store every few seconds and writes uses down, for as long as it is polled.
pub async fn keep_current(keys: Arc<Keys>) {
    let Some(kept) = &keys.0 else { return };
    let (mut reload, mut write) = (interval(RELOAD_EVERY), interval(WRITE_EVERY));
    loop {
        tokio::select! {
            _ = reload.tick() => {
                let _one_at_a_time = kept.reloading.lock().await;
                // A store that cannot be read has told so elsewhere; the ring stays as it is.
                let _ = kept.reload().await;
            }
            _ = write.tick() => keys.write_uses().await,
        }
    }
}
