//! API keys: what is told of them, and one that was made just now.
//! Makes none, and knows none by its hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Timestamp;

/// An API key, without what opens anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Its public half, which names it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose requests it makes.
    pub tenant: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used; null when it never was.
    pub last_used_at: Option<Timestamp>,
}

/// An API key that was made just now. The key itself is not to be had a second time.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeApiKey {
    /// The key: `rbk_<id>_<secret>`.
    pub key: String,
    /// What is told of it.
    #[serde(flatten)]
    pub told: ApiKey,
}

impl fmt::Debug for MadeApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeApiKey").field("told", &self.told).finish_non_exhaustive()
    }
}
