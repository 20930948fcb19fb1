//! Whether a callback was signed with a secret, by which of its signatures, and why not.
//! Reads no clock, and decides nothing about what is done with the callback.

use serde::Serialize;

use super::callback::Callback;
use crate::domain::Secret;
use crate::webhook::signature::{Mismatch, Received, TOLERANCE, verify_hopx, verify_standard};

/// What became of verifying a callback.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Verdict {
    /// Every signature that it carries.
    pub(in crate::cli) signatures: Vec<Checked>,
    /// Why it does not count as verified; none when it does.
    pub(in crate::cli) error: Option<String>,
}

/// One signature of a callback.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Checked {
    /// `v1` and other versions of Standard Webhooks, or `X-HopX-Signature`.
    pub(in crate::cli) scheme: String,
    /// Whether the secret made it; none for a version that needs something else than a secret.
    pub(in crate::cli) matches: Option<bool>,
}

/// HopX's own header, as people write it.
const HOPX: &str = "X-HopX-Signature";

impl Verdict {
    /// Verifies a callback that came at `now_seconds`. Every kind of signature that it carries
    /// must be right: one `v1` of those in `webhook-signature`, of which there are two while
    /// secrets are rotated, and HopX's.
    pub(in crate::cli) fn of(callback: &Callback, secret: &Secret, now_seconds: i64) -> Self {
        let mut signatures = Vec::new();
        let mut errors = Vec::new();
        if let Some(value) = callback.header("webhook-signature") {
            let checks = standard(callback, value, secret, now_seconds, &mut signatures);
            errors.extend(checks.err());
        }
        if let Some(value) = callback.header("x-hopx-signature") {
            let matches = verify_hopx(secret, &callback.body, value).is_ok();
            signatures.push(Checked { scheme: HOPX.to_owned(), matches: Some(matches) });
            if !matches {
                errors.push(format!("{HOPX} was not made with this secret for this body"));
            }
        }
        if signatures.is_empty() {
            let unsigned = "it is not signed: submit with \"callback_signature_secret\"";
            errors.push(unsigned.to_owned());
        }
        let error = (!errors.is_empty()).then(|| errors.join("; "));
        Self { signatures, error }
    }

    pub(in crate::cli) const fn is_verified(&self) -> bool {
        self.error.is_none()
    }

    /// By which signatures it was verified, in words: `v1, the second of 2, and X-HopX-Signature`.
    pub(in crate::cli) fn by(&self) -> String {
        let of_standard: Vec<&Checked> =
            self.signatures.iter().filter(|checked| checked.scheme != HOPX).collect();
        let place = of_standard.iter().position(|checked| checked.matches == Some(true));
        let standard = place.map(|place| match of_standard.len() {
            1 => of_standard[place].scheme.clone(),
            count => format!("{}, number {} of {count}", of_standard[place].scheme, place + 1),
        });
        let hopx = self.signatures.iter().any(|checked| checked.scheme == HOPX);
        let hopx = hopx.then(|| HOPX.to_owned());
        standard.into_iter().chain(hopx).collect::<Vec<_>>().join(", and ")
    }
}

/// Verifies each signature of `webhook-signature` by itself; all is well when one is right.
fn standard(
    callback: &Callback,
    value: &str,
    secret: &Secret,
    now_seconds: i64,
    signatures: &mut Vec<Checked>,
) -> Result<(), String> {
    let mut first_error = None;
    let mut is_right = false;
    for item in value.split(' ') {
        let (version, _) = item.split_once(',').unwrap_or((item, ""));
        let matches = (version == "v1").then(|| match one(callback, item, secret, now_seconds) {
            Ok(()) => true,
            Err(error) => {
                first_error.get_or_insert(error);
                false
            }
        });
        is_right |= matches == Some(true);
        signatures.push(Checked { scheme: version.to_owned(), matches });
    }
    if is_right {
        return Ok(());
    }
    Err(first_error.unwrap_or_else(|| "webhook-signature has no v1 signature".to_owned()))
}

fn one(callback: &Callback, item: &str, secret: &Secret, now_seconds: i64) -> Result<(), String> {
    let header =
        |name| callback.header(name).ok_or_else(|| format!("the header {name} is missing"));
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let received = Received { id, timestamp, signature: item, body: &callback.body };
    verify_standard(secret, received, now_seconds, TOLERANCE)
        .map_err(|mismatch: Mismatch| mismatch.to_string())
}
