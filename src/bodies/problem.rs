//! An error of the API, as RFC 9457 has it.
//! Chooses no status and no words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Word;
use crate::domain::ExecutionId;

/// Why a request was not answered as its sender had hoped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI for this kind of problem.
    pub r#type: String,
    /// The words of the status.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// One sentence about this occurrence.
    pub detail: String,
    /// A stable word for this kind of problem.
    #[schema(value_type = String)]
    pub code: Word,
    /// What is wrong with which field; not there when nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Which execution goes on, or has been accepted, all the same; not there otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub execution_id: Option<ExecutionId>,
    /// How the request is called in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field, with dots where it lies inside another.
    pub field: String,
    /// A stable word.
    #[schema(value_type = String)]
    pub code: Word,
    /// One sentence.
    pub detail: String,
}
