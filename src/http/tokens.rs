//! Tokens: JWTs of our own that stand for an API key for some hours, made for its holder and read
//! again; and marks of other things by the same key. Keeps none of them: what is true of a token is in
//! it, and what is true of its key is asked of the keyring each time.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::auth::{Caller, Credential, Keyring};
use crate::domain::{Secret, Timestamp};

/// How long the key of all tokens is, in bytes.
pub const TOKEN_KEY_BYTES: usize = 32;

/// Who has made a token.
pub(super) const ISSUER: &str = "ringback";

/// What is before a key's hash when it is marked, so that no mark is ever the signature of a token.
const MARK: &[u8] = b"ringback key\0";

/// The same before what a client has sent.
const SENT_MARK: &[u8] = b"ringback sent\0";

/// The same before a place in a list.
const PLACE_MARK: &[u8] = b"ringback place\0";

/// How long the mark of a place is, in bytes.
pub(super) const MARK_BYTES: usize = 16;

/// Makes tokens and reads them, with a key that both take.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    marks: Hmac<Sha256>,
    lifetime: Duration,
}

/// A token that was made just now.
pub(super) struct Issued {
    /// What its owner shows as `Authorization: Bearer`.
    pub(super) text: Secret,
    /// When it ends.
    pub(super) expires_at: Timestamp,
}

/// What a token says. Whoever has it can read it.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    tenant: String,
    /// The scopes, with spaces between them.
    scope: String,
    /// When it was made, in seconds since 1970.
    iat: i64,
    /// When it ends, in seconds since 1970.
    exp: i64,
    jti: String,
    /// The id of the key that it stands for.
    key: String,
    /// That very key: another one under the same id has another mark.
    key_mark: String,
}

impl Tokens {
    /// Tokens by this key, each good for `lifetime`.
    pub fn new(key: &[u8; TOKEN_KEY_BYTES], lifetime: Duration) -> Self {
        Self {
            signing: EncodingKey::from_secret(key),
            verifying: DecodingKey::from_secret(key),
            marks: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
            lifetime,
        }
    }

    /// A token with the rights of this caller. One who has come with a token gets none that lasts
    /// longer, so that a token in wrong hands ends some day.
    ///
    /// # Errors
    /// When the claims cannot be written or signed.
    pub(super) fn issue(
        &self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Issued, jsonwebtoken::errors::Error> {
        let Credential { key, until } = &caller.credential;
        // Where there are no keys, everybody is let in with anything.
        let (key, key_mark) = key
            .as_ref()
            .map_or_else(Default::default, |key| (key.id.clone(), self.mark(&key.sha256)));
        let wished = now.after(self.lifetime);
        let expires_at = until.map_or(wished, |until| wished.min(until));
        let claims = Claims {
            iss: ISSUER.to_owned(),
            tenant: caller.tenant.as_str().to_owned(),
            scope: caller.scopes.join(" "),
            iat: now.as_seconds(),
            exp: expires_at.as_seconds(),
            jti: Uuid::now_v7().simple().to_string(),
            key,
            key_mark,
        };
        let text = encode(&Header::new(Algorithm::HS256), &claims, &self.signing)?;
        let expires_at = Timestamp::from_millis(claims.exp.saturating_mul(1000));
        Ok(Issued { text: Secret::new(text), expires_at })
    }

    /// Whom a token stands for: the holder of its key, with those of the key's rights that the token
    /// has. Nobody when it is none of ours, has ended, or its key is not in the ring any more.
    pub(super) fn caller(&self, token: &str, keys: &Keyring, now: Timestamp) -> Option<Caller> {
        let claims = decode::<Claims>(token, &self.verifying, &validation()).ok()?.claims;
        if claims.exp <= now.as_seconds() {
            return None;
        }
        let holder = keys.holder(&claims.key)?;
        let mark = self.mark(&holder.credential.key.as_ref()?.sha256);
        let is_same_key = bool::from(mark.as_bytes().ct_eq(claims.key_mark.as_bytes()));
        if !is_same_key || holder.tenant.as_str() != claims.tenant {
            return None;
        }
        let scopes = claims.scope.split_ascii_whitespace();
        let scopes = scopes.filter(|scope| holder.may(scope)).map(str::to_owned).collect();
        let until = Some(Timestamp::from_millis(claims.exp.saturating_mul(1000)));
        Some(Caller { scopes, credential: Credential { until, ..holder.credential }, ..holder })
    }

    /// By what the same is known again when the same sender sends it once more. It is kept, and bodies
    /// have secrets: without the key of the tokens nobody can try out which they are.
    pub(super) fn mark_of_sent(&self, sender: &str, body: &[u8]) -> String {
        hex::encode(self.mark_of_both(SENT_MARK, sender.as_bytes(), body))
    }

    /// By what a place in a list is known to be one that was told for that very list.
    pub(super) fn mark_of_place(&self, list: &[u8], place: &[u8]) -> [u8; MARK_BYTES] {
        let mark = self.mark_of_both(PLACE_MARK, list, place);
        std::array::from_fn(|index| mark[index])
    }

    fn mark_of_both(&self, what: &[u8], first: &[u8], second: &[u8]) -> [u8; 32] {
        // The length keeps the end of one from being read as the beginning of the other.
        let length = (first.len() as u64).to_le_bytes();
        let mac = self.marks.clone().chain_update(what).chain_update(length);
        mac.chain_update(first).chain_update(second).finalize().into_bytes().into()
    }

    /// Not the hash itself: a key that somebody has thought up could be guessed by that.
    fn mark(&self, key_sha256: &[u8; 32]) -> String {
        let mac = self.marks.clone().chain_update(MARK).chain_update(key_sha256);
        hex::encode(mac.finalize().into_bytes())
    }
}

/// One algorithm, whatever the token says of itself. When it ends is compared with our own clock.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss"]);
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests;
