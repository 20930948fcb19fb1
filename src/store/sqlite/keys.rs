//! API keys as rows.
//! Checks none, and never sees one: only their hashes come here.

use rusqlite::{Connection, Row};

use super::super::ApiKey;
use super::failure::Failure;
use super::values::{from_json, get, json};
use crate::domain::{Tenant, Timestamp};

/// Keeps a key. Its id must be new.
pub(super) fn insert(database: &Connection, key: &ApiKey, now: Timestamp) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT INTO api_keys (id, name, tenant, scopes, sha256, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            &key.id,
            &key.name,
            key.tenant.as_str(),
            json(&key.scopes),
            key.sha256,
            now.as_millis(),
        ))?;
    Ok(())
}

pub(super) const ALL: &str = "
    SELECT id, name, tenant, scopes, sha256 FROM api_keys
    WHERE revoked_at IS NULL ORDER BY created_at, id";

/// All keys that have not been revoked, the oldest first.
pub(super) fn all(database: &Connection) -> Result<Vec<ApiKey>, Failure> {
    database.prepare_cached(ALL)?.query_and_then([], key)?.collect()
}

fn key(row: &Row<'_>) -> Result<ApiKey, Failure> {
    Ok(ApiKey {
        id: get(row, "id")?,
        name: get(row, "name")?,
        tenant: Tenant::new(get::<String>(row, "tenant")?),
        scopes: from_json(row, "scopes")?,
        sha256: get(row, "sha256")?,
    })
}
