//! Where to go from an execution.
//! Knows no route: the path of all executions is given, under whatever prefix they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ExecutionId;

/// The paths of what belongs to an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Links {
    /// The record itself.
    #[serde(rename = "self")]
    pub own: String,
    /// What happens to it, as it happens.
    #[serde(default)]
    pub events: String,
    /// Its deliveries.
    pub deliveries: String,
    /// What it has written to standard output.
    pub stdout: String,
    /// What it has written to standard error.
    pub stderr: String,
}

impl Links {
    /// Of an execution; `collection` is the path of all.
    pub fn new(id: ExecutionId, collection: &str) -> Self {
        let own = format!("{collection}/{id}");
        Self {
            events: format!("{own}/events"),
            deliveries: format!("{own}/deliveries"),
            stdout: format!("{own}/output/stdout"),
            stderr: format!("{own}/output/stderr"),
            own,
        }
    }
}
