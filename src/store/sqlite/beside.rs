//! The API keys of a data directory for a command: beside the server that has it, or alone when none
//! has. Touches nothing but keys in a database that is there.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior};

use super::super::private_dir::{make_private_dir, unusable};
use super::super::{
    ApiKey, Clock, KeptKey, KeySource, KeyStore, KeyUsed, KeysStamp, Revoke, Revoked, StoreError,
};
use super::connect::{check_sqlite, make_writer, open};
use super::damage::{Look, look};
use super::failure::Failure;
use super::lock::DirLock;
use super::migrate::{is_older, refuse_newer, refuse_older};
use super::open::{FILE, Opened, open_behind};
use super::stamp::Stamp;
use super::{SqliteOptions, keys};
use crate::domain::{OwnerId, Tenant, Timestamp};

/// Where the keys are that a command is about.
#[derive(Debug, Clone)]
pub struct KeysOf {
    /// The data directory.
    pub dir: PathBuf,
    /// Where its sealing key comes from, for a database that has to be made or brought up to date.
    pub source: KeySource,
    /// Where the time comes from.
    pub clock: Clock,
    /// Whether a directory and a database are made when there are none.
    pub makes: bool,
}

/// The keys of a data directory, in the hands of a command. Its calls wait for the disk: not for a
/// thread that serves requests.
pub struct KeysBeside {
    database: Mutex<Connection>,
    stamp: Stamp,
    clock: Clock,
    /// Held while no server runs.
    _lock: Option<DirLock>,
}

/// How long a server's writes are waited for, in looks of a millisecond. SQLite's own way of waiting
/// looks every tenth of a second in the end, and under load would hardly ever find a gap.
const LOOKS_MAX: i32 = 30_000;

impl KeysOf {
    /// Opens them: beside a server that runs, else with the directory for oneself.
    ///
    /// # Errors
    /// When there are none and none are to be made, when the database is of another version than this
    /// program, and when it cannot be used.
    pub fn open(&self) -> Result<KeysBeside, StoreError> {
        let file = self.dir.join(FILE);
        check_sqlite(rusqlite::version_number()).map_err(|reason| unusable(&file, &reason))?;
        if self.makes {
            make_private_dir(&self.dir)?;
        } else if !file.exists() {
            return Err(unusable(&file, &"there is no such file"));
        }
        let (mut database, lock) = match DirLock::acquire(&self.dir, self.clock.now()) {
            Ok(lock) => self.open_alone(lock)?,
            Err(StoreError::Locked { .. }) => (self.open_as_it_is()?, None),
            Err(error) => return Err(error),
        };
        database.busy_handler(Some(waits)).map_err(Failure::from)?;
        let stamp = Stamp::of(&self.dir);
        Ok(KeysBeside {
            database: Mutex::new(database),
            stamp,
            clock: self.clock.clone(),
            _lock: lock,
        })
    }

    /// Without a server. What a server would do first is done as it would do it; to what needs none of
    /// that, the sealing key, which only the server's surroundings may have, is not needed either.
    fn open_alone(&self, lock: DirLock) -> Result<(Connection, Option<DirLock>), StoreError> {
        let file = self.dir.join(FILE);
        let look = look(&file).map_err(|error| unusable(&file, &error))?;
        if look == Look::Whole && !is_older(&open(&file)?, &file)? {
            return Ok((self.open_as_it_is()?, Some(lock)));
        }
        let (dir, key, clock) =
            (self.dir.clone(), self.source.load_or_create()?, self.clock.clone());
        let options = SqliteOptions { dir, owner: OwnerId::generate(), key, clock };
        let Opened { lock, writer, readers: _ } = open_behind(lock, &options)?;
        Ok((writer, Some(lock)))
    }

    /// A database that is there and has this program's tables.
    fn open_as_it_is(&self) -> Result<Connection, StoreError> {
        let file = self.dir.join(FILE);
        let database = open(&file)?;
        refuse_newer(&database, &file)?;
        refuse_older(&database, &file)?;
        make_writer(&database)?;
        Ok(database)
    }
}

fn waits(looks: i32) -> bool {
    thread::sleep(Duration::from_millis(1));
    looks < LOOKS_MAX
}

impl KeysBeside {
    fn database(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked was rolled back when it was dropped.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes in a transaction of its own, which is on disk when this returns.
    fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let mut database = self.database();
        let begun = database.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(Failure::from)?;
        let answer = work(&transaction)?;
        transaction.commit().map_err(Failure::from)?;
        Ok(answer)
    }
}

#[async_trait]
impl KeyStore for KeysBeside {
    async fn add_api_key(&self, key: ApiKey) -> Result<Timestamp, StoreError> {
        let now = self.clock.now();
        self.write(|database| keys::insert(database, &key, now))?;
        self.stamp.touch();
        Ok(now)
    }

    async fn api_keys(&self, of: Option<&Tenant>) -> Result<Vec<KeptKey>, StoreError> {
        Ok(keys::all(&self.database(), of)?)
    }

    async fn revoke_api_key(&self, wish: Revoke) -> Result<Revoked, StoreError> {
        let revoked = self.write(|database| keys::revoke(database, &wish, self.clock.now()))?;
        self.stamp.touch();
        Ok(revoked)
    }

    async fn note_key_uses(&self, uses: Vec<KeyUsed>) -> Result<(), StoreError> {
        self.write(|database| keys::note_uses(database, &uses))
    }

    fn keys_stamp(&self) -> KeysStamp {
        self.stamp.read()
    }
}
