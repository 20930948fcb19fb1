//! From the configuration to who is let in: the keys, the JWTs that are believed, and how many wrong
//! credentials are looked at. Lets nobody in itself.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::builder::Doors;
use super::error::StartError;
use crate::config::{Config, JwtConfigKey};
use crate::http::{Auth, Failures, JwksSource, Jwt, JwtKey, JwtRules, Keys, NewKey, new_key};
use crate::store::Store;
use crate::webhook::ClientSettings;

/// Who may ask.
pub(super) fn auth(config: &Config, keys: Arc<Keys>, jwt: Option<Jwt>) -> Auth {
    Auth {
        keys,
        jwt,
        failures: NonZeroU32::new(config.auth.failures_per_minute).map(Failures::new),
        trusted_proxies: config.server.trusted_proxies.clone(),
    }
}

/// The keys of the store and of the configuration; and the first one, if there is none and one is to
/// be made.
///
/// # Errors
/// When the store cannot be read or written, and when the system gives no random numbers.
pub(super) async fn keys(
    config: &Config,
    doors: Doors,
    store: &Arc<dyn Store>,
) -> Result<(Arc<Keys>, Option<NewKey>), StartError> {
    let Doors::Stored { make_first } = doors else { return Ok((Arc::new(Keys::open()), None)) };
    let keys = Keys::load(Arc::clone(store), config.server.api_key.as_ref()).await?;
    if !keys.is_empty() || !make_first {
        return Ok((Arc::new(keys), None));
    }
    let new = new_key("first")?;
    // The ring notices it as it would any other.
    store.add_api_key(new.kept.clone()).await?;
    Ok((Arc::new(keys), Some(new)))
}

/// Whose JWTs are believed, if anybody's are. Keys that are published are fetched as callbacks are
/// sent: with the same certificates.
///
/// # Errors
/// When the public key is none.
pub(super) fn jwt(config: &Config, client: &ClientSettings) -> Result<Option<Jwt>, StartError> {
    let Some(jwt) = &config.auth.jwt else { return Ok(None) };
    let key = match &jwt.key {
        JwtConfigKey::Secret(secret) => JwtKey::Secret(secret.clone()),
        JwtConfigKey::PublicKey(pem) => JwtKey::Pem(pem.clone()),
        JwtConfigKey::Jwks(url) => {
            JwtKey::Jwks(JwksSource { url: url.clone(), tls: Arc::clone(&client.tls) })
        }
    };
    let rules = JwtRules {
        algorithm: jwt.algorithm,
        key,
        issuer: jwt.issuer.clone(),
        audience: jwt.audience.clone(),
        leeway: jwt.leeway,
    };
    Jwt::new(rules).map(Some).map_err(|expected| StartError::JwtKey { expected })
}
