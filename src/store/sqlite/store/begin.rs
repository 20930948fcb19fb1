//! How a SQLite store comes about: its connections opened, its threads started on them.
//! Reads and writes no execution.

use std::fmt;
use std::sync::atomic::AtomicU64;

use super::super::super::StoreError;
use super::super::super::measures::Measuring;
use super::super::super::private_dir::unusable;
use super::super::SqliteOptions;
use super::super::claims::Claims;
use super::super::open::{Opened, open_all};
use super::super::readers::Readers;
use super::super::stamp::Stamp;
use super::super::stop::Stop;
use super::super::writer::Writer;
use super::SqliteStore;

impl SqliteStore {
    /// Opens `<dir>/ringback.db`, made if it is not there, and takes the directory for this
    /// process. Reads and writes files: not for a thread that serves requests.
    pub fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        Self::start(open_all(&options)?, options)
    }

    /// Starts the threads on connections that were opened with these options.
    pub(in super::super) fn start(
        opened: Opened,
        options: SqliteOptions,
    ) -> Result<Self, StoreError> {
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
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("options", &self.options).finish_non_exhaustive()
    }
}
