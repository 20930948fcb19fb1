//! Reading executions: one with its output, or a page of them without.
//! Shows a tenant nothing of another.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::super::Page;
use super::failure::Failure;
use super::rows::{add_output, execution, select_executions};
use crate::domain::{Execution, ExecutionId, Status, Tenant};

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

/// A page of a tenant's executions, newest first.
pub(super) fn page(
    database: &Connection,
    tenant: &Tenant,
    page: &Page,
) -> Result<Vec<Execution>, Failure> {
    let select = Select::page(tenant, page);
    let mut prepared = database.prepare_cached(&select.sql)?;
    prepared.query_and_then(params_from_iter(select.values), execution)?.collect()
}

/// The statement of a page. There are few different texts of it, so that each is prepared once;
/// all that a client says goes in as a value.
#[derive(Default)]
pub(super) struct Select {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl Select {
    pub(super) fn page(tenant: &Tenant, page: &Page) -> Self {
        let mut select = Self::default();
        // Queued and running ones are found by the queue, which is short: their records have no
        // status yet, and a tenant's records are many.
        let (of, status) = match page.status {
            Some(Status::Queued) => ("q", "q.state = 'queued' AND "),
            Some(Status::Running) => ("q", "q.state = 'running' AND "),
            _ => ("e", ""),
        };
        select.sql = format!(select_executions!("WHERE {}"), status);
        select.value(&format!("{of}.tenant ="), tenant.as_str().to_owned());
        if let Some(status) = page.status.filter(|status| status.is_terminal()) {
            select.value(" AND e.status =", status.as_str().to_owned());
        }
        if let Some(language) = &page.language {
            select.value(" AND e.language =", language.clone());
        }
        if let Some(function) = &page.function {
            select.value(" AND e.function =", function.as_str().to_owned());
        }
        if let Some(before) = page.before {
            select.value(&format!(" AND {of}.id <"), before.uuid().as_bytes().to_vec());
        }
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
        select.value(&format!(" ORDER BY {of}.id DESC LIMIT"), limit);
        select
    }

    fn value(&mut self, before: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql += &format!("{before} ?{}", self.values.len());
    }
}
