//! API keys as rows.
//! Checks none, and never sees one: only their hashes come here.

use rusqlite::{Connection, Row};

use super::super::keys::decide;
use super::super::{ApiKey, KeptKey, KeyUsed, Revoke, Revoked};
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
    SELECT id, name, tenant, scopes, sha256, created_at, last_used_at FROM api_keys
    WHERE revoked_at IS NULL ORDER BY created_at, id";

/// All keys that have not been revoked, of one tenant or of all, the oldest first.
pub(super) fn all(database: &Connection, of: Option<&Tenant>) -> Result<Vec<KeptKey>, Failure> {
    let all: Result<Vec<_>, Failure> =
        database.prepare_cached(ALL)?.query_and_then([], kept)?.collect();
    let mut kept = all?;
    kept.retain(|kept| of.is_none_or(|tenant| *tenant == kept.key.tenant));
    Ok(kept)
}

/// Revokes a key, unless it is to be spared. The row stays, so that its id is never given again.
pub(super) fn revoke(
    database: &Connection,
    wish: &Revoke,
    now: Timestamp,
) -> Result<Revoked, Failure> {
    let keys: Vec<_> = all(database, None)?.into_iter().map(|kept| kept.key).collect();
    let decided = decide(&keys, wish);
    if decided == Revoked::Written {
        database
            .prepare_cached("UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1")?
            .execute((&wish.id, now.as_millis()))?;
    }
    Ok(decided)
}

/// Keeps when keys were last used. One that was revoked meanwhile was used all the same.
pub(super) fn note_uses(database: &Connection, uses: &[KeyUsed]) -> Result<(), Failure> {
    let mut update = database.prepare_cached(
        "UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, ?2), ?2) WHERE id = ?1",
    )?;
    for KeyUsed { id, at } in uses {
        update.execute((id, at.as_millis()))?;
    }
    Ok(())
}

fn kept(row: &Row<'_>) -> Result<KeptKey, Failure> {
    let key = ApiKey {
        id: get(row, "id")?,
        name: get(row, "name")?,
        tenant: Tenant::new(get::<String>(row, "tenant")?),
        scopes: from_json(row, "scopes")?,
        sha256: get(row, "sha256")?,
    };
    Ok(KeptKey {
        key,
        created_at: Timestamp::from_millis(get(row, "created_at")?),
        last_used_at: get::<Option<i64>>(row, "last_used_at")?.map(Timestamp::from_millis),
    })
}
