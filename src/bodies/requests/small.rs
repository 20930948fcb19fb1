//! Requests of a few fields.
//! Checks nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why an execution is cancelled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// The reason in the client's own words, which the record and the webhook repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, example = "The user has closed the page.")]
    pub reason: Option<String>,
}

/// An object that has nothing in it yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which of the deliveries that were given up are to be sent again. A time is RFC 3339, or how long
/// ago it was, such as `15m`, `2h` or `7d`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecovery {
    /// From when: those of events since then.
    #[schema(example = "2h")]
    pub since: String,
    /// Until when; now, when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "15m")]
    pub until: Option<String>,
    /// Only those to this host, such as `example.com` or `example.com:8443`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "hooks.example.com")]
    pub host: Option<String>,
}

/// An API key that is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What people call it, at most 64 characters.
    #[schema(min_length = 1, max_length = 64, example = "ci")]
    pub name: String,
    /// Whose requests it makes; the caller's own tenant, when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$", example = "default")]
    pub tenant: Option<String>,
    /// What it may do.
    #[schema(min_items = 1, example = json!(["executions:write", "executions:read"]))]
    pub scopes: Vec<String>,
}

/// Where a signed ping is sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// Where callbacks would go.
    #[schema(
        min_length = 1,
        max_length = 2048,
        format = "uri",
        example = "https://hooks.example.com/ringback"
    )]
    pub url: String,
    /// Headers that are sent along, at most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub headers: BTreeMap<String, String>,
    /// What it is signed with, in the place of the tenant's signing secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_secret: Option<String>,
}

impl fmt::Debug for Ping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ping").finish_non_exhaustive()
    }
}

/// How a signing secret is rotated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Whether the secret before it stops signing at once, and not only after the overlap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = false)]
    pub revoke_previous: Option<bool>,
}
