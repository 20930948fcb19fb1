//! The keys that open this server, as of one moment. Knows a key only by its SHA-256, compares in
//! constant time, and never changes but for when each key was last used.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Caller, Credential, KeyShown};
use crate::domain::access::ADMIN;
use crate::domain::{Secret, Tenant, Timestamp};
use crate::store::{ApiKey, KeyUsed};

/// The keys that open this server.
#[derive(Debug, Default)]
pub(in crate::http) struct Keyring {
    admin: Option<[u8; 32]>,
    by_id: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    key: ApiKey,
    /// Shared with the rings before and after this one.
    used: Arc<Used>,
}

/// When a key was last used, in milliseconds since 1970; 0 for never by this server.
#[derive(Debug, Default)]
struct Used {
    last: AtomicI64,
    written: AtomicI64,
}

/// The id of the key from the configuration; no stored one has it, for theirs are UUIDs.
const ADMIN_ID: &str = "admin";

impl Keyring {
    /// The keys that the store has, and one more from the configuration.
    pub(in crate::http) fn new(admin: Option<&Secret>, stored: Vec<ApiKey>) -> Self {
        let admin = admin.map(|key| sha256(key.expose()));
        Self { admin, ..Self::default() }.with(stored)
    }

    /// The ring with these keys of the store in the place of its own. Whatever was used by the same id
    /// stays used.
    pub(super) fn with(&self, stored: Vec<ApiKey>) -> Self {
        let entry = |key: ApiKey| {
            let used = self.by_id.get(&key.id).map(|known| Arc::clone(&known.used));
            (key.id.clone(), Entry { key, used: used.unwrap_or_default() })
        };
        Self { admin: self.admin, by_id: stored.into_iter().map(entry).collect() }
    }

    /// Nobody can be let in.
    pub(super) fn is_empty(&self) -> bool {
        self.admin.is_none() && self.by_id.is_empty()
    }

    /// Whether there is a key that no request can revoke.
    pub(super) fn has_configured(&self) -> bool {
        self.admin.is_some()
    }

    /// Whom a key stands for.
    pub(super) fn caller(&self, shown: &str, sha256: &[u8; 32]) -> Option<Caller> {
        if let Some(admin) = &self.admin
            && bool::from(admin.ct_eq(sha256))
        {
            return self.holder(ADMIN_ID);
        }
        let Entry { key, .. } = self.by_id.get(key_id(shown)?)?;
        bool::from(key.sha256.ct_eq(sha256)).then(|| self.holder(&key.id))?
    }

    /// Whom the key with this id stands for, without its having been shown; none when there is no
    /// such key any more.
    pub(in crate::http) fn holder(&self, key_id: &str) -> Option<Caller> {
        let credential = |sha256| {
            let key = Some(KeyShown { id: key_id.to_owned(), sha256 });
            Credential { key, until: None }
        };
        if let Some(Entry { key, .. }) = self.by_id.get(key_id) {
            return Some(Caller {
                tenant: key.tenant.clone(),
                name: Some(key.name.clone()),
                scopes: key.scopes.clone(),
                credential: credential(key.sha256),
            });
        }
        let sha256 = self.admin.filter(|_| key_id == ADMIN_ID)?;
        Some(Caller {
            tenant: Tenant::default(),
            name: Some("admin".to_owned()),
            scopes: vec![ADMIN.to_owned()],
            credential: credential(sha256),
        })
    }

    /// Whether this very key is in the ring.
    pub(super) fn has(&self, key: &KeyShown) -> bool {
        self.holder(&key.id)
            .and_then(|holder| holder.credential.key)
            .is_some_and(|known| bool::from(known.sha256.ct_eq(&key.sha256)))
    }

    /// Remembers that a key was used now.
    pub(super) fn note_use(&self, credential: &Credential, now: Timestamp) {
        let entry = credential.key.as_ref().and_then(|key| self.by_id.get(&key.id));
        if let Some(Entry { used, .. }) = entry {
            used.last.fetch_max(now.as_millis(), Ordering::Relaxed);
        }
    }

    /// When a key was last used, as far as this server knows.
    pub(super) fn last_use(&self, key_id: &str) -> Option<Timestamp> {
        let last = self.by_id.get(key_id)?.used.last.load(Ordering::Relaxed);
        (last > 0).then(|| Timestamp::from_millis(last))
    }

    /// The uses that have not been written down.
    pub(super) fn unwritten(&self) -> Vec<KeyUsed> {
        let unwritten = |(id, Entry { used, .. }): (&String, &Entry)| {
            let last = used.last.load(Ordering::Relaxed);
            let is_news = last > used.written.load(Ordering::Relaxed);
            is_news.then(|| KeyUsed { id: id.clone(), at: Timestamp::from_millis(last) })
        };
        self.by_id.iter().filter_map(unwritten).collect()
    }

    /// Remembers that these uses have been written down.
    pub(super) fn are_written(&self, uses: &[KeyUsed]) {
        for KeyUsed { id, at } in uses {
            if let Some(Entry { used, .. }) = self.by_id.get(id) {
                used.written.fetch_max(at.as_millis(), Ordering::Relaxed);
            }
        }
    }
}

fn key_id(token: &str) -> Option<&str> {
    token.strip_prefix("rbk_")?.split_once('_').map(|(id, _)| id)
}

pub(super) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::super::{NewKey, new_key};
    use super::*;

    fn caller(keys: &Keyring, shown: &str) -> Option<Caller> {
        keys.caller(shown, &sha256(shown))
    }

    #[test]
    fn a_key_opens_only_as_a_whole() {
        let NewKey { text, kept } = new_key("first").unwrap();
        let keys = Keyring::new(Some(&Secret::from("sixteen-characters")), vec![kept.clone()]);
        let name = |shown: &str| caller(&keys, shown).and_then(|caller| caller.name);
        assert_eq!(name(text.expose()).as_deref(), Some("first"));
        assert_eq!(name("sixteen-characters").as_deref(), Some("admin"));
        let other_secret = format!("rbk_{}_{}", kept.id, "0".repeat(64));
        for shown in ["", "sixteen-character", "rbk_", "rbk_x_y", &other_secret] {
            assert_eq!(name(shown), None, "{shown}");
        }
        assert!(Keyring::default().is_empty());
        assert!(caller(&Keyring::default(), "").is_none());
    }

    #[test]
    fn uses_are_told_once_and_outlive_a_change_of_the_keys() {
        let at = Timestamp::from_millis;
        let kept = new_key("some").unwrap().kept;
        let ring = Keyring::new(None, vec![kept.clone()]);
        assert_eq!((ring.unwritten(), ring.last_use(&kept.id)), (vec![], None));
        let credential = ring.holder(&kept.id).unwrap().credential;
        ring.note_use(&credential, at(2000));
        ring.note_use(&credential, at(1000));
        let uses = ring.unwritten();
        assert_eq!(uses, [KeyUsed { id: kept.id.clone(), at: at(2000) }]);
        ring.note_use(&credential, at(3000));
        ring.are_written(&uses);
        let next = ring.with(vec![kept.clone(), new_key("other").unwrap().kept]);
        let uses = next.unwritten();
        assert_eq!(uses, [KeyUsed { id: kept.id.clone(), at: at(3000) }], "came meanwhile");
        next.are_written(&uses);
        assert_eq!((next.unwritten(), next.last_use(&kept.id)), (vec![], Some(at(3000))));
    }

    #[test]
    fn a_key_is_the_same_by_its_id_and_its_hash() {
        let kept = new_key("some").unwrap().kept;
        let ring = Keyring::new(Some(&Secret::from("sixteen-characters")), vec![kept.clone()]);
        for id in [kept.id.as_str(), ADMIN_ID] {
            let key = ring.holder(id).unwrap().credential.key.unwrap();
            assert!(ring.has(&key));
            assert!(!ring.has(&KeyShown { sha256: [7; 32], ..key.clone() }));
            assert!(!Keyring::default().has(&key));
        }
    }
}
