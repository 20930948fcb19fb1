//! The sealing key in a file of its own: made when there is none, and rotated by putting another one
//! first. Never overwrites a key that may still be needed: what was sealed with it would be lost.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;

use super::private_dir::unusable;
use super::private_text::{self, create_private_text, load_private_text};
use super::seal::{KeyBytes, key_bytes, random_bytes};
use super::{SealingKey, StoreError};
use crate::domain::Secret;

impl SealingKey {
    /// Takes the key from a file that holds 32 bytes in base64, and makes that file with mode
    /// 0600, and its directory with mode 0700, when there is none. It is on disk before this
    /// returns. A file with several keys, one a line, is that of a rotation which was not brought to
    /// its end: the first seals, and all open.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        let keys = match load(path)? {
            Some(keys) => keys,
            None => parse(path, &create_private_text(path, &text_of(&[new_key()]))?)?,
        };
        Ok(Self::of(&keys))
    }

    /// Takes the key from a file; none when there is no such file.
    pub fn load(path: &Path) -> Result<Option<Self>, StoreError> {
        Ok(load(path)?.map(|keys| Self::of(&keys)))
    }
}

/// The keys in a file, at least one; none when there is no such file.
pub(super) fn load(path: &Path) -> Result<Option<Vec<KeyBytes>>, StoreError> {
    load_private_text(path)?.map(|text| parse(path, &text)).transpose()
}

fn parse(path: &Path, text: &Secret) -> Result<Vec<KeyBytes>, StoreError> {
    let keys = key_bytes(text.expose());
    keys.ok_or_else(|| unusable(path, &"it does not hold a key, which is 32 bytes in base64"))
}

/// A key that nobody can guess.
pub(super) fn new_key() -> KeyBytes {
    Zeroizing::new(random_bytes())
}

/// Puts these keys in place of those in a file that is there, all at once.
pub(super) fn replace(path: &Path, keys: &[KeyBytes]) -> Result<(), StoreError> {
    private_text::replace(path, &text_of(keys))
}

/// Keys as a file has them, one a line.
fn text_of(keys: &[KeyBytes]) -> Secret {
    let line = |key: &KeyBytes| STANDARD.encode(key.as_slice()) + "\n";
    Secret::new(keys.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::private_dir::parent;
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
    fn another_key_is_put_first_and_the_old_one_still_opens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        replace(&path, &[new_key()]).unwrap_err();
        assert!(SealingKey::load(&path).unwrap().is_none());
        let old = SealingKey::load_or_create(&path).unwrap();
        let keys = [vec![new_key()], load(&path).unwrap().unwrap()].concat();
        replace(&path, &keys).unwrap();
        let both = SealingKey::load_or_create(&path).unwrap();
        assert_eq!(both.fingerprints(), SealingKey::of(&keys).fingerprints());
        assert!(opens_with(&both, &old.seal(b"text", b"")));
        assert!(!opens_with(&old, &both.seal(b"text", b"")));
    }
}
