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
    let mut conditions = Conditions::new(tenant);
    match page.status {
        // Only the queue knows these, and it is short; the record has no status yet.
        Some(status @ (Status::Queued | Status::Running)) => {
            conditions.and("q.tenant = ?1 AND q.state = ", status.as_str().to_owned());
        }
        Some(status) => conditions.and("e.status = ", status.as_str().to_owned()),
        None => {}
    }
    if let Some(language) = &page.language {
        conditions.and("e.language = ", language.clone());
    }
    if let Some(before) = page.before {
        conditions.and("e.id < ", before.uuid().as_bytes().to_vec());
    }
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let sql = conditions.select(limit);
    let mut select = database.prepare_cached(&sql)?;
    select.query_and_then(params_from_iter(&conditions.values), execution)?.collect()
}

/// The conditions of a page. There are few different texts of them, so that each is prepared
/// once; all that a client says goes in as a value.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn new(tenant: &Tenant) -> Self {
        Self {
            sql: select_executions!("WHERE e.tenant = ?1").to_owned(),
            values: vec![Value::from(tenant.as_str().to_owned())],
        }
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql += &format!(" AND {condition}?{}", self.values.len());
    }

    fn select(&mut self, limit: i64) -> String {
        self.values.push(Value::from(limit));
        format!("{} ORDER BY e.id DESC LIMIT ?{}", self.sql, self.values.len())
    }
}
