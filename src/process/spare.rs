//! Directories that programs have left as clean as they got them, kept to be used again. Making
//! and removing four inodes for each execution is dear: on an ext4 without a journal, so many
//! recent removals slow every new file down to a third of the speed.
//! Keeps nothing of what a program did: whatever is not exactly as it was made is removed.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many clean directories are kept for each name of a code file.
const SPARES_MAX: usize = 64;

/// The clean directories that wait to be used.
#[derive(Debug)]
pub(super) struct Spares {
    folder: PathBuf,
    next: AtomicU64,
    waiting: Mutex<HashMap<String, Vec<Spare>>>,
}

/// A clean directory, and by what it will be recognised as unchanged.
#[derive(Debug)]
pub(super) struct Spare {
    pub(super) path: PathBuf,
    pub(super) seal: Seal,
}

/// What must not have changed about a directory: its inodes, their modes, and who links to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal([(u64, u64, u32, u32); 3]);

impl Spares {
    /// An empty store of spares in `folder`, which is emptied: an earlier server's are not known.
    pub(super) fn create(folder: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // All programs of a server may be of one user, who could look into what waits for another.
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, next: AtomicU64::new(0), waiting: Mutex::default() })
    }

    /// A clean directory whose code file has this name, if there is one.
    pub(super) fn take(&self, code_file: &str) -> Option<Spare> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get_mut(code_file)?.pop()
    }

    /// Takes a directory back if it is as clean as when its seal was made; false when it is not,
    /// or when there are enough.
    pub(super) fn give_back(&self, root: &Path, code_file: &str, seal: &Seal) -> bool {
        if !is_clean(root, code_file, seal).unwrap_or(false) {
            return false;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = waiting.entry(code_file.to_owned()).or_default();
        if waiting.len() >= SPARES_MAX {
            return false;
        }
        let path = self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        if fs::rename(root, &path).is_err() {
            return false;
        }
        waiting.push(Spare { path, seal: seal.clone() });
        true
    }
}

impl Seal {
    /// The seal of a directory that has just been made.
    pub(super) fn of(root: &Path, code_file: &str) -> io::Result<Self> {
        let parts = [root.to_owned(), root.join(code_file), root.join(super::outlook::OWN)];
        let [root, code, own] =
            parts.map(|path| fs::symlink_metadata(path).map(|found| facts(&found)));
        Ok(Self([root?, code?, own?]))
    }
}

fn facts(found: &Metadata) -> (u64, u64, u32, u32) {
    // The number of links of a directory counts its subdirectories; of a file, its other names.
    (found.ino(), found.nlink(), found.mode(), found.uid())
}

/// Whether there is nothing but the code file and an empty directory, both still the same ones.
fn is_clean(root: &Path, code_file: &str, seal: &Seal) -> io::Result<bool> {
    if Seal::of(root, code_file)? != *seal {
        return Ok(false);
    }
    let own = root.join(super::outlook::OWN);
    Ok(fs::read_dir(own)?.next().is_none() && fs::read_dir(root)?.count() == 2)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Whether a directory is taken back after a program has done this to it.
    fn is_taken_back_after(program: impl FnOnce(&Path)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let spares = Spares::create(folder.path().join("spare")).unwrap();
        let root = folder.path().join("one");
        fs::create_dir_all(root.join("work")).unwrap();
        fs::write(root.join("main.sh"), "true").unwrap();
        let seal = Seal::of(&root, "main.sh").unwrap();
        program(&root);
        let taken = spares.give_back(&root, "main.sh", &seal);
        assert_eq!(taken, spares.take("main.sh").is_some());
        assert!(spares.take("main.py").is_none());
        taken
    }

    #[test]
    fn only_what_is_unchanged_is_used_again() {
        let mode = |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode));
        assert!(is_taken_back_after(|_| {}));
        assert!(is_taken_back_after(|root| fs::write(root.join("main.sh"), "other").unwrap()));
        assert!(!is_taken_back_after(|root| fs::write(root.join("work/file"), "").unwrap()));
        assert!(!is_taken_back_after(|root| fs::write(root.join("file"), "").unwrap()));
        assert!(!is_taken_back_after(|root| fs::remove_file(root.join("main.sh")).unwrap()));
        assert!(!is_taken_back_after(|root| fs::remove_dir(root.join("work")).unwrap()));
        assert!(!is_taken_back_after(|root| mode(&root.join("main.sh"), 0o606).unwrap()));
        assert!(!is_taken_back_after(|root| mode(&root.join("work"), 0o777).unwrap()));
        assert!(!is_taken_back_after(|root| mode(root, 0o707).unwrap()));
        assert!(!is_taken_back_after(|root| {
            fs::hard_link(root.join("main.sh"), root.with_file_name("kept")).unwrap();
        }));
        assert!(!is_taken_back_after(|root| {
            fs::remove_file(root.join("main.sh")).unwrap();
            symlink("/etc/hostname", root.join("main.sh")).unwrap();
        }));
        assert!(!is_taken_back_after(|root| {
            fs::rename(root.join("main.sh"), root.join("work/x")).unwrap();
            fs::write(root.join("main.sh"), "true").unwrap();
            fs::remove_file(root.join("work/x")).unwrap();
        }));
    }
}
