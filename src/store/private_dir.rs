//! Directories and files that nobody but their owner may look into.
//! Changes nothing about what exists already, and knows nothing of what is kept there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::StoreError;

/// Makes a directory with mode 0700, and those above it, unless it is there.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    let missing: Vec<_> = dir.ancestors().take_while(|ancestor| !is_there(ancestor)).collect();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    // Without this a power loss could take a new directory with everything in it.
    let synced = || missing.iter().try_for_each(|new| sync_dir(parent(new)));
    made.and_then(|()| synced()).map_err(|error| unusable(dir, &error))
}

fn is_there(dir: &Path) -> bool {
    // The empty path is above every relative one, and stands for the current directory.
    dir.as_os_str().is_empty() || dir.is_dir()
}

/// How files of mode 0600 are opened for writing, and made if they are not there.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options
}

/// Brings the names in a directory to disk.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The directory that holds `path`.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Says that `path` cannot be used, in the system's words.
pub(super) fn unusable(path: &Path, reason: &impl ToString) -> StoreError {
    StoreError::Unusable { path: path.to_owned(), reason: reason.to_string() }
}

/// Whether others than its owner may read a file.
pub(super) fn readable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}
