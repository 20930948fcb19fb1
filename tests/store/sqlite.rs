//! SQLite under the common rules, and the rules that are about its file and its threads.
//! Looks into the file only where a rule is about what is in it.

mod beside;
mod directory;
mod file;
mod growth;
mod migration;
mod rotation;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ringback::domain::{OwnerId, Timestamp};
use ringback::store::{Clock, SealingKey, SqliteOptions, SqliteStore, Store};
use tempfile::TempDir;

use crate::support::{Backend, NOW};

crate::conformance::conformance!(SqliteBackend::new);

/// A database in a directory that goes with the test.
pub struct SqliteBackend {
    dir: TempDir,
    now: Arc<AtomicI64>,
}

impl SqliteBackend {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, now: Arc::new(AtomicI64::new(NOW.as_millis())) }
    }

    /// What the store is opened with, for a new owner.
    pub fn options(&self) -> SqliteOptions {
        let now = self.now.clone();
        SqliteOptions {
            dir: self.dir.path().join("data"),
            owner: OwnerId::generate(),
            key: SealingKey::from_bytes([7; 32]),
            clock: Clock::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst))),
        }
    }

    pub fn open_sqlite(&self) -> SqliteStore {
        SqliteStore::open(self.options()).unwrap()
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open_sqlite())
    }

    async fn advance(&self, by: Duration) {
        self.now.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}
