//! `[compat]`: how the routes of the systems behave that this server stands in for.
//! Serves none of them.

use std::time::Duration;

use super::key::KeyPath;
use super::reader::{Reader, Rule};

/// `[compat]`: the routes of the systems that this server stands in for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompatConfig {
    /// For how long a submission to HopX's route is taken for the same when it comes again; zero is
    /// never.
    pub hopx_repeat_within: Duration,
    /// How the user agents begin of clients that submit again by themselves.
    pub hopx_repeat_agents: Vec<String>,
    /// Whether `POST /v1/workflow/invoke` answers with the signing secret, as Fetch Hive does.
    pub fetch_hive_echo_secret: bool,
}

const AGENTS: Rule = Rule {
    expected: "expected how user agents begin, such as [\"python-httpx/\", \"axios/\"]",
    fits: |entry| !entry.is_empty(),
};

impl CompatConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            hopx_repeat_within: reader.get("compat.hopx_repeat_within"),
            hopx_repeat_agents: reader.list(&KeyPath::from("compat.hopx_repeat_agents"), &AGENTS),
            fetch_hive_echo_secret: reader.get("compat.fetch_hive_echo_secret"),
        }
    }
}
