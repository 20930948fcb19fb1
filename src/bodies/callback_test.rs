//! What came of a ping to where callbacks would go.
//! Sends none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Tried;

/// Whether a callback would arrive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CallbackTest {
    /// Whether callbacks may go there.
    pub allowed: bool,
    /// Whether the endpoint took it.
    pub delivered: bool,
    /// What came of it, and what to do about it, in words.
    pub explanation: String,
    /// The request and its answer.
    pub attempt: Tried,
}
