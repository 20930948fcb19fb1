//! What a store keeps of API keys, and what it is asked and told about them.
//! Has no key: whoever reads the store can make none of what is here.

use crate::bodies;
use crate::domain::access::ADMIN;
use crate::domain::{Tenant, Timestamp};

/// An API key as it is kept: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public half, which names the key.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose requests it makes.
    pub tenant: Tenant,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The SHA-256 of the whole key.
    pub sha256: [u8; 32],
}

impl ApiKey {
    /// Whether it may make and revoke the keys of all tenants.
    pub fn rules_all(&self) -> bool {
        self.tenant.is_default() && self.scopes.iter().any(|scope| scope == ADMIN)
    }
}

/// A key with what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The key.
    pub key: ApiKey,
    /// Since when it is kept.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was told.
    pub last_used_at: Option<Timestamp>,
}

impl KeptKey {
    /// What is told of it, over HTTP and on the command line alike.
    pub fn told(&self) -> bodies::ApiKey {
        let Self { key, created_at, last_used_at } = self.clone();
        let tenant = key.tenant.as_str().to_owned();
        let ApiKey { id, name, scopes, .. } = key;
        bodies::ApiKey { id, name, tenant, scopes, created_at, last_used_at }
    }
}

/// A use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUsed {
    /// Which key.
    pub id: String,
    /// When.
    pub at: Timestamp,
}

/// The wish that a key open nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoke {
    /// Which key.
    pub id: String,
    /// Whose it must be; none for anybody's.
    pub of: Option<Tenant>,
    /// Whether one key that rules all tenants must be left.
    pub spares_last_admin: bool,
}

/// What became of that wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Revoked {
    /// It is revoked.
    Written,
    /// There is no such key, or none any more.
    NotFound,
    /// It is the last that rules all tenants, and is to be spared.
    LastAdmin,
}

/// By what it is noticed that keys were made or revoked, be it by another process: two stamps that
/// differ were taken with a change between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeysStamp {
    /// How many changes this process has made.
    pub own: u64,
    /// What others have left, whatever that is; none when nothing of theirs can be seen.
    pub others: Option<(u64, u64)>,
}

/// What is to become of a wish, with all keys that are kept.
pub(super) fn decide(keys: &[ApiKey], wish: &Revoke) -> Revoked {
    let is_meant = |key: &&ApiKey| {
        key.id == wish.id && wish.of.as_ref().is_none_or(|tenant| *tenant == key.tenant)
    };
    let Some(meant) = keys.iter().find(is_meant) else { return Revoked::NotFound };
    let is_left = || keys.iter().any(|key| key.id != meant.id && key.rules_all());
    if wish.spares_last_admin && meant.rules_all() && !is_left() {
        return Revoked::LastAdmin;
    }
    Revoked::Written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, tenant: &str, scope: &str) -> ApiKey {
        let (id, name, scopes) = (id.to_owned(), id.to_owned(), vec![scope.to_owned()]);
        ApiKey { id, name, tenant: Tenant::new(tenant), scopes, sha256: [0; 32] }
    }

    #[test]
    fn the_last_key_that_rules_all_is_spared_where_that_is_wished() {
        let keys = [
            key("a", "default", "admin"),
            key("b", "acme", "admin"),
            key("c", "default", "keys:write"),
        ];
        let wish =
            |id: &str, spares_last_admin| Revoke { id: id.to_owned(), of: None, spares_last_admin };
        assert_eq!(decide(&keys, &wish("a", true)), Revoked::LastAdmin);
        assert_eq!(decide(&keys, &wish("a", false)), Revoked::Written);
        for other in ["b", "c"] {
            assert_eq!(decide(&keys, &wish(other, true)), Revoked::Written);
        }
        let two = [keys.as_slice(), &[key("d", "default", "admin")]].concat();
        assert_eq!(decide(&two, &wish("a", true)), Revoked::Written);
    }

    #[test]
    fn another_tenants_key_is_not_there() {
        let keys = [key("a", "acme", "metrics:read")];
        let wish = |tenant: &str| Revoke {
            id: "a".to_owned(),
            of: Some(Tenant::new(tenant)),
            spares_last_admin: false,
        };
        assert_eq!(decide(&keys, &wish("other")), Revoked::NotFound);
        assert_eq!(decide(&keys, &wish("acme")), Revoked::Written);
    }
}
