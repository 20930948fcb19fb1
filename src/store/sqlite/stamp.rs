//! The stamp by which processes on the same data directory notice that keys were changed: a file
//! that every change makes longer. Its length alone counts, since two changes may have the same time.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::KeysStamp;
use super::super::private_dir::{parent, private_file};

/// The stamp of a data directory.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    path: PathBuf,
    own: Arc<AtomicU64>,
}

impl Stamp {
    pub(super) fn of(dir: &Path) -> Self {
        Self { path: dir.join("keys.stamp"), own: Arc::default() }
    }

    /// Tells this process and all others of a change that is on disk. Whoever cannot be told looks
    /// into the store every few seconds anyway.
    pub(super) fn touch(&self) {
        self.own.fetch_add(1, Ordering::SeqCst);
        if let Err(error) = self.grow() {
            let path = self.path.display();
            log::warn!(
                "other processes are not told at once that keys have changed: {path}: {error}"
            );
        }
    }

    /// What it is now.
    pub(super) fn read(&self) -> KeysStamp {
        let others = fs::metadata(&self.path).ok().map(|about| (about.ino(), about.len()));
        KeysStamp { own: self.own.load(Ordering::SeqCst), others }
    }

    fn grow(&self) -> io::Result<()> {
        // Every byte that is appended is one, however many append at once.
        let mut file = match private_file().append(true).create_new(true).open(&self.path) {
            Ok(made) => {
                self.leave_to_the_owner(&made)?;
                made
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                private_file().append(true).open(&self.path)?
            }
            Err(error) => return Err(error),
        };
        file.write_all(b".")
    }

    /// What root has just made beside a server of another user must be that user's, as SQLite does with its
    /// own files: the server could not tell anybody otherwise. Never of a file that was there, which may be
    /// a link of that user's to what is none of its business.
    fn leave_to_the_owner(&self, made: &File) -> io::Result<()> {
        let (dir, about) = (fs::metadata(parent(&self.path))?, made.metadata()?);
        if about.uid() == dir.uid() {
            return Ok(());
        }
        fchown(made, Some(dir.uid()), Some(dir.gid()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says something only where root runs it.
    #[test]
    fn it_is_of_whoever_has_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let _ = std::os::unix::fs::chown(dir.path(), Some(65_534), Some(65_534));
        Stamp::of(dir.path()).touch();
        let uid = |path: &Path| fs::metadata(path).unwrap().uid();
        assert_eq!(uid(&dir.path().join("keys.stamp")), uid(dir.path()));
    }

    #[test]
    fn every_touch_is_seen_by_all_who_look() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (Stamp::of(dir.path()), Stamp::of(dir.path()));
        let mut seen = vec![(one.read(), other.read())];
        for toucher in [&one, &other, &other, &one] {
            toucher.touch();
            let now = (one.read(), other.read());
            assert!(seen.iter().all(|before| before.0 != now.0 && before.1 != now.1), "{now:?}");
            assert_eq!((one.read(), other.read()), now, "looking changes nothing");
            seen.push(now);
        }
        fs::remove_file(dir.path().join("keys.stamp")).unwrap();
        assert!(seen.iter().all(|before| before.0 != one.read()));
    }
}
