//! How a server fares, for those who run it.
//! Looks at nothing itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Word;
use super::schemas::{Containment, IsolationLevel};

/// Whether a server is ready, and everything that speaks for or against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether it can take anything on.
    pub ready: bool,
    /// What was looked at, by name.
    #[schema(value_type = BTreeMap<String, Check>)]
    pub checks: BTreeMap<Word, Check>,
    /// How programs are kept apart.
    pub isolation: Isolation,
    /// How the processes of a program are held together.
    #[schema(value_type = Containment)]
    pub containment: Word,
    /// How many executions may run at a time.
    pub slots: usize,
    /// How many wait.
    pub queued: usize,
    /// How many run.
    pub running: usize,
    /// Which server this is, and which start of it.
    pub node: String,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Whether it is as it should be.
    pub ok: bool,
    /// What is wrong, as a sentence.
    pub error: Option<String>,
}

/// How programs are kept apart from the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Isolation {
    /// How strictly.
    #[schema(value_type = IsolationLevel)]
    pub level: Word,
    /// Why not more.
    pub reason: String,
    /// What is weaker here than it could be.
    pub weaker: Vec<String>,
}
