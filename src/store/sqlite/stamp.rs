//! The stamp by which processes on the same data directory notice that keys were changed: a file
//! that every change makes longer. Its length alone counts, since two changes may have the same time.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::KeysStamp;
use super::super::private_dir::private_file;

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
        private_file().append(true).open(&self.path)?.write_all(b".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
