//! Encryption of secrets at rest: XChaCha20-Poly1305. One key seals; those before it still open.
//! Never prints a key or a text, and knows no table.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use super::StoreError;

/// The key that secrets are sealed with, and those that they once were sealed with. `Debug` prints
/// nothing of it; it is wiped when dropped.
#[derive(Clone)]
pub struct SealingKey {
    /// The first seals and all open. Never empty.
    keys: Vec<OneKey>,
}

#[derive(Clone)]
struct OneKey {
    cipher: XChaCha20Poly1305,
    fingerprint: Fingerprint,
}

/// What may be said of a key: the beginning of its SHA-256. Prints as 8 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 4]);

/// The bytes of a key, wiped when they are dropped.
pub(super) type KeyBytes = Zeroizing<[u8; 32]>;

/// The first byte of everything sealed: which way of sealing it is.
const VERSION: u8 = 1;

/// As long as it is so that random ones do not meet.
const NONCE_BYTES: usize = 24;

impl SealingKey {
    /// Uses these bytes, which must have been drawn at random.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { keys: vec![OneKey::new(&Zeroizing::new(bytes))] }
    }

    /// Reads one or more keys, each 32 bytes in base64, with spaces, line breaks or commas between
    /// them: the first seals, and all open. Nothing when the text is anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        key_bytes(text).map(|keys| Self::of(&keys))
    }

    /// The same with the keys of another, which only open.
    pub fn with_previous(mut self, previous: Self) -> Self {
        for key in previous.keys {
            if self.keys.iter().all(|known| known.fingerprint != key.fingerprint) {
                self.keys.push(key);
            }
        }
        self
    }

    /// The first of these keys seals. There must be one.
    pub(super) fn of(keys: &[KeyBytes]) -> Self {
        Self { keys: keys.iter().map(OneKey::new).collect() }
    }

    /// The key that seals, and those that only open.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        self.keys.iter().map(|key| key.fingerprint).collect()
    }

    /// Seals a text so that it opens with this key and the same `context` only: a blob that is
    /// moved to another row does not open there.
    pub(super) fn seal(&self, text: &[u8], context: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = random_bytes();
        let sealed = self.keys[0]
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
        self.open_with(sealed, context).map(|(_, text)| text)
    }

    /// The same, with the number of the key that opens it: 0 is the one that seals.
    pub(super) fn open_with(
        &self,
        sealed: &[u8],
        context: &[u8],
    ) -> Result<(usize, Zeroizing<Vec<u8>>), StoreError> {
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
        let open = |(number, key): (usize, &OneKey)| {
            let payload = Payload { msg: text, aad: context };
            let text = key.cipher.decrypt(XNonce::from_slice(nonce), payload).ok()?;
            Some((number, Zeroizing::new(text)))
        };
        self.keys.iter().enumerate().find_map(open).ok_or(StoreError::WrongKey)
    }
}

impl OneKey {
    fn new(bytes: &KeyBytes) -> Self {
        let hash = Sha256::digest(bytes.as_slice());
        Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(bytes.as_slice())),
            fingerprint: Fingerprint([hash[0], hash[1], hash[2], hash[3]]),
        }
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealing key]")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The keys in a text, at least one; nothing when it holds anything else.
pub(super) fn key_bytes(text: &str) -> Option<Vec<KeyBytes>> {
    let words = text.split(|c: char| c.is_ascii_whitespace() || c == ',');
    let keys: Option<Vec<_>> = words.filter(|word| !word.is_empty()).map(one_key).collect();
    keys.filter(|keys| !keys.is_empty())
}

fn one_key(word: &str) -> Option<KeyBytes> {
    let bytes = Zeroizing::new(STANDARD.decode(word).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
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
    fn the_first_key_seals_and_all_open() {
        let (old, new) = (key(1).seal(TEXT, b"row 1"), key(2).seal(TEXT, b"row 1"));
        let both = key(2).with_previous(key(1));
        assert_eq!(both.open_with(&new, b"row 1").unwrap().0, 0);
        assert_eq!(both.open_with(&old, b"row 1").unwrap().0, 1);
        assert!(matches!(
            both.open(&key(3).seal(TEXT, b"row 1"), b"row 1"),
            Err(StoreError::WrongKey)
        ));
        let sealed = both.seal(TEXT, b"row 1");
        assert_eq!(key(2).open(&sealed, b"row 1").unwrap().as_slice(), TEXT);
        assert!(key(1).open(&sealed, b"row 1").is_err());
    }

    #[test]
    fn a_text_holds_one_key_or_more_and_nothing_else() {
        let base64 = |byte| STANDARD.encode([byte; 32]);
        let texts = |keys: &[&str]| keys.concat();
        let (one, other) = (base64(1), base64(2));
        for text in [texts(&[&one]), texts(&[" ", &one, "\r\n\n"])] {
            let read = SealingKey::from_text(&text).unwrap();
            assert_eq!(read.fingerprints(), key(1).fingerprints(), "{text:?}");
        }
        for between in [" ", "\n", ",", " , \n"] {
            let read = SealingKey::from_text(&texts(&[&one, between, &other])).unwrap();
            let both = key(1).with_previous(key(2));
            assert_eq!(read.fingerprints(), both.fingerprints(), "{between:?}");
        }
        for text in ["", " \n,", "aGVsbG8=", "hello", &texts(&[&one, " x"]), &base64(1)[..43]] {
            assert!(SealingKey::from_text(text).is_none(), "{text:?}");
        }
        assert_eq!(key(1).with_previous(key(1)).fingerprints().len(), 1, "no key is there twice");
    }

    #[test]
    fn a_fingerprint_tells_keys_apart_and_nothing_of_them() {
        // The beginning of what `head -c 32 /dev/zero | sha256sum` prints.
        assert_eq!(key(0).fingerprints()[0].to_string(), "66687aad");
        assert_ne!(key(1).fingerprints(), key(2).fingerprints());
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
