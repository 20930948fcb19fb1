//! Signs webhooks: Standard Webhooks 1.0.0 (`v1`, and `v1a` beside it) and HopX, which is GitHub's scheme renamed.
//! Reads no clock and knows no payload: what is signed are the bytes that will be sent.

mod ed25519;
mod verify;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use crate::domain::Secret;

pub use ed25519::{BadKey, Ed25519Key, PublicKey, verify_ed25519};
pub use verify::{Mismatch, Received, TOLERANCE, verify_hopx, verify_standard};

/// What a secret begins with when the rest of it is the key in base64.
const ENCODED_PREFIX: &str = "whsec_";

/// How long the key of a `whsec_` secret must be, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// How long the key of a secret of our own is, in bytes.
const NEW_KEY_BYTES: usize = 32;

/// The value of `webhook-signature`: `v1,` and the signature in padded base64.
///
/// `id` is the value of `webhook-id`, `timestamp_seconds` that of `webhook-timestamp`: the time of
/// this attempt. A receiver takes several signatures with one space between them.
///
/// ```
/// use ringback::domain::Secret;
/// use ringback::webhook::signature;
///
/// let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
/// let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
/// let value = signature::standard(&secret, id, 1_614_265_330, br#"{"test": 2432232314}"#)?;
/// assert_eq!(value, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
/// # Ok::<(), signature::BadSecret>(())
/// ```
pub fn standard(
    secret: &Secret,
    id: &str,
    timestamp_seconds: i64,
    body: &[u8],
) -> Result<String, BadSecret> {
    let mac = standard_mac(secret, id, &timestamp_seconds.to_string(), body)?;
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The value of `X-HopX-Signature`: `sha256=` and the signature in lower-case hex. Only the body
/// is signed, and the key is the literal text of the secret, whatever it begins with.
///
/// ```
/// use ringback::domain::Secret;
/// use ringback::webhook::signature;
///
/// let value = signature::hopx(&Secret::new("It's a Secret to Everybody"), b"Hello, World!");
/// assert_eq!(value, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
/// ```
pub fn hopx(secret: &Secret, body: &[u8]) -> String {
    format!("sha256={}", fetch_hive(secret, body))
}

/// The value of `X-Fetch-Hive-Signature`: as HopX's, without a prefix. Fetch Hive does not say which
/// encoding its own has.
///
/// ```
/// use ringback::domain::Secret;
/// use ringback::webhook::signature;
///
/// let value = signature::fetch_hive(&Secret::new("It's a Secret to Everybody"), b"Hello, World!");
/// assert_eq!(value, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
/// ```
pub fn fetch_hive(secret: &Secret, body: &[u8]) -> String {
    hex::encode(body_mac(secret, body).finalize().into_bytes())
}

/// Judges a secret before it is accepted: what begins with `whsec_` must be what receivers'
/// libraries can decode, all of them. Any other text will do.
pub fn check_secret(secret: &Secret) -> Result<(), BadSecret> {
    let Some(key) = encoded_key(secret) else { return Ok(()) };
    if KEY_BYTES.contains(&key?.len()) { Ok(()) } else { Err(BadSecret) }
}

/// Makes a signing secret: `whsec_` and 32 bytes that nobody can guess, in padded base64, which is
/// the one spelling that receivers' libraries agree on.
///
/// # Errors
/// When the system has no randomness.
pub fn new_secret() -> Result<Secret, getrandom::Error> {
    let mut key = Zeroizing::new([0; NEW_KEY_BYTES]);
    getrandom::fill(key.as_mut_slice())?;
    let text = Zeroizing::new(STANDARD.encode(key.as_slice()));
    Ok(Secret::new(format!("{ENCODED_PREFIX}{}", *text)))
}

/// A secret that begins with `whsec_` and is not what that promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a signing secret that begins with whsec_ must go on with padded standard base64 of {} to {} bytes",
    KEY_BYTES.start(), KEY_BYTES.end()
)]
pub struct BadSecret;

/// An HMAC that has taken in the signed content, `{id}.{timestamp}.{body}`.
fn standard_mac(
    secret: &Secret,
    id: &str,
    timestamp: &str,
    body: &[u8],
) -> Result<Hmac<Sha256>, BadSecret> {
    let key = match encoded_key(secret) {
        Some(key) => Cow::Owned(key?),
        None => Cow::Borrowed(secret.expose().as_bytes()),
    };
    // An empty key would be one that everybody knows.
    if key.is_empty() {
        return Err(BadSecret);
    }
    Ok(mac_of(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]))
}

fn body_mac(secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
    mac_of(secret.expose().as_bytes(), &[body])
}

fn mac_of(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The key in a `whsec_` secret; none when the secret is of another kind.
fn encoded_key(secret: &Secret) -> Option<Result<Vec<u8>, BadSecret>> {
    let encoded = secret.expose().strip_prefix(ENCODED_PREFIX)?;
    Some(STANDARD.decode(encoded).map_err(|_| BadSecret))
}
