//! The Rust of docs/verify.md, as it stands there.
//! Knows nothing of Ringback: it is a receiver's code.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TOLERANCE_SECONDS: u64 = 300;

/// Whether a callback was signed with this secret, a moment ago.
pub fn verify<'a>(secret: &str, header: impl Fn(&str) -> Option<&'a str>, body: &[u8]) -> bool {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let [Some(id), Some(timestamp), Some(signatures)] = names.map(header) else { return false };
    let Ok(seconds) = timestamp.parse::<u64>() else { return false };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now.abs_diff(seconds) > TOLERANCE_SECONDS {
        return false;
    }
    let Some(mut mac) = key_of(secret).and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok())
    else {
        return false;
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    // `verify_slice` compares in constant time.
    let matches = |signature: &str| {
        let bytes = STANDARD.decode(signature);
        bytes.is_ok_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
    };
    signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,")).any(matches)
}

fn key_of(secret: &str) -> Option<Vec<u8>> {
    match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).ok(),
        None => Some(secret.as_bytes().to_vec()),
    }
}

/// The same by HopX's header, which does not say when it was made.
pub fn verify_hopx<'a>(
    secret: &str,
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
) -> bool {
    let digits = header("x-hopx-signature").and_then(|value| value.strip_prefix("sha256="));
    let given = digits.and_then(|digits| hex::decode(digits).ok());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    given.is_some_and(|given| mac.verify_slice(&given).is_ok())
}
