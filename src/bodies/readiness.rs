//! How a server fares, for those who run it.
//! Looks at nothing itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Word;
use super::schemas::{Containment, IsolationLevel};

/// Whether a server is ready, and everything that speaks for or against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    /// How many of these programs may be started now.
    pub slots_free: usize,
    /// How many wait.
    pub queued: usize,
    /// How many may wait.
    pub queue_max: usize,
    /// How long the first of them has waited; null when nobody does, and when it cannot be read.
    pub oldest_queued_seconds: Option<f64>,
    /// How many run.
    pub running: usize,
    /// For how long the delivery is due that is due for longest, if one is.
    pub oldest_due_seconds: Option<f64>,
    /// How many hosts are left alone because they failed nearly always.
    pub breakers_open: usize,
    /// How many hosts have all the attempts that one may have.
    pub hosts_saturated: usize,
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
    /// What tenants have that are to have another level; not there when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub besides: Vec<IsolationBeside>,
}

/// How the programs of some tenants are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IsolationBeside {
    /// How strictly.
    #[schema(value_type = IsolationLevel)]
    pub level: Word,
    /// How the processes of such a program are held together.
    #[schema(value_type = Containment)]
    pub containment: Word,
    /// What is weaker here than it could be.
    pub weaker: Vec<String>,
}
