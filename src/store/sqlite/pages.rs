//! Pages of executions, newest first: one index leads through them, and what else is wanted is looked at
//! on the way. Shows a tenant nothing of another.

use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

use super::super::{ExecutionPage, Page};
use super::failure::Failure;
use super::rows::find;
use super::values::{execution_id, get};
use crate::domain::{Cause, ExecutionId, Status, Tenant, Timestamp};
use crate::failpoint;

/// How many executions are looked at for a page. A reader is busy with them, and the snapshot that it has
/// open keeps the log from being started over.
const LOOKS_MAX: usize = 10_000;

/// How much later than its id an execution may have been accepted: it is given its id first, and then
/// waits for the writer.
const ACCEPTED_WITHIN: Duration = Duration::from_secs(60);

/// A page of a tenant's executions. `database` is one snapshot.
pub(super) fn page(
    database: &Connection,
    tenant: &Tenant,
    page: &Page,
) -> Result<ExecutionPage, Failure> {
    let Chosen { ids, next } = choose(database, Select::page(tenant, page), page.limit)?;
    let found = ids.into_iter().filter_map(|id| find(database, id.uuid().into_bytes()).transpose());
    Ok(ExecutionPage { executions: found.collect::<Result<_, _>>()?, next })
}

struct Chosen {
    ids: Vec<ExecutionId>,
    next: Option<ExecutionId>,
}

/// Chooses up to `limit` that fit. One more than that tells whether there is a next page.
fn choose(database: &Connection, select: Select, limit: usize) -> Result<Chosen, Failure> {
    let mut prepared = database.prepare_cached(&select.sql)?;
    let mut rows = prepared.query(params_from_iter(select.values))?;
    let mut ids = Vec::new();
    let (mut looks, looks_max) = (0, looks_max());
    while let Some(row) = rows.next()? {
        let id = execution_id(row, "id")?;
        looks += 1;
        if get(row, "fits")? {
            if ids.len() == limit {
                let next = ids.last().copied();
                return Ok(Chosen { ids, next });
            }
            ids.push(id);
        }
        if looks == looks_max {
            return Ok(Chosen { ids, next: Some(id) });
        }
    }
    Ok(Chosen { ids, next: None })
}

fn looks_max() -> usize {
    let wanted = failpoint::value("page-looks");
    wanted.and_then(|number| number.parse().ok()).unwrap_or(LOOKS_MAX)
}

/// What leads through the executions, in the order of their ids.
enum Lead<'a> {
    /// The queue, which is short: what has not ended has no status in its record.
    Queue(Status),
    /// Those with a label.
    Label(&'a str, &'a str),
    /// The calls of a function.
    Function(&'a str),
    /// Those that were ended by something that is not usual.
    Cause(Cause),
    /// Those that have ended so.
    Status(Status),
    /// Those in a language.
    Language(&'a str),
    /// All.
    Tenant,
}

impl<'a> Lead<'a> {
    /// That which is likely to leave the least to look at.
    fn of(page: &'a Page) -> Self {
        let unfinished = page.status.filter(|status| !status.is_terminal());
        let unusual = page.cause.filter(|cause| *cause != Cause::Exited);
        let failed = page.status.filter(|status| *status != Status::Completed);
        let completed = page.status;
        if let Some(status) = unfinished {
            Self::Queue(status)
        } else if let Some((name, value)) = page.labels.first_key_value() {
            Self::Label(name, value)
        } else if let Some(function) = &page.function {
            Self::Function(function.as_str())
        } else if let Some(cause) = unusual {
            Self::Cause(cause)
        } else if let Some(status) = failed {
            Self::Status(status)
        } else if let Some(language) = &page.language {
            Self::Language(language)
        } else if let Some(status) = completed {
            Self::Status(status)
        } else {
            Self::Tenant
        }
    }
}

/// The statement of a page. There are few different texts of it for each way, so that each is prepared
/// once; all that a client says goes in as a value.
#[derive(Default)]
pub(super) struct Select {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl Select {
    pub(super) fn page(tenant: &Tenant, page: &Page) -> Self {
        let lead = Lead::of(page);
        let mut select = Self::default();
        // What fits is in the end one number: 1, and whatever else is wanted.
        let (of, from) = match &lead {
            Lead::Queue(Status::Queued) => {
                ("q", "queue q INDEXED BY queue_of_tenant CROSS JOIN executions e ON e.id = q.id")
            }
            Lead::Queue(_) => {
                ("q", "queue q INDEXED BY queue_running CROSS JOIN executions e ON e.id = q.id")
            }
            Lead::Label(..) => ("l", "execution_labels l CROSS JOIN executions e ON e.id = l.id"),
            Lead::Function(_) => ("e", "executions e INDEXED BY executions_of_function"),
            Lead::Cause(_) => ("e", "executions e INDEXED BY executions_by_cause"),
            Lead::Status(_) => ("e", "executions e INDEXED BY executions_by_status"),
            Lead::Language(_) => ("e", "executions e INDEXED BY executions_by_language"),
            Lead::Tenant => ("e", "executions e INDEXED BY executions_of_tenant"),
        };
        select.sql = ["SELECT ", of, ".id AS id, 1"].concat();
        select.fits(&lead, page);
        select.sql += &format!(" AS fits FROM {from} WHERE");
        select.value(&format!(" {of}.tenant ="), tenant.as_str().to_owned());
        select.led_by(&lead);
        let (from, to) = bounds(page);
        select.value(&format!(" AND {of}.id >="), from.as_bytes().to_vec());
        select.value(&format!(" AND {of}.id <"), to.as_bytes().to_vec());
        select.sql += &format!(" ORDER BY {of}.id DESC");
        select
    }

    /// What is looked at on the way; nothing of what the index answers for.
    fn fits(&mut self, lead: &Lead<'_>, page: &Page) {
        let leads_by_label = matches!(lead, Lead::Label(..));
        for (name, value) in page.labels.iter().skip(usize::from(leads_by_label)) {
            self.sql += " AND EXISTS (SELECT 1 FROM execution_labels o WHERE o.tenant = e.tenant";
            self.value(" AND o.name =", name.clone());
            self.value(" AND o.value =", value.clone());
            self.sql += " AND o.id = e.id)";
        }
        if let Some(function) =
            page.function.as_ref().filter(|_| !matches!(lead, Lead::Function(_)))
        {
            // Equal to what is NULL is nothing, which would be no answer to whether it fits.
            self.value(" AND e.function IS", function.as_str().to_owned());
        }
        if let Some(cause) = page.cause.filter(|_| !matches!(lead, Lead::Cause(_))) {
            self.value(" AND e.cause IS", cause.as_str().to_owned());
        }
        let terminal = page.status.filter(|status| status.is_terminal());
        if let Some(status) = terminal.filter(|_| !matches!(lead, Lead::Status(_))) {
            self.value(" AND e.status IS", status.as_str().to_owned());
        }
        if let Some(language) =
            page.language.as_ref().filter(|_| !matches!(lead, Lead::Language(_)))
        {
            self.value(" AND e.language =", language.clone());
        }
        if let Some(after) = page.created_after {
            self.value(" AND e.created_at >", after.as_millis());
        }
        if let Some(before) = page.created_before {
            self.value(" AND e.created_at <", before.as_millis());
        }
    }

    /// What the index answers for.
    fn led_by(&mut self, lead: &Lead<'_>) {
        match lead {
            // As they stand in the conditions of the indexes, without which these could not be used.
            Lead::Queue(Status::Queued) => self.sql += " AND q.state = 'queued'",
            Lead::Queue(_) => self.sql += " AND q.state = 'running'",
            Lead::Label(name, value) => {
                self.value(" AND l.name =", (*name).to_owned());
                self.value(" AND l.value =", (*value).to_owned());
            }
            Lead::Function(name) => self.value(" AND e.function =", (*name).to_owned()),
            Lead::Cause(cause) => {
                self.sql += " AND e.cause <> 'exited'";
                self.value(" AND e.cause =", cause.as_str().to_owned());
            }
            Lead::Status(status) => self.value(" AND e.status =", status.as_str().to_owned()),
            Lead::Language(language) => self.value(" AND e.language =", (*language).to_owned()),
            Lead::Tenant => {}
        }
    }

    fn value(&mut self, before: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql += &format!("{before} ?{}", self.values.len());
    }
}

/// Between which ids a page lies, the first included. Nothing is accepted before the time of its id; how
/// long after is bounded, and so both times are looked at once more.
fn bounds(page: &Page) -> (Uuid, Uuid) {
    let from =
        page.created_after.map_or(Uuid::nil(), |after| first_at(after.before(ACCEPTED_WITHIN)));
    let to = page.created_before.map_or(Uuid::max(), first_at);
    (from, page.before.map_or(to, |before| to.min(before.uuid())))
}

/// The first id that may be made at a time, or behind it.
fn first_at(time: Timestamp) -> Uuid {
    /// As many milliseconds as an id has room for.
    const LAST: i64 = (1 << 48) - 1;
    let millis = time.as_millis().clamp(0, LAST);
    Uuid::from_u128(u128::from(millis.unsigned_abs()) << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_time_lie_where_it_says() {
        let time = |millis| Timestamp::from_millis(millis);
        let made =
            Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_750_000_000, 5_000_000));
        let millis = 1_750_000_000_005;
        assert!(first_at(time(millis)) < made && made < first_at(time(millis + 1)));
        assert_eq!(first_at(time(-5)), Uuid::nil());
        assert!(first_at(time(i64::MAX)) < Uuid::max());
        let page = Page { created_before: Some(time(millis + 1)), ..Page::default() };
        assert_eq!(bounds(&page), (Uuid::nil(), first_at(time(millis + 1))));
        let behind = Page { before: Some(ExecutionId::from_uuid(made)), ..page.clone() };
        assert_eq!(bounds(&behind).1, made, "whichever comes first");
        let before = Page { created_before: Some(time(millis)), ..behind };
        assert_eq!(bounds(&before).1, first_at(time(millis)));
    }
}
