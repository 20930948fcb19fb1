//! Rotation of the sealing key, on a data directory that no server has: the steps, in the order in
//! which each may be the last one. And, also beside a server, which keys are in use.
//!
//! | killed after | the key file has | the values are sealed with | the next rotation |
//! | --- | --- | --- | --- |
//! | nothing yet | the old key | the old key | begins |
//! | the new key is in the file | the new and the old key | the old key | goes on |
//! | some transactions | the new and the old key | either | goes on |
//! | the check is of the new key alone | the new and the old key | the new key | takes the old key away |
//! | the old key is away | the new key | the new key | is another one |

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::key_file::new_key;
use super::super::private_dir::unusable;
use super::super::seal::KeyBytes;
use super::super::{Clock, Fingerprint, KeySource, SealingKey, StoreError};
use super::connect::open_reader;
use super::failure::Failure;
use super::lock::DirLock;
use super::migrate::{refuse_newer, refuse_older};
use super::open::{FILE, Opened, open_behind};
use super::reseal::{Survey, reseal, survey};
use super::sealed::At;
use super::{SqliteOptions, key_check};
use crate::domain::OwnerId;
use crate::failpoint;

/// Another sealing key for a data directory.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The data directory, which no server may have.
    pub dir: PathBuf,
    /// Where its key comes from. A given one is rotated by whoever gives it: the new key first, the
    /// old one behind it.
    pub source: KeySource,
    /// Where the time comes from.
    pub clock: Clock,
}

/// What a rotation has come to.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// The key that everything is sealed with.
    pub key: Fingerprint,
    /// Those that are not needed any more.
    pub retired: Vec<Fingerprint>,
    /// How many values were sealed anew.
    pub resealed: u64,
    /// What no key opens, before as after, in words.
    pub unreadable: Vec<String>,
    /// Whether it has brought one to its end that was begun before.
    pub went_on: bool,
}

/// Which keys are in use.
#[derive(Debug, Clone)]
pub struct KeyUse {
    /// Each key and how many values are sealed with it. The first is the one that seals.
    pub keys: Vec<(Fingerprint, u64)>,
    /// What none of them opens, in words.
    pub unreadable: Vec<String>,
}

/// A rotation that has a directory to itself.
struct Begun {
    lock: DirLock,
    writer: Connection,
    /// The keys in the file, if they are in one.
    in_file: Vec<KeyBytes>,
    went_on: bool,
}

impl Rotation {
    /// Makes another key if the key is in a file, seals everything with the first key, and takes the
    /// others out of the file. `tell` hears how many values were sealed anew so far. Killed at any
    /// point, it leaves a directory that a server can be started on, and is run again.
    ///
    /// # Errors
    /// When a server has the directory, when a key is missing, and when something cannot be
    /// written: what was sealed so far is on disk, and no key is taken away.
    pub fn run(&self, tell: &mut dyn FnMut(u64)) -> Result<Rotated, StoreError> {
        let Begun { lock, mut writer, mut in_file, went_on } = self.begin()?;
        let key = self.source.load()?;
        key_check::admit(&writer, &key)?;
        let resealed = reseal(&mut writer, &key, tell)?;
        // Looked at once more, because the old key will be gone.
        let Survey { by_key, unreadable } = survey(&writer, &key)?;
        if by_key.iter().skip(1).any(|count| *count > 0) {
            return Err(Failure::corrupt("a value that was not sealed anew").into());
        }
        failpoint::hit("rotate-before-check");
        key_check::settle(&mut writer, &key)?;
        failpoint::hit("rotate-after-check");
        // Closing copies the log back into the database and removes it.
        writer.close().map_err(|(_, error)| StoreError::from(Failure::Sql(error)))?;
        failpoint::hit("rotate-before-old-key-goes");
        in_file.truncate(1);
        self.source.replace(&in_file)?;
        failpoint::hit("rotate-after-old-key-goes");
        drop(lock);
        let mut keys = key.fingerprints();
        let (key, unreadable) = (keys.remove(0), in_words(unreadable));
        Ok(Rotated { key, retired: keys, resealed, unreadable, went_on })
    }

    /// Takes the directory, opens it with the keys as they are, so that whatever is wrong with it
    /// shows before any change, and puts a new key first if the key is in a file.
    fn begin(&self) -> Result<Begun, StoreError> {
        let lock = self.lock()?;
        let mut in_file = self.source.in_file()?;
        let went_on = in_file.len() > 1;
        // The readers go at once: they would keep the log from being removed in the end.
        let Opened { lock, writer, readers: _ } =
            open_behind(lock, &self.options(self.source.load()?))?;
        failpoint::hit("rotate-before-new-key");
        if in_file.len() == 1 {
            in_file.insert(0, new_key());
            self.source.replace(&in_file)?;
            failpoint::hit("rotate-after-new-key");
        }
        Ok(Begun { lock, writer, in_file, went_on })
    }

    /// Takes a directory that has a database.
    fn lock(&self) -> Result<DirLock, StoreError> {
        let file = self.dir.join(FILE);
        if !file.exists() {
            return Err(unusable(&file, &"there is no such file"));
        }
        DirLock::acquire(&self.dir, self.clock.now())
    }

    fn options(&self, key: SealingKey) -> SqliteOptions {
        let (dir, clock) = (self.dir.clone(), self.clock.clone());
        SqliteOptions { dir, owner: OwnerId::generate(), key, clock }
    }
}

/// Which keys a data directory uses, whether or not a server has it. Changes nothing.
///
/// # Errors
/// When there is no key or no database, or they cannot be read.
pub fn key_use(dir: &Path, source: &KeySource) -> Result<KeyUse, StoreError> {
    let file = dir.join(FILE);
    if !file.exists() {
        return Err(unusable(&file, &"there is no such file"));
    }
    let key = source.load()?;
    let database = open_reader(&file)?;
    refuse_newer(&database, &file)?;
    refuse_older(&database, &file)?;
    let Survey { by_key, unreadable } = survey(&database, &key)?;
    let keys = key.fingerprints().into_iter().zip(by_key).collect();
    Ok(KeyUse { keys, unreadable: in_words(unreadable) })
}

fn in_words(places: Vec<At>) -> Vec<String> {
    places.iter().map(At::to_string).collect()
}
