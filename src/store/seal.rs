//! Encryption of secrets at rest: XChaCha20-Poly1305 with one key.
//! Never prints a key or a text, and knows no table.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;

use super::StoreError;

/// The key that secrets are sealed with. `Debug` prints nothing of it; it is wiped when dropped.
#[derive(Clone)]
pub struct SealingKey {
    cipher: XChaCha20Poly1305,
}

/// The first byte of everything sealed: which way of sealing it is.
const VERSION: u8 = 1;

/// As long as it is so that random ones do not meet.
const NONCE_BYTES: usize = 24;

impl SealingKey {
    /// Uses these bytes, which must have been drawn at random.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self { cipher: XChaCha20Poly1305::new(Key::from_slice(bytes.as_slice())) }
    }

    /// Seals a text so that it opens with this key and the same `context` only: a blob that is
    /// moved to another row does not open there.
    pub(super) fn seal(&self, text: &[u8], context: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random_bytes();
        let sealed = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: text, aad: context })
            .expect("a request is limited to far less than the 256 GiB that the cipher can take");
        [&[VERSION], nonce.as_slice(), &sealed].concat()
    }

    /// The text that was sealed in this context.
    pub(super) fn open(
        &self,
        sealed: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt { what: what.to_owned() };
        let Some((&version, rest)) = sealed.split_first() else {
            return Err(corrupt("an empty sealed value"));
        };
        if version != VERSION {
            return Err(corrupt("a sealed value of an unknown version"));
        }
        let Some((nonce, text)) = rest.split_at_checked(NONCE_BYTES) else {
            return Err(corrupt("a sealed value that was cut short"));
        };
        self.cipher
            .decrypt(XNonce::from_slice(nonce), Payload { msg: text, aad: context })
            .map(Zeroizing::new)
            .map_err(|_| StoreError::WrongKey)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealing key]")
    }
}

/// Bytes that nobody can guess.
pub(super) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .expect("a system that gives no random bytes could not have given the process its ids");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"hunter2 hunter2 hunter2";

    fn key(byte: u8) -> SealingKey {
        SealingKey::from_bytes([byte; 32])
    }

    #[test]
    fn what_was_sealed_opens_with_the_same_key_and_context() {
        for text in [TEXT, b""] {
            let sealed = key(1).seal(text, b"row 1");
            assert_eq!(key(1).open(&sealed, b"row 1").unwrap().as_slice(), text);
            assert_eq!(sealed.len(), 1 + NONCE_BYTES + text.len() + 16);
        }
    }

    #[test]
    fn it_opens_with_no_other_key_and_in_no_other_context() {
        let sealed = key(1).seal(TEXT, b"row 1");
        assert!(matches!(key(2).open(&sealed, b"row 1"), Err(StoreError::WrongKey)));
        assert!(matches!(key(1).open(&sealed, b"row 2"), Err(StoreError::WrongKey)));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealed = key(1).seal(TEXT, b"row 1");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key(1).open(&changed, b"row 1").is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(key(1).open(&sealed[..length], b"row 1").is_err(), "length {length}");
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time_and_never_shows() {
        let (once, twice) = (key(1).seal(TEXT, b"row 1"), key(1).seal(TEXT, b"row 1"));
        assert_ne!(once, twice);
        assert!(!once.windows(7).any(|window| window == b"hunter2"));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", key(7)), "[sealing key]");
    }
}
