//! Reading deliveries: one with its attempts, those of an execution, or a page of them.
//! Writes nothing, and shows a tenant nothing of another.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::super::DeliveryPage;
use super::failure::Failure;
use super::rows::is_of_tenant;
use super::values::{execution_id, get, named, named_opt, time, time_opt, uuid};
use super::{attempts, hosts};
use crate::domain::{
    Delivery, DeliveryEnd, DeliveryId, DeliveryStatus, EventId, EventType, ExecutionId, Tenant,
    Trigger,
};

/// `SELECT` of all that [`delivery`] reads, followed by what is to be read.
macro_rules! select_deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT id, execution_id, event_id, event_type, host, payload_format, status, ended_by,
                attempts_made, attempts_max, next_attempt_at, next_trigger, expires_at, created_at,
                delivered_at, url ",
            $rest
        )
    };
}

/// The delivery of an execution's end, whose event has the execution's own id.
const END: &str = select_deliveries!("FROM deliveries WHERE execution_id = ?1 AND event_id = ?1");

/// The newest of what was told on the way there. A program may tell of its output for hours.
const ON_THE_WAY: &str = select_deliveries!(
    "FROM deliveries WHERE execution_id = ?1 AND event_id <> ?1 ORDER BY event_id DESC LIMIT 200"
);

/// The deliveries of an execution with all their attempts, in the order in which they came to be
/// owed: that of its end, and the newest before. `database` is one snapshot.
pub(super) fn of_execution(
    database: &Connection,
    tenant: &Tenant,
    id: ExecutionId,
) -> Result<Option<Vec<Delivery>>, Failure> {
    let id = id.uuid().into_bytes();
    if !is_of_tenant(database, tenant, id)? {
        return Ok(None);
    }
    let mut found: Vec<Delivery> = Vec::new();
    for sql in [END, ON_THE_WAY] {
        let mut select = database.prepare_cached(sql)?;
        for read in select.query_and_then([id], |row| with_all_attempts(database, row))? {
            found.push(read?);
        }
    }
    found.sort_by_key(|delivery| delivery.id);
    Ok(Some(found))
}

/// One delivery of a tenant with all its attempts. `database` is one snapshot.
pub(super) fn one(
    database: &Connection,
    tenant: &Tenant,
    id: DeliveryId,
) -> Result<Option<Delivery>, Failure> {
    database
        .prepare_cached(select_deliveries!("FROM deliveries WHERE id = ?1 AND tenant = ?2"))?
        .query_and_then((id.uuid().into_bytes(), tenant.as_str()), |row| {
            with_all_attempts(database, row)
        })?
        .next()
        .transpose()
}

/// A page of a tenant's deliveries, newest event first, each with its last attempt.
pub(super) fn page(
    database: &Connection,
    tenant: &Tenant,
    page: &DeliveryPage,
) -> Result<Vec<Delivery>, Failure> {
    let select = Select::page(tenant, page);
    let mut prepared = database.prepare_cached(&select.sql)?;
    let with_last_attempt = |row: &Row<'_>| {
        let mut delivery = delivery(row)?;
        delivery.attempts.extend(attempts::last(database, delivery.id)?);
        Ok(delivery)
    };
    prepared.query_and_then(params_from_iter(select.values), with_last_attempt)?.collect()
}

/// The statement of a page. There are few different texts of it, so that each is prepared once;
/// all that a client says goes in as a value.
pub(super) struct Select {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl Select {
    pub(super) fn page(tenant: &Tenant, page: &DeliveryPage) -> Self {
        let mut select = Self { sql: from(page.status).to_owned(), values: Vec::new() };
        select.value("tenant =", tenant.as_str().to_owned());
        if let Some(kind) = page.event_type {
            select.value(" AND event_type =", kind.as_str().to_owned());
        }
        if let Some(host) = &page.host {
            let (from, to) = hosts::range(host);
            select.value(" AND host >=", from);
            select.value(" AND host <", to);
        }
        if let Some(since) = page.since {
            select.value(" AND created_at >=", since.as_millis());
        }
        if let Some(until) = page.until {
            select.value(" AND created_at <", until.as_millis());
        }
        if let Some((at, id)) = page.before {
            select.value(" AND (created_at, id) < (", at.as_millis());
            select.value(",", id.uuid().as_bytes().to_vec());
            select.sql += ")";
        }
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
        select.value(" ORDER BY created_at DESC, id DESC LIMIT", limit);
        select
    }

    fn value(&mut self, before: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql += &format!("{before} ?{}", self.values.len());
    }
}

/// What is read, by the index that has least of what is not wanted.
const fn from(status: Option<DeliveryStatus>) -> &'static str {
    match status {
        None => select_deliveries!("FROM deliveries INDEXED BY deliveries_of_tenant WHERE "),
        Some(DeliveryStatus::Delivered) => select_deliveries!(
            "FROM deliveries INDEXED BY deliveries_of_tenant WHERE status = 'delivered' AND "
        ),
        Some(DeliveryStatus::Pending) => select_deliveries!(
            "FROM deliveries INDEXED BY deliveries_due WHERE status = 'pending' AND "
        ),
        Some(DeliveryStatus::Exhausted) => select_deliveries!(
            "FROM deliveries INDEXED BY deliveries_failed WHERE status = 'exhausted' AND "
        ),
        Some(DeliveryStatus::Refused) => select_deliveries!(
            "FROM deliveries INDEXED BY deliveries_failed WHERE status = 'refused' AND "
        ),
    }
}

fn with_all_attempts(database: &Connection, row: &Row<'_>) -> Result<Delivery, Failure> {
    let delivery = delivery(row)?;
    Ok(Delivery { attempts: attempts::all(database, delivery.id)?, ..delivery })
}

fn delivery(row: &Row<'_>) -> Result<Delivery, Failure> {
    Ok(Delivery {
        id: DeliveryId::from_uuid(uuid(row, "id")?),
        event_id: EventId::from_uuid(uuid(row, "event_id")?),
        event_type: named(row, "event_type", EventType::from_name)?,
        execution_id: execution_id(row, "execution_id")?,
        url: get(row, "url")?,
        host: get(row, "host")?,
        payload_format: named(row, "payload_format", |name| name.parse().ok())?,
        status: named(row, "status", DeliveryStatus::from_name)?,
        ended_by: named_opt(row, "ended_by", DeliveryEnd::from_name)?,
        attempts_made: get(row, "attempts_made")?,
        attempts_max: get(row, "attempts_max")?,
        next_attempt_at: time_opt(row, "next_attempt_at")?,
        next_trigger: named(row, "next_trigger", Trigger::from_name)?,
        expires_at: time_opt(row, "expires_at")?,
        created_at: time(row, "created_at")?,
        delivered_at: time_opt(row, "delivered_at")?,
        attempts: Vec::new(),
    })
}
