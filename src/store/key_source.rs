//! Where the sealing key comes from: the operator's hand, or a file in the data directory.
//! Rotates nothing.

use std::path::PathBuf;

use super::key_file::{self, load};
use super::private_dir::unusable;
use super::seal::KeyBytes;
use super::{SealingKey, StoreError};

/// Where the sealing key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Whoever runs the server keeps it, and gives it at each start.
    Given(SealingKey),
    /// A file, made at the first start.
    File(PathBuf),
}

impl KeySource {
    /// The key. A file is made when there is none; it is on disk before this returns.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn load_or_create(&self) -> Result<SealingKey, StoreError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::File(path) => SealingKey::load_or_create(path),
        }
    }

    /// The key, where nothing may be made.
    ///
    /// # Errors
    /// When there is none, or the file cannot be used.
    pub(super) fn load(&self) -> Result<SealingKey, StoreError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::File(_) => self.in_file().map(|keys| SealingKey::of(&keys)),
        }
    }

    /// The keys in the file, if they are in one.
    pub(super) fn in_file(&self) -> Result<Vec<KeyBytes>, StoreError> {
        let Self::File(path) = self else { return Ok(Vec::new()) };
        load(path)?.ok_or_else(|| unusable(path, &"there is no such file"))
    }

    /// Puts these keys in place of those in the file, if they are in one.
    pub(super) fn replace(&self, keys: &[KeyBytes]) -> Result<(), StoreError> {
        match self {
            Self::Given(_) => Ok(()),
            Self::File(path) => key_file::replace(path, keys),
        }
    }
}
