//! Functions, as they go into a store and as they are listed.
//! Plain values: none of them reads or writes anything.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Definition, FunctionKey, FunctionName, Secret, Tenant, Timestamp};

/// A function to be kept, or a new version of one.
#[derive(Debug, Clone)]
pub struct NewFunction {
    /// Whose it is.
    pub tenant: Tenant,
    /// What it is called.
    pub key: FunctionKey,
    /// What it does from now on.
    pub definition: Arc<Definition>,
    /// What its callbacks are signed with if there is none of that name yet.
    pub secret: Secret,
    /// How long the secret of a removed one of that name goes on signing beside it.
    pub overlap: Option<Duration>,
}

/// What became of a function that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionKept {
    /// The number of the version.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether there was none of that name, so that the new secret is its secret.
    pub is_new: bool,
}

/// A version of a function without what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSummary {
    /// What it is called.
    pub key: FunctionKey,
    /// Which version.
    pub version: u32,
    /// When this version was made.
    pub created_at: Timestamp,
    /// The runtime that runs it.
    pub language: String,
}

/// Which functions to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionPage {
    /// The newest version of each, in order of their names, from behind this one.
    Newest {
        /// How many at most.
        limit: usize,
        /// Only those behind this one.
        after: Option<FunctionKey>,
        /// Only those of this name.
        name: Option<FunctionName>,
    },
    /// The versions of one, the newest first.
    Versions {
        /// How many at most.
        limit: usize,
        /// Of which.
        key: FunctionKey,
        /// Only those before this one.
        before: Option<u32>,
    },
}
