//! The lock on a data directory: one server at a time.
//! Guards by a lock of the kernel, which ends with its process; what the file says is for people.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::super::StoreError;
use super::super::private_dir::{private_file, unusable};
use crate::domain::Timestamp;

/// The directory is this process's until this is dropped.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

/// The longest text that is worth repeating from a lock file.
const HOLDER_BYTES_MAX: u64 = 200;

impl DirLock {
    /// Locks a directory at once or says who has it.
    pub(super) fn acquire(dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let path = dir.join("ringback.lock");
        let unusable = |error: io::Error| unusable(&path, &error);
        let mut file = private_file().open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: dir.to_owned(), holder: holder(&mut file) });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(unusable(error)),
        }
        sign(&mut file, now).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

/// Writes down who has the lock.
fn sign(file: &mut File, now: Timestamp) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "pid {}, started {now}", std::process::id())
}

/// Who has the lock, as far as is known.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
    match text.trim() {
        known if read.is_ok() && !known.is_empty() => known.to_owned(),
        _ => "its lock file does not say which".to_owned(),
    }
}
