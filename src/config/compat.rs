//! `[compat]`: how the server behaves where it stands in for another system.
//! Translates nothing.

use super::reader::Reader;

/// `[compat]`: the routes of other systems.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CompatConfig {
    /// Whether `POST /v1/workflow/invoke` answers with the signing secret, as Fetch Hive does.
    pub fetch_hive_echo_secret: bool,
}

impl CompatConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { fetch_hive_echo_secret: reader.get("compat.fetch_hive_echo_secret") }
    }
}
