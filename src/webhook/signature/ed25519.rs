//! The `v1a` signature of Standard Webhooks: Ed25519, which receivers verify with a public key that
//! they may fetch, and with which nobody else can sign. Makes no file and answers no request.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use super::verify::{Mismatch, Received, check_timestamp};
use crate::domain::Secret;

/// What a signing key begins with; the rest is its seed and its public key in padded base64.
const SECRET_PREFIX: &str = "whsk_";

/// What a public key begins with; the rest is its 32 bytes in padded base64.
const PUBLIC_PREFIX: &str = "whpk_";

/// How long a seed is, and a public key, in bytes.
const BYTES: usize = 32;

/// A key that signs. `Debug` prints nothing of it.
pub struct Ed25519Key(Ed25519KeyPair);

/// A key that verifies. Prints as `whpk_` and base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; BYTES]);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is no key that signs.
    #[error(
        "an Ed25519 signing key must be {SECRET_PREFIX} and padded standard base64 of 64 bytes: a seed \
         and the public key that belongs to it"
    )]
    Signing,
    /// It is no key that verifies.
    #[error("an Ed25519 public key must be {PUBLIC_PREFIX} and padded standard base64 of 32 bytes")]
    Public,
}

impl Ed25519Key {
    /// Makes a key, as the text that [`Ed25519Key::from_text`] reads.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Secret, getrandom::Error> {
        let mut seed = Zeroizing::new([0; BYTES]);
        getrandom::fill(seed.as_mut_slice())?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
            .expect("every 32 bytes are a seed of a key");
        let both = Zeroizing::new([seed.as_slice(), pair.public_key().as_ref()].concat());
        let text = Zeroizing::new(STANDARD.encode(both.as_slice()));
        Ok(Secret::new(format!("{SECRET_PREFIX}{}", *text)))
    }

    /// Reads `whsk_` and the base64 of 64 bytes, which is what Svix's tools have as well.
    ///
    /// # Errors
    /// When it is anything else, or its two halves do not belong together.
    pub fn from_text(text: &Secret) -> Result<Self, BadKey> {
        let encoded = text.expose().strip_prefix(SECRET_PREFIX).ok_or(BadKey::Signing)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BadKey::Signing)?);
        let (seed, public) = bytes.split_at_checked(BYTES).ok_or(BadKey::Signing)?;
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public);
        pair.map(Self).map_err(|_| BadKey::Signing)
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.try_into().expect("a public key of Ed25519 is 32 bytes"))
    }

    /// A value for `webhook-signature`: `v1a,` and the signature in padded base64, over the same
    /// content as that of [`standard`](super::standard).
    pub fn sign(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let signature = self.0.sign(&content(id, &timestamp_seconds.to_string(), body));
        format!("v1a,{}", STANDARD.encode(signature))
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[signing key]")
    }
}

impl PublicKey {
    /// Reads `whpk_` and the base64 of 32 bytes.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_text(text: &str) -> Result<Self, BadKey> {
        let encoded = text.strip_prefix(PUBLIC_PREFIX).ok_or(BadKey::Public)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadKey::Public)?;
        bytes.try_into().map(Self).map_err(|_| BadKey::Public)
    }

    /// A short name for it: the beginning of its SHA-256.
    pub fn id(&self) -> String {
        hex::encode(&Sha256::digest(self.0)[..8])
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", STANDARD.encode(self.0))
    }
}

/// Verifies a request at `now_seconds` as [`verify_standard`](super::verify_standard) does, by its
/// `v1a` signatures. Other versions are passed over. The key must come from somewhere that the
/// receiver trusts, never from the request.
///
/// ```
/// use ringback::webhook::signature::{Ed25519Key, Received, TOLERANCE, verify_ed25519};
///
/// let key = Ed25519Key::from_text(&Ed25519Key::generate()?)?;
/// let value = key.sign("evt_1", 1_750_000_000, b"{}");
/// let received = Received { id: "evt_1", timestamp: "1750000000", signature: &value, body: b"{}" };
/// verify_ed25519(&key.public(), received, 1_750_000_000, TOLERANCE)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_ed25519(
    key: &PublicKey,
    received: Received<'_>,
    now_seconds: i64,
    tolerance: Duration,
) -> Result<(), Mismatch> {
    check_timestamp(received.timestamp, now_seconds, tolerance)?;
    let content = content(received.id, received.timestamp, received.body);
    let key = UnparsedPublicKey::new(&ED25519, key.0);
    let mut signatures = received.signature.split(' ').filter_map(|item| item.strip_prefix("v1a,"));
    let matches = |signature: &str| {
        let bytes = STANDARD.decode(signature);
        bytes.is_ok_and(|bytes| key.verify(&content, &bytes).is_ok())
    };
    if signatures.any(matches) { Ok(()) } else { Err(Mismatch::Signature) }
}

/// What is signed, in one piece: Ed25519 goes over it twice.
fn content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}
