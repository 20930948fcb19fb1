//! JWTs of other issuers, as the operator's `[auth.jwt]` has it: one algorithm, whatever a token says of
//! itself, and keys from one place. Knows our own tokens only to leave them alone.

mod algorithm;
mod claims;
mod jwks;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

pub use self::algorithm::JwtAlgorithm;
use self::claims::Expected;
pub use self::jwks::JwksSource;
use self::jwks::{Found, Jwks};
use super::auth::{Caller, Credential};
use super::error::{Kind, Problem};
use crate::domain::{Secret, Timestamp};

/// Nobody needs a longer one; anything beyond is not even taken apart.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Which JWTs are believed.
pub struct JwtRules {
    /// The one algorithm that they are signed by.
    pub algorithm: JwtAlgorithm,
    /// What they are verified with.
    pub key: JwtKey,
    /// What `iss` must be, if that matters.
    pub issuer: Option<String>,
    /// What `aud` must be or have in it, if that matters.
    pub audience: Option<String>,
    /// How far the issuer's clock may be from ours.
    pub leeway: Duration,
}

/// What JWTs are verified with.
pub enum JwtKey {
    /// A secret that the issuer has too.
    Secret(Secret),
    /// A public key, as PEM.
    Pem(String),
    /// The keys that the issuer publishes.
    Jwks(JwksSource),
}

/// Verifies JWTs.
pub struct Jwt {
    algorithm: JwtAlgorithm,
    keys: Keys,
    expected: Expected,
}

enum Keys {
    One(Box<DecodingKey>),
    Published(Arc<Jwks>),
}

impl Jwt {
    /// By these rules.
    ///
    /// # Errors
    /// When the PEM is no public key for the algorithm: the end of a sentence that says what is.
    pub fn new(rules: JwtRules) -> Result<Self, &'static str> {
        let JwtRules { algorithm, key, issuer, audience, leeway } = rules;
        let keys = match key {
            JwtKey::Secret(secret) => {
                Keys::One(Box::new(DecodingKey::from_secret(secret.expose().as_bytes())))
            }
            JwtKey::Pem(pem) => Keys::One(Box::new(algorithm.key_of_pem(&pem)?)),
            JwtKey::Jwks(source) => Keys::Published(Arc::new(Jwks::new(source, algorithm))),
        };
        Ok(Self { algorithm, keys, expected: Expected { issuer, audience, leeway } })
    }

    /// Whom a token stands for; nobody when it is none that is believed.
    ///
    /// # Errors
    /// When the keys to verify it with cannot be had.
    pub(super) async fn caller(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Caller>, Problem> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        // By its own word; the algorithm that counts is ours.
        let Ok(header) = decode_header(token) else { return Ok(None) };
        // Nor do we know any of what a token may say that its reader must understand.
        if header.alg != self.algorithm.into() || header.crit.is_some() {
            return Ok(None);
        }
        let claims = match &self.keys {
            Keys::One(key) => self.claims(token, key),
            Keys::Published(jwks) => match jwks.find(header.kid.as_deref()).await {
                Found::Key(key) => self.claims(token, &key),
                Found::None => None,
                Found::Nothing => {
                    let detail = "The keys that tokens are verified with cannot be fetched at the \
                                  moment; try again.";
                    return Err(Problem::new(Kind::Unavailable, detail));
                }
            },
        };
        Ok(claims.and_then(|claims| claims::read(&claims, &self.expected, now)).map(|holder| {
            let credential = Credential { key: None, until: Some(holder.until) };
            Caller { tenant: holder.tenant, name: holder.name, scopes: holder.scopes, credential }
        }))
    }

    /// What a token says, if its signature is good. What it means is not looked at yet.
    fn claims(&self, token: &str, key: &DecodingKey) -> Option<Map<String, Value>> {
        let mut validation = Validation::new(self.algorithm.into());
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        decode(token, key, &validation).ok().map(|decoded| decoded.claims)
    }
}

#[cfg(test)]
mod tests;
