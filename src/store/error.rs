//! Why a store cannot do what it is asked, each in one clear sentence.

use std::path::PathBuf;

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory or the file cannot be made or written.
    #[error("cannot use {}: {reason}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another server has the data directory.
    #[error("the data directory {} is in use by another server ({holder})", path.display())]
    Locked {
        /// Which directory.
        path: PathBuf,
        /// Who has it, as far as the lock file says.
        holder: String,
    },
    /// The database was written by a later version of Ringback.
    #[error(
        "the database {} has schema version {found}, and this version of ringback knows only up to {known}: use a newer ringback",
        path.display()
    )]
    Newer {
        /// Which database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// The database said no.
    #[error("the database failed: {reason}")]
    Database {
        /// What it said.
        reason: String,
    },
    /// A row holds something that no version of Ringback writes.
    #[error("the database holds something unreadable: {what}")]
    Corrupt {
        /// What it is.
        what: String,
    },
    /// A value that was sealed with another key.
    #[error(
        "a stored secret cannot be opened with this secrets.key; if that is a new one, the one before \
         it belongs into secrets.previous_keys until `ringback secrets rotate` is through"
    )]
    WrongKey,
    /// Nothing can be written for now, and nothing of what was asked has happened. Reading works.
    #[error("nothing can be written: {reason}")]
    Unwritable {
        /// What is in the way.
        reason: String,
    },
    /// A request with the same key has been answered, or will be. Nothing of what was asked has happened.
    #[error("another request with this idempotency key was first")]
    Answered,
    /// The store has stopped, because it was told to or because the disk failed under it.
    #[error("the store has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same may succeed if it is tried again on the same store. What cannot be asked
    /// for a second time by anybody, because it has happened in the world, is tried until it has
    /// been written or this says no.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unwritable { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_the_way_for_now_is_worth_another_try() {
        let reason = || "the disk is full".to_owned();
        assert!(StoreError::Unwritable { reason: reason() }.is_passing());
        let others = [
            StoreError::Stopped { reason: reason() },
            StoreError::Database { reason: reason() },
            StoreError::Corrupt { what: reason() },
            StoreError::WrongKey,
        ];
        assert!(others.iter().all(|error| !error.is_passing()));
    }
}
