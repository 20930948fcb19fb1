//! Lists: a page of many, or all of a few.
//! Knows nothing of what is in them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// What gives the next one; null on the last.
    pub next_cursor: Option<String>,
}

/// A list that has no pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct All<T> {
    /// All there is.
    pub data: Vec<T>,
}
