//! The keys of a server: what secrets are sealed with at rest, what callbacks are signed with beside
//! their secrets, and what tokens are made with. From the configuration, or from files in the data
//! directory.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;

use super::error::StartError;
use crate::config::Config;
use crate::domain::Secret;
use crate::http::{SigningRules, TOKEN_KEY_BYTES, Tokens};
use crate::store::{KeySource, SealingKey, create_private_text, load_private_text};
use crate::webhook::signature::{BadKey, Ed25519Key, PublicKey};

/// Where the key for secrets at rest comes from.
///
/// # Errors
/// When the configuration has something that is no key.
pub(crate) fn key_source(config: &Config) -> Result<KeySource, StartError> {
    let read = |key: &Secret| SealingKey::from_text(key.expose()).ok_or(StartError::SecretsKey);
    let Some(key) = &config.secrets.key else {
        return Ok(KeySource::File(config.server.data_dir.join("secrets.key")));
    };
    let key = read(key)?;
    Ok(KeySource::Given(match &config.secrets.previous_keys {
        Some(previous) => key.with_previous(read(previous)?),
        None => key,
    }))
}

/// The key that every callback is signed with, if the operator wants that. Made in the data directory
/// if the configuration has none and there is none yet.
///
/// # Errors
/// When it is no key, and when the file cannot be used.
pub(super) fn signing_key(config: &Config) -> Result<Option<Arc<Ed25519Key>>, StartError> {
    if !config.webhook.ed25519 {
        return Ok(None);
    }
    let key = match &config.webhook.ed25519_key {
        Some(key) => Ed25519Key::from_text(key)?,
        None => signing_key_in_file(config)?,
    };
    Ok(Some(Arc::new(key)))
}

fn signing_key_in_file(config: &Config) -> Result<Ed25519Key, StartError> {
    let path = config.server.data_dir.join("signing.key");
    let text = match load_private_text(&path)? {
        Some(text) => text,
        None => {
            let key = Ed25519Key::generate()?;
            create_private_text(&path, &Secret::new(format!("{}\n", key.expose())))?
        }
    };
    let key = Ed25519Key::from_text(&text.expose().trim().into());
    key.map_err(|source| StartError::SigningKeyFile { path, source })
}

/// How signing secrets are made, and which keys receivers may verify with.
///
/// # Errors
/// When the configuration has something that is no public key.
pub(super) fn signing_rules(
    config: &Config,
    signing_key: Option<&Ed25519Key>,
) -> Result<SigningRules, StartError> {
    let previous = config.webhook.ed25519_previous.iter().map(|text| PublicKey::from_text(text));
    let listed = signing_key.map(|key| Ok(key.public())).into_iter().chain(previous);
    let mut public_keys = listed.collect::<Result<Vec<_>, BadKey>>()?;
    // Earlier keys alone are of no use to anybody: nothing is signed with them.
    public_keys.truncate(if signing_key.is_some() { usize::MAX } else { 0 });
    Ok(SigningRules {
        overlap: config.webhook.rotation_overlap,
        public_keys,
        fetch_hive_echo: config.compat.fetch_hive_echo_secret,
    })
}

/// Tokens by the key in the data directory, which is made if there is none yet. They outlive a start of
/// the server, and end when that file is removed.
///
/// # Errors
/// When the file holds no key or cannot be used, and when the system gives no random numbers.
pub(super) fn tokens(config: &Config) -> Result<Tokens, StartError> {
    let path = config.server.data_dir.join("token.key");
    let text = match load_private_text(&path)? {
        Some(text) => text,
        None => {
            let mut key = Zeroizing::new([0; TOKEN_KEY_BYTES]);
            getrandom::fill(key.as_mut_slice())?;
            let encoded = format!("{}\n", STANDARD.encode(key.as_slice()));
            create_private_text(&path, &Secret::new(encoded))?
        }
    };
    let bytes = STANDARD.decode(text.expose().trim()).map(Zeroizing::new);
    let key = bytes.ok().and_then(|bytes| <[u8; TOKEN_KEY_BYTES]>::try_from(bytes.as_slice()).ok());
    let key = key.map(Zeroizing::new).ok_or(StartError::TokenKeyFile { path })?;
    Ok(Tokens::new(&key, config.server.token_lifetime))
}
