//! Signing secrets of a tenant's own, as they go into a store and as they may be told of.
//! Signs nothing.

use std::time::Duration;

use crate::domain::{Secret, Tenant, Timestamp};

/// A signing secret that was made just now, to be used from now on.
#[derive(Debug, Clone)]
pub struct NewSigningSecret {
    /// Whose callbacks it signs.
    pub tenant: Tenant,
    /// Which of the tenant's callbacks; empty for all that bring no secret of their own.
    pub name: String,
    /// The secret.
    pub secret: Secret,
    /// How long the one before it goes on signing beside it; none when that stops at once.
    pub overlap: Option<Duration>,
}

/// What may be told of a signing secret: never the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningSecret {
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when the one before it signs as well; none when only this one signs.
    pub previous_valid_until: Option<Timestamp>,
}
