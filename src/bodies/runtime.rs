//! A language that the server runs.
//! Looks for none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language, by which command it is run, and whether that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Runtime {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// The executable and its arguments; the code's file comes behind them.
    pub command: Vec<String>,
    /// What it says of its version.
    pub version: Option<String>,
    /// Whether it is there.
    pub found: bool,
    /// Why it is not.
    pub error: Option<String>,
    /// Whether the operator has an interpreter kept warm for it.
    pub warm: bool,
}
