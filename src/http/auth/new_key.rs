//! Makes API keys. Keeps none, and shows one only to whoever asked for it.

use uuid::Uuid;

use super::keyring::sha256;
use crate::domain::access::ADMIN;
use crate::domain::{Secret, Tenant};
use crate::store::ApiKey;

/// A key that was made just now. The text exists nowhere else and is not to be had again.
#[derive(Debug)]
pub struct NewKey {
    /// What its owner shows: `rbk_<id>_<secret>`.
    pub text: Secret,
    /// What is kept.
    pub kept: ApiKey,
}

/// Makes an admin key of the default tenant.
///
/// # Errors
/// When the system has no randomness.
pub fn new_key(name: &str) -> Result<NewKey, getrandom::Error> {
    new_key_of(Tenant::default(), name, vec![ADMIN.to_owned()])
}

/// Makes a key of a tenant's, with these scopes.
///
/// # Errors
/// When the system has no randomness.
pub fn new_key_of(
    tenant: Tenant,
    name: &str,
    scopes: Vec<String>,
) -> Result<NewKey, getrandom::Error> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let id = Uuid::now_v7().simple().to_string();
    let text = format!("rbk_{id}_{}", hex::encode(secret));
    let kept = ApiKey { id, name: name.to_owned(), tenant, scopes, sha256: sha256(&text) };
    Ok(NewKey { text: Secret::new(text), kept })
}
