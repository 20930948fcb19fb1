//! Reading an execution with its output.
//! Shows a tenant nothing of another.

use rusqlite::Connection;

use super::failure::Failure;
use super::rows::{add_output, execution, select_executions};
use crate::domain::{Execution, ExecutionId, Tenant};

/// One execution of a tenant with its output.
pub(super) fn one(
    database: &Connection,
    tenant: &Tenant,
    id: ExecutionId,
) -> Result<Option<Execution>, Failure> {
    let mut select =
        database.prepare_cached(select_executions!("WHERE e.id = ?1 AND e.tenant = ?2"))?;
    let found = select
        .query_and_then((id.uuid().into_bytes(), tenant.as_str()), execution)?
        .next()
        .transpose()?;
    found.map(|mut execution| add_output(database, &mut execution).map(|()| execution)).transpose()
}
