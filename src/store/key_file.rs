//! The sealing key in a file of its own, made when there is none.
//! Never overwrites a key: what was sealed with it could not be opened again.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;

use super::private_dir::{make_private_dir, parent, readable_by_others, sync_dir, unusable};
use super::seal::random_bytes;
use super::{SealingKey, StoreError};

impl SealingKey {
    /// Takes the key from a file that holds 32 bytes in base64, and makes that file with mode
    /// 0600, and its directory with mode 0700, when there is none. It is on disk before this
    /// returns.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        if let Some(key) = load(path)? {
            return Ok(key);
        }
        make_private_dir(parent(path))?;
        create(path).map_err(|error| unusable(path, &error))?;
        // Read back, because another process may have been first: then that one's key counts.
        load(path)?.ok_or_else(|| unusable(path, &"it was removed while it was made"))
    }
}

/// The key in a file; none when there is no such file.
fn load(path: &Path) -> Result<Option<SealingKey>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    if readable_by_others(path).is_ok_and(|others| others) {
        log::warn!("others may read the key file {}: set its mode to 0600", path.display());
    }
    let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
    match bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()) {
        Some(bytes) => Ok(Some(SealingKey::from_bytes(bytes))),
        None => Err(unusable(path, &"it does not hold a key, which is 32 bytes in base64")),
    }
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
    let bytes = Zeroizing::new(random_bytes::<32>());
    let text = Zeroizing::new(STANDARD.encode(bytes.as_slice()) + "\n");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
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
}
