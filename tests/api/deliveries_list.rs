//! The list of deliveries: its order, its pages, its filters, and what is no query.
//! What a delivery says of itself is elsewhere.

use serde_json::{Value, json};

use super::owed::{calling, gives_up_at_once, id_of, owed, owed_for, with_status};
use super::problem::expect_blame;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

#[track_caller]
fn page(app: &TestApp, query: &str) -> (Vec<String>, Option<String>) {
    let page = app.get(&format!("/v1/deliveries{query}")).expect(200).json();
    let data = page["data"].as_array().expect("a page has data").iter();
    let ids = data.map(|delivery| id_of(delivery).to_owned()).collect();
    (ids, page["next_cursor"].as_str().map(str::to_owned))
}

/// So many deliveries of executions that ended one after the other, newest first.
fn deliveries(app: &TestApp, receiver: &TestReceiver, count: usize) -> Vec<Value> {
    let mut made: Vec<_> = (0..count).map(|_| owed(app, receiver, "delivered")).collect();
    made.reverse();
    made
}

fn ids(deliveries: &[Value]) -> Vec<String> {
    deliveries.iter().map(|delivery| id_of(delivery).to_owned()).collect()
}

#[test]
fn it_is_newest_first_and_comes_in_pages_that_new_ones_do_not_move() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let expected = ids(&deliveries(&app, &receiver, 7));
    assert_eq!(page(&app, ""), (expected.clone(), None));
    assert_eq!(page(&app, "?limit=7"), (expected.clone(), None));
    let mut seen = Vec::new();
    let mut query = "?limit=3&status=delivered".to_owned();
    loop {
        let (some, next) = page(&app, &query);
        assert!(!some.is_empty() && some.len() <= 3);
        seen.extend(some);
        let Some(cursor) = next else { break };
        assert!(
            cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
            "{cursor}"
        );
        query = format!("?status=delivered&limit=3&cursor={cursor}");
        owed(&app, &receiver, "delivered");
    }
    assert_eq!(seen, expected);
}

#[test]
fn an_entry_has_its_last_attempt_in_place_of_all() {
    let app = TestApp::with(|options| options.retry_schedule("10ms,5h"));
    let receiver = TestReceiver::answering([Scripted::status(500), Scripted::status(502)]);
    let id = app.submit(calling(&receiver)).id;
    super::owed::with_attempts(&app, &id, 2);
    let page = app.get("/v1/deliveries").expect(200).json();
    let (mut entry, mut whole) = (page["data"][0].clone(), owed_for(&app, &id).remove(0));
    assert_eq!(entry["last_attempt"]["status_code"], 502);
    assert_eq!(entry["last_attempt"]["number"], 2);
    assert_eq!((entry["attempts_made"].as_u64(), entry.get("attempts")), (Some(2), None));
    assert_eq!(entry["last_attempt"], whole["attempts"][1]);
    for (body, of_its_own) in [(&mut entry, "last_attempt"), (&mut whole, "attempts")] {
        let members = body.as_object_mut().unwrap();
        members.remove(of_its_own);
        // It says in how much time the next attempt comes.
        members.remove("explanation");
    }
    assert_eq!(entry, whole, "all else is the same");
}

#[test]
fn it_is_filtered_by_status_host_kind_and_execution() {
    let app = TestApp::with(gives_up_at_once);
    let (here, there) = (TestReceiver::start(), TestReceiver::always(Scripted::status(500)));
    let mut failing = calling(&here);
    failing["code"] = json!("exit 1");
    let taken = owed(&app, &here, "delivered");
    let lost = owed(&app, &there, "exhausted");
    let failed_id = app.submit(failing).id;
    let failed = with_status(&app, &failed_id, "delivered");
    let all = [failed.clone(), lost.clone(), taken.clone()];

    let execution = taken["execution_id"].as_str().unwrap();
    let (port_here, port_there) = (here.address().port(), there.address().port());
    for (query, expected) in [
        ("".to_owned(), &all[..]),
        ("?status=delivered".to_owned(), &[failed.clone(), taken.clone()]),
        ("?status=exhausted".to_owned(), std::slice::from_ref(&lost)),
        ("?status=pending".to_owned(), &[]),
        ("?status=refused".to_owned(), &[]),
        ("?event_type=execution.failed".to_owned(), std::slice::from_ref(&failed)),
        ("?event_type=execution.cancelled".to_owned(), &[]),
        ("?host=127.0.0.1".to_owned(), &all),
        (format!("?host=127.0.0.1:{port_there}"), std::slice::from_ref(&lost)),
        (format!("?host=127.0.0.1:{port_here}&status=exhausted"), &[]),
        ("?host=example.com".to_owned(), &[]),
        (format!("?execution={execution}"), std::slice::from_ref(&taken)),
        (format!("?execution={execution}&status=exhausted"), &[]),
        (
            format!("?execution={execution}&host=127.0.0.1:{port_here}"),
            std::slice::from_ref(&taken),
        ),
        (format!("?execution={execution}&host=127.0.0.1:{port_there}"), &[]),
        ("?execution=exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b".to_owned(), &[]),
        ("?since=1h".to_owned(), &all),
        ("?until=1h".to_owned(), &[]),
    ] {
        assert_eq!(page(&app, &query).0, ids(expected), "{query}");
    }
    let at = lost["created_at"].as_str().unwrap();
    assert_eq!(page(&app, &format!("?since={at}")).0, ids(&all[..2]));
    assert_eq!(page(&app, &format!("?until={at}")).0, ids(&all[2..]));
    assert_eq!(page(&app, &format!("?since={at}&until={at}")).0, [""; 0]);
}

#[test]
fn a_query_that_means_nothing_is_400_and_names_the_parameter() {
    let app = TestApp::start();
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=broken", "cursor"),
        ("cursor=%00%ff", "cursor"),
        ("status=done", "status"),
        ("status=", "status"),
        ("event_type=execution.paused", "event_type"),
        ("host=", "host"),
        ("host=http%3A%2F%2Fa", "host"),
        ("since=soon", "since"),
        ("since=2026-01-01", "since"),
        ("until=", "until"),
        ("execution=7", "execution"),
        ("state=pending", "state"),
    ] {
        expect_blame(&app.get(&format!("/v1/deliveries?{query}")), parameter);
    }
    app.get("/v1/deliveries?limit=200").expect(200);
}

#[test]
fn a_cursor_is_refused_in_another_list() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deliveries(&app, &receiver, 2);
    let cursor = page(&app, "?limit=1&status=delivered").1.expect("there is more");
    for query in ["", "&status=pending", "&status=delivered&since=1h"] {
        let sentence =
            expect_blame(&app.get(&format!("/v1/deliveries?cursor={cursor}{query}")), "cursor");
        assert!(sentence.contains("other filters"), "{sentence}");
    }
    let executions = app.get("/v1/executions?limit=1").expect(200).json();
    let foreign = executions["next_cursor"].as_str().expect("there is more");
    expect_blame(&app.get(&format!("/v1/deliveries?cursor={foreign}")), "cursor");
}
