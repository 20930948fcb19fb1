//! Keys by which requests are known again, as rows.
//! Accepts nothing.

use rusqlite::Connection;

use super::failure::Failure;
use super::rows::{execution, select_executions};
use crate::domain::{Execution, ExecutionId, IdempotencyKey, Tenant, Timestamp};

/// The execution that a key holds for at a moment, without its output; none when it holds for none.
pub(super) fn find(
    database: &Connection,
    (tenant, key): (&Tenant, &IdempotencyKey),
    now: Timestamp,
) -> Result<Option<Execution>, Failure> {
    let mut select = database.prepare_cached(concat!(
        select_executions!(""),
        "JOIN idempotency_keys k ON k.execution_id = e.id
         WHERE k.tenant = ?1 AND k.scope = ?2 AND k.key = ?3"
    ))?;
    let names = (tenant.as_str(), &key.scope, &key.key);
    let found = select.query_and_then(names, execution)?.next().transpose()?;
    let holds = |execution: &Execution| {
        // Whoever asks again for what is being cancelled wants it anew.
        let is_over = execution.cancelling || execution.ended().is_some();
        key.holds.holds(now.since(execution.created_at), is_over)
    };
    Ok(found.filter(holds))
}

/// Has a key hold for an execution that has just been accepted, whatever it held for before.
pub(super) fn put(
    database: &Connection,
    (tenant, key): (&Tenant, &IdempotencyKey),
    id: ExecutionId,
) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT INTO idempotency_keys (tenant, scope, key, execution_id)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, scope, key) DO UPDATE SET execution_id = ?4",
        )?
        .execute((tenant.as_str(), &key.scope, &key.key, id.uuid().into_bytes()))?;
    Ok(())
}
