//! Reading back: one execution, the list with its pages and filters, deliveries, unknown ids.
//! Cancels only to see what an unknown id is told.

use serde_json::{Value, json};

use super::problem::expect_problem;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

fn true_program(number: usize) -> Value {
    json!({"language": "sh", "code": "true", "labels": {"n": number.to_string()}})
}

/// Runs so many programs and gives their ids, newest first.
fn executions(app: &TestApp, count: usize) -> Vec<String> {
    let mut ids: Vec<_> = (0..count).map(|n| app.submit(true_program(n)).id).collect();
    for id in &ids {
        app.finished(id);
    }
    ids.reverse();
    ids
}

#[track_caller]
fn page(app: &TestApp, query: &str) -> (Vec<String>, Option<String>) {
    let page = app.get(&format!("/v1/executions{query}")).expect(200).json();
    let data = page["data"].as_array().expect("a page has data").iter();
    let ids = data.map(|record| record["id"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(page.get("next_cursor").is_some(), "{page}");
    (ids, page["next_cursor"].as_str().map(str::to_owned))
}

#[test]
fn an_id_that_never_existed_is_404_however_it_is_spelt() {
    let app = TestApp::start();
    let real = app.submit(true_program(0)).id;
    app.finished(&real);
    let ids = [
        "exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b".to_owned(),
        "exec_".to_owned(),
        "7".to_owned(),
        "exec_zz".to_owned(),
        "%00".to_owned(),
        "%ff".to_owned(),
        real.to_uppercase(),
        real.replace("exec_", "evt_"),
        format!("{real}%20"),
        "x".repeat(3000),
    ];
    for id in ids {
        for (method, rest) in [("GET", ""), ("DELETE", ""), ("GET", "/deliveries")] {
            let path = format!("/v1/executions/{id}{rest}");
            expect_problem(&app.request(method, &path).send(), 404);
        }
    }
}

#[test]
fn the_list_is_newest_first_and_comes_in_pages() {
    let app = TestApp::start();
    let ids = executions(&app, 7);
    assert_eq!(page(&app, ""), (ids.clone(), None));
    assert_eq!(page(&app, "?limit=7"), (ids.clone(), None));
    let mut seen = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let (some, next) = page(&app, &query);
        assert!(!some.is_empty() && some.len() <= 3);
        seen.extend(some);
        let Some(cursor) = next else { break };
        assert!(cursor.bytes().all(|b| b.is_ascii_graphic() && b != b'&'), "{cursor}");
        query = format!("?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ids);
}

#[test]
fn a_page_is_not_moved_by_what_is_accepted_meanwhile() {
    let app = TestApp::start();
    let ids = executions(&app, 4);
    let (first, cursor) = page(&app, "?limit=2");
    let newer = app.submit(true_program(9)).id;
    let (second, _) = page(&app, &format!("?limit=2&cursor={}", cursor.expect("more to come")));
    assert_eq!([first, second].concat(), ids);
    assert_eq!(page(&app, "?limit=1").0, std::slice::from_ref(&newer));
    app.finished(&newer);
}

#[test]
fn the_list_is_filtered_by_status() {
    let app = TestApp::with(|options| options.slots(1));
    let completed = executions(&app, 2);
    let failed = app.run(json!({"language": "sh", "code": "exit 3"}));
    let running = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let queued = app.submit(true_program(0)).id;
    assert_eq!(page(&app, "?status=completed").0, completed);
    assert_eq!(page(&app, "?status=failed").0, [failed["id"].as_str().unwrap()]);
    assert_eq!(page(&app, "?status=running").0, std::slice::from_ref(&running));
    assert_eq!(page(&app, "?status=queued").0, std::slice::from_ref(&queued));
    app.delete(&format!("/v1/executions/{queued}")).expect(200);
    app.delete(&format!("/v1/executions/{running}")).expect(202);
    app.finished(&running);
    assert_eq!(page(&app, "?status=cancelled").0, [queued, running]);
    assert_eq!(page(&app, "?status=queued").0, [""; 0]);
}

#[test]
fn a_query_that_means_nothing_is_400_and_names_the_parameter() {
    let app = TestApp::start();
    let queries = [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1e2", "limit"),
        ("cursor=broken", "cursor"),
        ("cursor=%00%ff", "cursor"),
        ("cursor=", "cursor"),
        ("status=done", "status"),
        ("status=", "status"),
    ];
    for (query, parameter) in queries {
        let problem = expect_problem(&app.get(&format!("/v1/executions?{query}")), 400);
        assert!(problem.to_string().contains(parameter), "{query}: {problem}");
    }
    app.get("/v1/executions?limit=200").expect(200);
}

#[test]
fn deliveries_of_an_execution_have_every_member_of_the_contract() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let url = receiver.url("/hook?token=not-shown");
    let id = app.submit(json!({"language": "sh", "code": "true", "callback_url": url})).id;
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let list = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    assert_eq!(list["next_cursor"], Value::Null);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let delivery = &list["data"][0];
    assert!(delivery["id"].as_str().is_some_and(|id| id.starts_with("dlv_")), "{delivery}");
    assert_eq!(delivery["event_id"], id.replace("exec_", "evt_"));
    assert_eq!(delivery["event_type"], "execution.completed");
    assert_eq!(delivery["execution_id"], id);
    assert_eq!(delivery["url"], receiver.url("/hook"));
    assert_eq!(
        (&delivery["payload_format"], &delivery["status"]),
        (&json!("standard"), &json!("delivered"))
    );
    assert_eq!((&delivery["ended_by"], &delivery["next_attempt_at"]), (&Value::Null, &Value::Null));
    assert_eq!(delivery["waiting_for"], Value::Null);
    assert_eq!(delivery["attempts_max"], 4);
    assert!(delivery["created_at"].is_string() && delivery["delivered_at"].is_string());
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["trigger"]), (&json!(1), &json!("schedule")));
    assert_eq!(attempt["address"], receiver.address().to_string());
    assert_eq!(attempt["status_code"], 200);
    assert_eq!((&attempt["error_class"], &attempt["error"]), (&Value::Null, &Value::Null));
    for phase in ["dns", "connect", "tls", "first_byte", "total"] {
        assert!(attempt["timings_ms"].get(phase).is_some(), "{phase}: {attempt}");
    }
    assert!(attempt["timings_ms"]["total"].as_f64().is_some_and(|ms| ms > 0.0), "{attempt}");
    for member in ["started_at", "response_headers", "response_body", "response_truncated"] {
        assert!(attempt.get(member).is_some_and(|value| !value.is_null()), "{member}: {attempt}");
    }
}

#[test]
fn an_execution_that_owes_nobody_anything_has_no_deliveries() {
    let app = TestApp::start();
    let id = app.submit(true_program(0)).id;
    assert_eq!(app.finished(&id)["delivery"], "none");
    let list = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    assert_eq!(list, json!({"data": [], "next_cursor": null}));
}

#[test]
fn the_links_of_a_record_lead_somewhere() {
    let app = TestApp::start();
    let id = app.submit(true_program(0)).id;
    let record = app.finished(&id);
    let links = record["links"].as_object().expect("links by name");
    assert!(!links.is_empty());
    for (name, link) in links {
        let path = link.as_str().expect("a link is a path or a URL");
        let path = path.strip_prefix(&format!("http://{}", app.address())).unwrap_or(path);
        assert_eq!(app.get(path).status, 200, "{name}: {path}");
    }
}
