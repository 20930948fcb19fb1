//! A recovery: how far it has come that all is sent again which had failed in a window.
//! Recovers nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Word;
use super::schemas::RecoveryStatus;
use crate::domain::{RecoveryId, Timestamp};

/// A recovery and what came of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recovery {
    /// Its name.
    pub id: RecoveryId,
    /// `running` or `done`.
    #[schema(value_type = RecoveryStatus)]
    pub status: Word,
    /// How many deliveries it is about.
    pub matched: u32,
    /// How many of them were made due again.
    pub redelivered: u32,
    /// How many of those were taken.
    pub delivered: u32,
    /// How many of those failed again.
    pub failed: u32,
    /// How many of those are still being tried.
    pub pending: u32,
    /// Whether there were more than one recovery takes on.
    pub capped: bool,
    /// From when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// To which host alone, if to one.
    pub host: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
}
