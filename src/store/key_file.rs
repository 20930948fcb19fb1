//! The sealing key in a file of its own: made when there is none, and rotated by putting another one
//! first. Never overwrites a key that may still be needed: what was sealed with it would be lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;

use super::private_dir::{make_private_dir, parent, readable_by_others, sync_dir, unusable};
use super::seal::{KeyBytes, key_bytes, random_bytes};
use super::{SealingKey, StoreError};
use crate::failpoint;

impl SealingKey {
    /// Takes the key from a file that holds 32 bytes in base64, and makes that file with mode
    /// 0600, and its directory with mode 0700, when there is none. It is on disk before this
    /// returns. A file with several keys, one a line, is that of a rotation which was not brought to
    /// its end: the first seals, and all open.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        if let Some(keys) = load(path)? {
            return Ok(Self::of(&keys));
        }
        make_private_dir(parent(path))?;
        create(path).map_err(|error| unusable(path, &error))?;
        // Read back, because another process may have been first: then that one's key counts.
        let keys =
            load(path)?.ok_or_else(|| unusable(path, &"it was removed while it was made"))?;
        Ok(Self::of(&keys))
    }

    /// Takes the key from a file; none when there is no such file.
    pub fn load(path: &Path) -> Result<Option<Self>, StoreError> {
        Ok(load(path)?.map(|keys| Self::of(&keys)))
    }
}

/// The keys in a file, at least one; none when there is no such file.
pub(super) fn load(path: &Path) -> Result<Option<Vec<KeyBytes>>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    if readable_by_others(path).is_ok_and(|others| others) {
        log::warn!("others may read the key file {}: set its mode to 0600", path.display());
    }
    let keys = key_bytes(&text).map(Some);
    keys.ok_or_else(|| unusable(path, &"it does not hold a key, which is 32 bytes in base64"))
}

/// A key that nobody can guess.
pub(super) fn new_key() -> KeyBytes {
    Zeroizing::new(random_bytes())
}

/// Puts these keys in place of those in a file that is there: at every moment, a loss of power
/// included, it holds the ones or the others. Only for who has the data directory to himself.
pub(super) fn replace(path: &Path, keys: &[KeyBytes]) -> Result<(), StoreError> {
    let replace = || -> io::Result<()> {
        // Behind a link, not the link itself.
        let path = path.canonicalize()?;
        let mut draft = path.as_os_str().to_owned();
        // Always the same, so that what a killed rotation has left goes with the next.
        draft.push(".next");
        let draft = PathBuf::from(draft);
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = new_file(&draft)?;
        // Who rotates may be root, and the server not.
        let owner = fs::metadata(&path)?;
        if (file.metadata()?.uid(), file.metadata()?.gid()) != (owner.uid(), owner.gid()) {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        write(file, keys)?;
        failpoint::hit("rotate-key-file-written");
        fs::rename(&draft, &path)?;
        sync_dir(parent(&path))
    };
    replace().map_err(|error| unusable(path, &error))
}

/// Writes a new key under another name and then gives it its own, which fails silently if that
/// is taken: nobody ever sees half a key, and two processes agree on one.
fn create(path: &Path) -> io::Result<()> {
    let draft = draft_name(path);
    let made = write_key(&draft).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    made.and(removed).and_then(|()| sync_dir(parent(path)))
}

fn draft_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", hex::encode(random_bytes::<8>())));
    PathBuf::from(name)
}

fn write_key(path: &Path) -> io::Result<()> {
    write(new_file(path)?, &[new_key()])
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes keys, one a line, and brings them to disk.
fn write(mut file: File, keys: &[KeyBytes]) -> io::Result<()> {
    for key in keys {
        let line = Zeroizing::new(STANDARD.encode(key.as_slice()) + "\n");
        file.write_all(line.as_bytes())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn opens_with(key: &SealingKey, sealed: &[u8]) -> bool {
        key.open(sealed, b"").is_ok()
    }

    #[test]
    fn a_key_is_made_once_in_a_private_file_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/secrets.key");
        let sealed = SealingKey::load_or_create(&path).unwrap().seal(b"text", b"");
        assert!(opens_with(&SealingKey::load_or_create(&path).unwrap(), &sealed));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(parent(&path))), (0o600, 0o700));
        assert_eq!(fs::read_dir(parent(&path)).unwrap().count(), 1, "the draft is gone");
    }

    #[test]
    fn processes_that_make_it_at_once_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| SealingKey::load_or_create(&path))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
        });
        let sealed = keys[0].seal(b"text", b"");
        assert!(keys.iter().all(|key| opens_with(key, &sealed)));
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        for text in ["", "hello", "aGVsbG8=", &STANDARD.encode([1; 33])] {
            fs::write(&path, text).unwrap();
            let error = SealingKey::load_or_create(&path).unwrap_err().to_string();
            assert!(error.contains("32 bytes in base64"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn keys_are_replaced_whole_and_the_file_stays_its_owners() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        let old = SealingKey::load_or_create(&path).unwrap();
        let keys = [vec![new_key()], load(&path).unwrap().unwrap()].concat();
        // A rotation that was killed here has left this.
        fs::write(dir.path().join("secrets.key.next"), "x".repeat(1000)).unwrap();
        replace(&path, &keys).unwrap();
        let both = SealingKey::load(&path).unwrap().unwrap();
        assert_eq!(both.fingerprints()[1..], old.fingerprints());
        let meta = fs::metadata(&path).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the draft is gone");
    }

    #[test]
    fn there_is_nothing_to_load_or_to_replace_where_there_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        assert!(SealingKey::load(&path).unwrap().is_none());
        replace(&path, &[new_key()]).unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
