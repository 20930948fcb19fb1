//! Signing secrets, which are told once, and the public keys that receivers verify with.
//! Signs nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Word;
use crate::domain::Timestamp;

/// A signing secret that was made just now. It is not to be had a second time.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewSigningSecret {
    /// The secret.
    pub signing_secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when the one before it signs on beside it.
    pub previous_valid_until: Option<Timestamp>,
}

impl fmt::Debug for NewSigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSigningSecret")
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// What may be told of a tenant's signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SigningSecret {
    /// Whether there is one.
    pub exists: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Until when the one before it signs on beside it.
    pub previous_valid_until: Option<Timestamp>,
}

/// The keys that receivers may verify with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifyingKeys {
    /// The one that signs first.
    pub keys: Vec<VerifyingKey>,
}

/// A key that receivers may verify with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifyingKey {
    /// Its name.
    pub id: String,
    /// `ed25519`.
    #[schema(value_type = String)]
    pub r#type: Word,
    /// The key: `whpk_` and base64.
    pub public_key: String,
}
