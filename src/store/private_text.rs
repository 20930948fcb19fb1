//! A secret text in a file that nobody but its owner may read: made whole or not at all, and replaced
//! whole. Knows nothing of what it says.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::StoreError;
use super::private_dir::{make_private_dir, parent, readable_by_others, sync_dir, unusable};
use super::seal::random_bytes;
use crate::domain::Secret;
use crate::failpoint;

/// The text in a file; none when there is no such file.
///
/// # Errors
/// When the file cannot be read.
pub fn load_private_text(path: &Path) -> Result<Option<Secret>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    if readable_by_others(path).is_ok_and(|others| others) {
        log::warn!("others may read the key file {}: set its mode to 0600", path.display());
    }
    Ok(Some(Secret::new(text.as_str())))
}

/// Makes a file with mode 0600, and its directory with mode 0700, that holds this text, unless there
/// is one already. Answers what it holds then: another process may have been first. It is on disk
/// before this returns.
///
/// # Errors
/// When it cannot be written or read back.
pub fn create_private_text(path: &Path, text: &Secret) -> Result<Secret, StoreError> {
    make_private_dir(parent(path))?;
    create(path, text).map_err(|error| unusable(path, &error))?;
    let kept = load_private_text(path)?;
    kept.ok_or_else(|| unusable(path, &"it was removed while it was made"))
}

/// Puts another text in the place of the one in a file that is there: at every moment, a loss of
/// power included, it holds the one or the other. Only for who has the directory to himself.
pub(super) fn replace(path: &Path, text: &Secret) -> Result<(), StoreError> {
    let replace = || -> io::Result<()> {
        // Behind a link, not the link itself.
        let path = path.canonicalize()?;
        // Always the same, so that what was left by who was killed here goes with the next.
        let draft = beside(&path, "next");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = new_file(&draft)?;
        // Who does this may be root, and the server not.
        let (ours, owner) = (file.metadata()?, fs::metadata(&path)?);
        if (ours.uid(), ours.gid()) != (owner.uid(), owner.gid()) {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        write(file, text)?;
        failpoint::hit("rotate-key-file-written");
        fs::rename(&draft, &path)?;
        sync_dir(parent(&path))
    };
    replace().map_err(|error| unusable(path, &error))
}

/// Writes the text under another name and then gives it its own, which fails silently if that is
/// taken: nobody ever sees half of it, and two processes agree on one.
fn create(path: &Path, text: &Secret) -> io::Result<()> {
    let draft = beside(path, &hex::encode(random_bytes::<8>()));
    let written = new_file(&draft).and_then(|file| write(file, text));
    let made = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    made.and(removed).and_then(|()| sync_dir(parent(path)))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    PathBuf::from(name)
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn write(mut file: File, text: &Secret) -> io::Result<()> {
    file.write_all(text.expose().as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_text_is_made_once_in_a_private_file_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/a.key");
        assert_eq!(load_private_text(&path).unwrap(), None);
        assert_eq!(create_private_text(&path, &"one\n".into()).unwrap(), "one\n".into());
        assert_eq!(create_private_text(&path, &"two\n".into()).unwrap(), "one\n".into());
        assert_eq!(load_private_text(&path).unwrap(), Some("one\n".into()));
        assert_eq!((mode(&path), mode(parent(&path))), (0o600, 0o700));
        assert_eq!(fs::read_dir(parent(&path)).unwrap().count(), 1, "the draft is gone");
    }

    #[test]
    fn a_text_is_replaced_whole_and_stays_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        create_private_text(&path, &"a longer one".into()).unwrap();
        // What was killed here has left this.
        fs::write(beside(&path, "next"), "x".repeat(1000)).unwrap();
        replace(&path, &"another".into()).unwrap();
        assert_eq!(load_private_text(&path).unwrap(), Some("another".into()));
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the draft is gone");
    }

    #[test]
    fn a_link_stays_one_and_what_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("a.key"), dir.path().join("link"));
        replace(&path, &"text".into()).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        create_private_text(&path, &"one".into()).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        replace(&link, &"two".into()).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(load_private_text(&path).unwrap(), Some("two".into()));
    }

    /// A server that is not root could not read it any more otherwise.
    #[test]
    fn what_root_replaces_stays_its_owners() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        create_private_text(&path, &"one".into()).unwrap();
        std::os::unix::fs::chown(&path, Some(60_700), Some(60_701)).unwrap();
        replace(&path, &"two".into()).unwrap();
        let owner = fs::metadata(&path).unwrap();
        assert_eq!((owner.uid(), owner.gid(), mode(&path)), (60_700, 60_701, 0o600));
    }
}
