//! Tests that the statements which run often find their rows by an index, however many there are.
//! Runs none of them.

use rusqlite::Connection;

use super::super::Page;
use super::{claim, queue, read, start};
use crate::domain::{ExecutionId, Status, Tenant};

/// What SQLite would do, a step a line.
fn plan(sql: &str) -> Vec<String> {
    let database = Connection::open_in_memory().unwrap();
    for migration in [
        include_str!("../../../migrations/sqlite/V1__first_schema.sql"),
        include_str!("../../../migrations/sqlite/V2__limits.sql"),
        include_str!("../../../migrations/sqlite/V3__interruptions_and_ends.sql"),
    ] {
        database.execute_batch(migration).unwrap();
    }
    let mut explain = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = explain.raw_query().mapped(|row| row.get("detail"));
    steps.map(Result::unwrap).collect()
}

/// Whether the first step is this one and no later one sorts.
fn check(sql: &str, first: &str) {
    let steps = plan(sql);
    assert!(steps[0].starts_with(first), "{sql}\n{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
}

#[test]
fn the_queue_is_searched_in_order_of_age() {
    let steps = plan(start::TAKE);
    let scan = "SCAN queue USING COVERING INDEX queue_waiting";
    assert!(steps.iter().any(|step| step == scan), "{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?}");
    check(queue::ORPHANS, "SEARCH queue USING INDEX queue_running (id>?)");
    let first = "SEARCH queue USING COVERING INDEX queue_expiring (expires_at>? AND expires_at<?)";
    check(queue::OVERDUE, first);
}

#[test]
fn due_deliveries_are_found_in_the_index_alone() {
    check(claim::PENDING, "SEARCH deliveries USING COVERING INDEX deliveries_due (is_retry=?)");
}

#[test]
fn pages_are_read_from_their_beginning() {
    let before = Some(ExecutionId::generate());
    let page = |status| Page { limit: 9, before, status, language: Some("python".into()) };
    let cases = [
        (None, "SEARCH e USING INDEX executions_of_tenant (tenant=? AND id<?)"),
        (Some(Status::Queued), "SEARCH q USING INDEX queue_waiting (id<?)"),
        (Some(Status::Running), "SEARCH q USING INDEX queue_running (id<?)"),
        (
            Some(Status::Failed),
            "SEARCH e USING INDEX executions_by_status (tenant=? AND status=? AND id<?)",
        ),
    ];
    for (status, first) in cases {
        check(&read::Select::page(&Tenant::default(), &page(status)).sql, first);
    }
}
