//! Answers to requests that may come again, as rows.
//! Begins nothing, and removes no execution.

use rusqlite::{Connection, Row};

use super::super::{Answered, Given, Giving, KeptAnswer, NewAnswer, StoreError};
use super::failure::Failure;
use super::values::{from_json, get, json};
use crate::domain::{ExecutionId, Tenant, Timestamp};

/// What is kept under a name of a tenant. What was kept long enough and is about nothing that is still
/// there counts as forgotten, whether or not somebody has come to remove it.
pub(super) fn find(
    database: &Connection,
    (tenant, key): (&Tenant, &str),
    now: Timestamp,
) -> Result<Option<Answered>, Failure> {
    let mut select = database.prepare_cached(
        "SELECT fingerprint, execution_id, status, headers, body FROM answers
         WHERE tenant = ?1 AND key = ?2 AND (execution_id IS NOT NULL OR kept_until > ?3)",
    )?;
    let found = select.query_and_then((tenant.as_str(), key, now.as_millis()), answered)?.next();
    found.transpose()
}

fn answered(row: &Row<'_>) -> Result<Answered, Failure> {
    let execution: Option<[u8; 16]> = get(row, "execution_id")?;
    let status: Option<u16> = get(row, "status")?;
    let given = match (status, execution) {
        (Some(status), _) => {
            let (headers, body) = (from_json(row, "headers")?, get(row, "body")?);
            Given::Kept(KeptAnswer { status, headers, body })
        }
        (None, Some(id)) => Given::AtTheEnd(ExecutionId::from_uuid(uuid::Uuid::from_bytes(id))),
        (None, None) => Given::Gone,
    };
    Ok(Answered { fingerprint: get(row, "fingerprint")?, given })
}

/// Fails when something is kept under this name already.
pub(super) fn refuse_another<T>(
    database: &Connection,
    (tenant, answer): (&Tenant, &NewAnswer<T>),
    now: Timestamp,
) -> Result<(), Failure> {
    match find(database, (tenant, &answer.key), now)? {
        Some(_) => Err(StoreError::Answered.into()),
        None => Ok(()),
    }
}

/// Keeps the answer about something that has just begun, in the place of one that was forgotten.
pub(super) fn put<T>(
    database: &Connection,
    (tenant, answer): (&Tenant, &NewAnswer<T>),
    (begun, execution): (&T, Option<ExecutionId>),
    now: Timestamp,
) -> Result<(), Failure> {
    let given = match &answer.giving {
        Giving::Now(make) => Some(make(begun)),
        Giving::AtTheEnd => None,
    };
    database
        .prepare_cached(
            "INSERT OR REPLACE INTO answers
                (tenant, key, fingerprint, execution_id, kept_until, status, headers, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            tenant.as_str(),
            &answer.key,
            &answer.fingerprint,
            execution.map(|id| id.uuid().into_bytes()),
            now.after(answer.kept).as_millis(),
            given.as_ref().map(|given| given.status),
            given.as_ref().map(|given| json(&given.headers)),
            given.as_ref().map(|given| &given.body),
        ))?;
    Ok(())
}

/// Lets an answer outlive its execution, which was kept long enough, for as long as it must be.
pub(super) fn outlive(database: &Connection, id: [u8; 16], now: Timestamp) -> Result<(), Failure> {
    for sql in [
        "DELETE FROM answers WHERE execution_id = ?1 AND kept_until <= ?2",
        // The time again, so that both take the same values.
        "UPDATE answers SET execution_id = NULL WHERE execution_id = ?1 AND kept_until > ?2",
    ] {
        database.prepare_cached(sql)?.execute((id, now.as_millis()))?;
    }
    Ok(())
}

/// Removes what an answer says of an execution that somebody wants gone. The name stays taken, so that
/// a request that comes again does not begin it anew.
pub(super) fn empty(database: &Connection, id: [u8; 16]) -> Result<(), Failure> {
    database
        .prepare_cached(
            "UPDATE answers SET execution_id = NULL, status = NULL, headers = NULL, body = NULL
             WHERE execution_id = ?1",
        )?
        .execute([id])?;
    Ok(())
}

/// Removes up to `limit` answers that were kept long enough and whose executions are gone.
pub(super) fn forget(
    database: &Connection,
    limit: usize,
    now: Timestamp,
) -> Result<usize, Failure> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let gone = database
        .prepare_cached(
            "DELETE FROM answers WHERE rowid IN (
                SELECT rowid FROM answers WHERE execution_id IS NULL AND kept_until <= ?1
                ORDER BY kept_until LIMIT ?2)",
        )?
        .execute((now.as_millis(), limit))?;
    Ok(gone)
}
