//! Verifies signatures as a receiver does, for the command line and the demo.
//! Reads no clock: what time it is comes in as an argument.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;

use super::{BadSecret, body_mac, standard_mac};
use crate::domain::Secret;

/// How far a timestamp may be from the receiver's clock, as Standard Webhooks' libraries have it.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// What a receiver has in hand: three headers as they came, and the raw body.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`, in Unix seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more signatures with spaces between them.
    pub signature: &'a str,
    /// The body before any parsing.
    pub body: &'a [u8],
}

/// Verifies a Standard Webhooks request at `now_seconds`: the timestamp must be within
/// `tolerance`, and one of the `v1` signatures must match. Other versions are passed over.
///
/// ```
/// use ringback::domain::Secret;
/// use ringback::webhook::signature::{self, Received, TOLERANCE};
///
/// let secret = Secret::new("a secret of my own");
/// let now = 1_750_000_000;
/// let value = signature::standard(&secret, "evt_1", now, b"{}").unwrap();
/// let received = Received { id: "evt_1", timestamp: "1750000000", signature: &value, body: b"{}" };
/// signature::verify_standard(&secret, received, now, TOLERANCE).unwrap();
///
/// let tampered = Received { body: b"[]", ..received };
/// assert!(signature::verify_standard(&secret, tampered, now, TOLERANCE).is_err());
/// ```
pub fn verify_standard(
    secret: &Secret,
    received: Received<'_>,
    now_seconds: i64,
    tolerance: Duration,
) -> Result<(), Mismatch> {
    check_timestamp(received.timestamp, now_seconds, tolerance)?;
    let mac = standard_mac(secret, received.id, received.timestamp, received.body)?;
    let mut signatures = received.signature.split(' ').filter_map(|item| item.strip_prefix("v1,"));
    let matches = |signature: &str| {
        // Decoding tells nothing of the secret; the comparison takes the same time for any bytes.
        let bytes = STANDARD.decode(signature);
        bytes.is_ok_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
    };
    if signatures.any(matches) { Ok(()) } else { Err(Mismatch::Signature) }
}

/// Verifies the value of `X-HopX-Signature`. The prefix `sha256=` may be missing; anything but one
/// signature in lower-case hex is refused, because the published verifiers refuse it.
///
/// ```
/// use ringback::domain::Secret;
/// use ringback::webhook::signature;
///
/// let secret = Secret::new("your-secret-key");
/// let value = signature::hopx(&secret, b"{}");
/// assert!(signature::verify_hopx(&secret, b"{}", &value).is_ok());
/// assert!(signature::verify_hopx(&secret, b"[]", &value).is_err());
/// ```
pub fn verify_hopx(secret: &Secret, body: &[u8], header_value: &str) -> Result<(), Mismatch> {
    let digits = header_value.strip_prefix("sha256=").unwrap_or(header_value);
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Mismatch::Signature);
    }
    let bytes = hex::decode(digits).map_err(|_| Mismatch::Signature)?;
    body_mac(secret, body).verify_slice(&bytes).map_err(|_| Mismatch::Signature)
}

/// What is wrong with a request that claims to be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The timestamp is no number of seconds.
    #[error("the timestamp is not a whole number of Unix seconds in plain decimal digits")]
    MalformedTimestamp,
    /// The request was made long ago, or is a replay.
    #[error("the timestamp is {by:?} old, and {tolerance:?} is allowed")]
    TooOld {
        /// How old it is.
        by: Duration,
        /// How old it may be.
        tolerance: Duration,
    },
    /// One of the clocks is wrong, or the timestamp is in another unit.
    #[error("the timestamp is {by:?} in the future, and {tolerance:?} is allowed")]
    TooNew {
        /// How far ahead it is.
        by: Duration,
        /// How far ahead it may be.
        tolerance: Duration,
    },
    /// No signature in the header was made with this secret for this content.
    #[error("no signature matches: the secret differs, or the id, timestamp or body was changed")]
    Signature,
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] BadSecret),
}

/// Judges the text of a timestamp: how it is written, and how far it is from now.
pub(super) fn check_timestamp(text: &str, now: i64, tolerance: Duration) -> Result<(), Mismatch> {
    let timestamp: i64 = text.parse().map_err(|_| Mismatch::MalformedTimestamp)?;
    // Other libraries write the number anew before they sign it: `+5` and `05` would pass here
    // and fail there.
    if timestamp.to_string() != text {
        return Err(Mismatch::MalformedTimestamp);
    }
    let by = Duration::from_secs(now.abs_diff(timestamp));
    if by <= tolerance {
        Ok(())
    } else if timestamp < now {
        Err(Mismatch::TooOld { by, tolerance })
    } else {
        Err(Mismatch::TooNew { by, tolerance })
    }
}
