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
    #[error("a stored secret cannot be opened with this secrets.key")]
    WrongKey,
    /// The store has stopped, because it was told to or because the disk failed under it.
    #[error("the store has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same store may well do it when it is asked again.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Database { .. })
    }
}
