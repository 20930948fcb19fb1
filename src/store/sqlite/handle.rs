//! The SQLite store itself: its threads, and what it holds for as long as it is open.
//! Does nothing of the contract.

use std::fmt;
use std::sync::atomic::AtomicU64;

use super::super::StoreError;
use super::super::measures::Measuring;
use super::super::private_dir::unusable;
use super::SqliteOptions;
use super::claims::Claims;
use super::lock::DirLock;
use super::open::{Opened, open_all};
use super::readers::Readers;
use super::stamp::Stamp;
use super::stop::Stop;
use super::writer::Writer;
use crate::domain::Timestamp;

/// A store in one SQLite file that no other process may have open, but for its keys ([`KeysOf`]).
///
/// [`KeysOf`]: super::KeysOf
///
/// Dropping it finishes the writes under way, ends its threads and gives the directory free; it
/// waits for that.
pub struct SqliteStore {
    // Fields are dropped in this order: the writer closes last, so that it can copy the log back
    // into the database, and the directory is free only when the file is closed.
    pub(super) readers: Readers,
    pub(super) writer: Writer,
    _lock: DirLock,
    pub(super) claims: Claims,
    pub(super) superseded: AtomicU64,
    pub(super) measuring: Measuring,
    pub(super) options: SqliteOptions,
    pub(super) stamp: Stamp,
}

impl SqliteStore {
    /// Opens `<dir>/ringback.db`, made if it is not there, and takes the directory for this
    /// process. Reads and writes files: not for a thread that serves requests.
    pub fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        Self::start(open_all(&options)?, options)
    }

    /// Starts the threads on connections that were opened with these options.
    pub(super) fn start(opened: Opened, options: SqliteOptions) -> Result<Self, StoreError> {
        let Opened { lock, writer, readers } = opened;
        let (stop, measuring) = (Stop::default(), Measuring::default());
        let no_thread = |error: std::io::Error| unusable(&options.dir, &error);
        let writer = Writer::start(writer, (stop.clone(), measuring.clone())).map_err(no_thread)?;
        let readers = Readers::start(readers, (stop, measuring.clone())).map_err(no_thread)?;
        let (claims, superseded) = (Claims::none(), AtomicU64::default());
        let stamp = Stamp::of(&options.dir);
        Ok(Self { readers, writer, _lock: lock, claims, superseded, measuring, options, stamp })
    }

    /// How many transactions have been committed since it was opened. Writes that come at the
    /// same time share one.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    /// By what time something was kept long enough: by either clock, since one that leaps ahead must
    /// not empty the store.
    pub(super) fn kept_by(&self) -> Timestamp {
        self.options.clock.now().min(self.options.clock.steady())
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("options", &self.options).finish_non_exhaustive()
    }
}
