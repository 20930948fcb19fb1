//! Tests that no statement gets slower as the database grows: each finds its rows by an index.
//! Listens to all that the store runs, and asks SQLite how it goes about it.

mod life;
mod texts;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::super::{Page, StoreError};
use super::open::{Opened, open_all};
use super::{
    SqliteOptions, SqliteStore, backlog, choose, keys, pages, prune, queue, recoveries, start,
};
use crate::domain::{Cause, ExecutionId, Status, Tenant, Timestamp};

/// What may look at more than it finds, and why.
const EXEMPT: [(&str, &str); 7] = [
    (queue::OURS, "runs when a supervisor has fallen, over no more than there are slots"),
    (queue::QUEUED, "runs once, when a server starts"),
    (queue::RUNNING, "runs once, when a server starts"),
    (recoveries::TO_DO, "runs when a webhook actor starts, over what it is to go on with"),
    (keys::ALL, "runs every few seconds, and there are few keys"),
    (
        backlog::COUNT_PENDING,
        "is asked for by who reads metrics, and answered from memory if it was lately",
    ),
    (prune::NEWEST_BEYOND, "walks the index by as many as are to be kept, once a sweep"),
];

/// The indexes that have only what has not ended; their number is limited where requests are
/// admitted. Going through one in its order is fine for who stops at a limit.
const SHORT: [&str; 2] = ["INDEX queue_waiting", "INDEX queue_running"];

/// All that is not NULL, which SQLite calls a search, is all that there is.
const WHOLE_INDEX: &str = "INDEX executions_by_end (completed_at>?)";

/// A list of what is pending looks at all of that, and sorts it: that is not the whole history, and
/// an index in the order of the list would cost every delivery two more writes.
const PENDING_PAGE: &str = "INDEXED BY deliveries_due WHERE status = 'pending' AND tenant = ?1";

/// Every text that a store has run, on one line each.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeSet<String>>>);

impl Heard {
    /// A store as [`SqliteStore::open`] makes it, listened to.
    fn open(&self, options: SqliteOptions) -> Result<SqliteStore, StoreError> {
        SqliteStore::start(self.connections(&options)?, options)
    }

    /// The connections of a store, listened to.
    fn connections(&self, options: &SqliteOptions) -> Result<Opened, StoreError> {
        let mut opened = open_all(options)?;
        for database in std::iter::once(&mut opened.writer).chain(&mut opened.readers) {
            let heard = self.clone();
            let listen = move |event: TraceEvent<'_>| {
                if let TraceEvent::Stmt(_, sql) = event {
                    heard.0.lock().unwrap().insert(texts::plain(sql));
                }
            };
            database.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(listen)).unwrap();
        }
        Ok(opened)
    }

    fn texts(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A database with our schema and nothing in it.
fn empty() -> Connection {
    let mut database = Connection::open_in_memory().unwrap();
    super::migrate::migrate(&mut database, "memory".as_ref()).unwrap();
    database
}

/// What SQLite would do, a step a line.
fn plan(sql: &str) -> Vec<String> {
    let database = empty();
    let mut explain = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = explain.raw_query().mapped(|row| row.get("detail"));
    steps.map(Result::unwrap).collect()
}

/// The steps of a statement that take longer the more there is.
fn grows(sql: &str) -> Vec<String> {
    let is_limited = sql.contains("LIMIT");
    let is_fine = |step: &String| {
        let is_short = is_limited && SHORT.iter().any(|index| step.contains(index));
        let scans =
            step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" || step.ends_with(WHOLE_INDEX);
        !(scans && !is_short || step.contains("TEMP B-TREE") || step.contains("AUTOMATIC"))
    };
    plan(sql).into_iter().filter(|step| !is_fine(step)).collect()
}

#[tokio::test]
async fn no_statement_of_an_executions_life_looks_at_more_than_it_needs() {
    let heard = Heard::default();
    life::live(&heard).await;
    let heard = heard.texts();
    for sql in &heard {
        let exempt =
            EXEMPT.iter().any(|(text, _)| texts::plain(text) == *sql) || sql.contains(PENDING_PAGE);
        assert_eq!(grows(sql).is_empty(), !exempt, "{sql}\n{:#?}", plan(sql));
    }
    for (sql, why) in EXEMPT {
        assert!(
            heard.contains(&texts::plain(sql)),
            "is never run, and was exempt because it {why}: {sql}"
        );
    }
    let mut unheard = texts::in_sources();
    unheard.retain(|text| !heard.iter().any(|sql| sql.contains(text)));
    assert!(unheard.is_empty(), "never ran here: {unheard:#?}");
}

#[test]
fn a_statement_that_gets_slower_is_noticed() {
    for sql in [
        "SELECT * FROM executions WHERE language = 'sh'",
        "SELECT id FROM deliveries WHERE status = 'pending' ORDER BY created_at LIMIT 5",
        "SELECT id FROM executions WHERE tenant = 'a' ORDER BY created_at LIMIT 5",
        "SELECT id FROM queue WHERE state = 'queued'",
        "SELECT id FROM executions WHERE completed_at IS NOT NULL ORDER BY completed_at",
        "DELETE FROM attempts WHERE number > 3",
        "UPDATE specs SET stdin = NULL WHERE code = ''",
        "SELECT 1 FROM outputs a JOIN outputs b ON a.result = b.result WHERE a.id = ?1",
    ] {
        assert!(!grows(sql).is_empty(), "{sql}\n{:#?}", plan(sql));
    }
}

/// Removing a row looks for rows that refer to it, of which no plan tells.
#[test]
fn what_refers_to_a_row_is_found_by_an_index() {
    let database = empty();
    let mut select = database
        .prepare(
            "SELECT m.name, group_concat(k.\"from\" || ' = 0', ' AND ')
             FROM sqlite_schema m, pragma_foreign_key_list(m.name) k
             WHERE m.type = 'table' GROUP BY m.name, k.id",
        )
        .unwrap();
    let columns = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let columns: Vec<(String, String)> = columns.map(Result::unwrap).collect();
    assert!(columns.len() >= 5, "{columns:?}");
    for (table, condition) in columns {
        let sql = format!("SELECT 1 FROM {table} WHERE {condition}");
        assert!(grows(&sql).is_empty(), "{:#?}", plan(&sql));
    }
}

/// Whether the first step is this one and no later one sorts.
fn check(sql: &str, first: &str) {
    let steps = plan(sql);
    assert!(steps[0].starts_with(first), "{sql}\n{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
}

#[test]
fn the_queue_of_a_tenant_is_searched_in_order_of_turns() {
    let steps = plan(start::TAKE);
    let search = "SEARCH queue USING COVERING INDEX queue_waiting (tenant=?)";
    assert!(steps.iter().any(|step| step == search), "{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?}");
    check(queue::ORPHANS, "SEARCH queue USING INDEX queue_running (id>?)");
    let first = "SEARCH queue USING COVERING INDEX queue_expiring (expires_at>? AND expires_at<?)";
    check(queue::OVERDUE, first);
}

#[test]
fn due_deliveries_are_found_in_the_index_alone() {
    check(choose::PENDING, "SEARCH deliveries USING COVERING INDEX deliveries_due (is_retry=?)");
    let by_host = "SEARCH deliveries USING COVERING INDEX deliveries_due_by_host";
    check(choose::NEXT_HOST, &format!("{by_host} (is_retry=? AND host>?)"));
    check(choose::PENDING_OF_HOST, &format!("{by_host} (is_retry=? AND host=?)"));
}

#[test]
fn ends_are_found_in_the_index_alone() {
    let first = "SEARCH e USING COVERING INDEX executions_by_end ((completed_at,id)>(?,?))";
    check(prune::ENDED, first);
    let whole = "SEARCH executions USING COVERING INDEX executions_by_end (completed_at>?)";
    check(prune::NEWEST_BEYOND, whole);
}

/// All filters of a page, alone and each two of them together.
fn filtered() -> Vec<Page> {
    type Filter = fn(Page) -> Page;
    let labelled = |mut page: Page, name: &str| {
        page.labels.insert(name.to_owned(), "x".to_owned());
        page
    };
    const FILTERS: [Filter; 12] = [
        |page| page,
        |page| Page { status: Some(Status::Queued), ..page },
        |page| Page { status: Some(Status::Running), ..page },
        |page| Page { status: Some(Status::Failed), ..page },
        |page| Page { status: Some(Status::Completed), ..page },
        |page| Page { language: Some("sh".into()), ..page },
        |page| Page { function: Some("f".parse().unwrap()), ..page },
        |page| Page { cause: Some(Cause::Timeout), ..page },
        |page| Page { cause: Some(Cause::Exited), ..page },
        |page| Page { created_after: Some(Timestamp::from_millis(0)), ..page },
        |page| Page { created_before: Some(Timestamp::from_millis(9)), ..page },
        |page| Page { before: Some(ExecutionId::generate()), ..page },
    ];
    let alone = || Page { limit: 9, ..Page::default() };
    let pairs = FILTERS.iter().flat_map(|one| FILTERS.map(|other| other(one(alone()))));
    pairs.flat_map(|page| [page.clone(), labelled(labelled(page, "a"), "b")]).collect()
}

#[test]
fn pages_are_read_in_their_order_whatever_is_wanted() {
    for page in filtered() {
        let sql = pages::Select::page(&Tenant::default(), &page).sql;
        let steps = plan(&sql);
        assert!(steps[0].starts_with("SEARCH "), "{sql}\n{steps:#?}");
        let is_led = steps[0].contains("INDEX") || steps[0].contains("PRIMARY KEY");
        assert!(is_led && steps[0].contains("id>? AND id<?"), "{sql}\n{steps:#?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
    }
}

#[test]
fn each_filter_of_a_page_has_an_index_that_leads_through_what_fits() {
    let page = || Page { limit: 9, ..Page::default() };
    let labels = [("a".to_owned(), "x".to_owned())].into();
    let cases = [
        (page(), "e USING INDEX executions_of_tenant (tenant=? AND"),
        (
            Page { status: Some(Status::Queued), ..page() },
            "q USING INDEX queue_of_tenant (tenant=? AND",
        ),
        (Page { status: Some(Status::Running), ..page() }, "q USING INDEX queue_running ("),
        (
            Page { status: Some(Status::Failed), language: Some("sh".into()), ..page() },
            "e USING INDEX executions_by_status (tenant=? AND status=? AND",
        ),
        (
            Page { cause: Some(Cause::Timeout), ..page() },
            "e USING COVERING INDEX executions_by_cause (tenant=? AND cause=? AND",
        ),
        (
            Page { language: Some("sh".into()), ..page() },
            "e USING COVERING INDEX executions_by_language (tenant=? AND language=? AND",
        ),
        (
            Page { function: Some("f".parse().unwrap()), ..page() },
            "e USING COVERING INDEX executions_of_function (tenant=? AND function=? AND",
        ),
        (Page { labels, ..page() }, "l USING PRIMARY KEY (tenant=? AND name=? AND value=? AND"),
    ];
    for (page, index) in cases {
        let sql = pages::Select::page(&Tenant::default(), &page).sql;
        let steps = plan(&sql);
        // One that is asked nothing more need not look at the record.
        let found = steps[0].replace("COVERING ", "");
        assert!(
            found.starts_with(&format!("SEARCH {}", index.replace("COVERING ", ""))),
            "{sql}\n{steps:#?}"
        );
    }
}
