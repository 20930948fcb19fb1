//! What is counted of HTTP requests and of the work of the store: by route, never by what a path
//! names. What is counted of executions and deliveries is tested elsewhere.

use serde_json::json;

use super::exposition::{Exposition, Sample};
use super::scoped::{add_key, with_key};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const REQUESTS: &str = "ringback_http_requests_total";
const COUNT: &str = "ringback_http_request_duration_seconds_count";

fn metrics(app: &TestApp) -> Exposition {
    Exposition::parse(&app.get("/metrics").expect(200).text())
}

fn find<'a>(metrics: &'a Exposition, name: &str, labels: &[(&str, &str)]) -> Option<&'a Sample> {
    metrics.samples.iter().find(|sample| {
        let has =
            |(name, value): &(&str, &str)| sample.labels.get(*name).is_some_and(|own| own == value);
        sample.name == name && labels.iter().all(has)
    })
}

/// How many requests of this kind were answered.
fn answered(metrics: &Exposition, route: &str, method: &str, code: &str) -> f64 {
    let labels = [("route", route), ("method", method), ("code", code)];
    find(metrics, REQUESTS, &labels).map_or(0.0, |sample| sample.value)
}

fn refused(metrics: &Exposition, code: &str) -> f64 {
    metrics.value("ringback_requests_refused_total", &[("code", code)])
}

#[test]
fn requests_are_counted_by_route_method_and_status_and_refusals_by_their_code() {
    let app = TestApp::with(|options| options.slots(1).env("RINGBACK_QUEUE__MAX_TOTAL", "1"));
    let before = metrics(&app);
    for code in ["queue_full", "tenant_queue_full", "draining", "unauthorized", "internal"] {
        assert_eq!(refused(&before, code), 0.0, "{code} is there before it happens");
    }
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.get(&format!("/v1/executions/{id}")).expect(200);
    app.get(&format!("/v1/executions/{id}?wait=0")).expect(200);
    app.get("/v1/executions/none").expect(404);
    app.request("PUT", "/v1/executions").send().expect(405);
    app.anonymous("GET", "/v1/executions").send().expect(401);
    app.get("/nowhere/at/all").expect(404);
    app.get("/v1/nowhere").expect(404);
    app.request("BREW", "/v1/executions").send().expect(405);
    app.post("/v1/executions", &json!({"language": "sh"})).expect(400);
    let waiting = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.post("/v1/executions", &json!({"language": "sh", "code": "true"})).expect(503);

    let now = metrics(&app);
    let all = "/v1/executions";
    let one = "/v1/executions/{id}";
    assert_eq!(answered(&now, all, "POST", "202"), 2.0);
    assert_eq!(answered(&now, all, "POST", "400"), 1.0);
    assert_eq!(answered(&now, all, "POST", "503"), 1.0);
    assert_eq!(answered(&now, all, "PUT", "405"), 1.0);
    assert_eq!(answered(&now, all, "other", "405"), 1.0);
    assert_eq!(answered(&now, all, "GET", "401"), 1.0);
    assert_eq!((answered(&now, one, "GET", "200"), answered(&now, one, "GET", "404")), (2.0, 1.0));
    assert_eq!(answered(&now, "other", "GET", "404"), 2.0);
    assert_eq!(answered(&now, "/metrics", "GET", "200"), 1.0, "itself, when it has been answered");
    for (code, count) in [
        ("queue_full", 1.0),
        ("invalid_request", 1.0),
        ("unauthorized", 1.0),
        ("method_not_allowed", 2.0),
        ("not_found", 3.0),
        ("internal", 0.0),
    ] {
        assert_eq!(refused(&now, code), count, "{code}");
    }
    eventually(DEADLINE, "each is measured when its answer has been handed over", || {
        let now = metrics(&app);
        let count = |route, method| {
            let found = find(&now, COUNT, &[("route", route), ("method", method)]);
            found.map_or(0.0, |sample| sample.value)
        };
        (count(all, "POST") == 4.0 && count(one, "GET") == 3.0).then_some(())
    });
    for id in [id, waiting] {
        app.delete(&format!("/v1/executions/{id}"));
    }
}

#[test]
fn hundreds_of_ids_tenants_and_paths_make_no_more_series_than_one_of_each() {
    // Wrong keys are answered alike however many there were.
    let mut app = TestApp::with(|options| options.env("RINGBACK_AUTH__FAILURES_PER_MINUTE", "0"));
    let receiver = TestReceiver::start();
    let key = add_key(&mut app, &["executions:read"]);
    let traffic = |app: &TestApp, number: usize| {
        let body = json!({
            "language": "sh",
            "code": format!("exit {}", number % 3),
            "labels": {"number": number.to_string()},
            "callback_url": format!("http://{}/{number}", receiver.address()),
        });
        let id = app.submit(body).id;
        app.get(&format!("/v1/executions/{id}")).expect(200);
        app.get(&format!("/v1/executions/missing-{number}")).expect(404);
        app.get(&format!("/paths/of/{number}")).expect(404);
        app.request(&format!("VERB{number}"), "/v1/executions").send().expect(405);
        app.get(&format!("/v1/deliveries?host=h{number}.example")).expect(200);
        with_key(app, &key, &format!("/v1/executions/{id}"));
        app.anonymous("GET", "/v1/executions")
            .header("x-api-key", &format!("rbk_{number}_x"))
            .send();
        app.finished(&id);
    };
    let settled = |app: &TestApp, count: usize| {
        eventually(DEADLINE, "all are delivered", || {
            let metrics = metrics(app);
            let delivered = metrics.value("ringback_deliveries_total", &[("outcome", "delivered")]);
            // It has counted itself, and nothing is on its way any more.
            let itself = find(&metrics, COUNT, &[("route", "/metrics")]);
            (delivered == count as f64 && itself.is_some()).then_some(metrics)
        })
    };
    (0..3).for_each(|number| traffic(&app, number));
    let few = settled(&app, 3);
    (3..120).for_each(|number| traffic(&app, number));
    let many = settled(&app, 120);
    assert_eq!(many.samples.len(), few.samples.len());
    assert!(many.samples.len() < 700, "{} series", many.samples.len());
}

#[test]
fn the_work_of_the_store_is_measured_and_so_is_the_process() {
    let app = TestApp::start();
    let count = |metrics: &Exposition, op| {
        metrics.value("ringback_db_duration_seconds_count", &[("op", op)])
    };
    let before = metrics(&app);
    app.run(json!({"language": "sh", "code": "true"}));
    let after = metrics(&app);
    assert!(count(&after, "commit") >= count(&before, "commit") + 2.0, "its start and its end");
    assert!(count(&after, "read") > count(&before, "read"));
    let commands =
        |name: &str| after.value(&format!("ringback_db_commands_per_commit_{name}"), &[]);
    assert_eq!(commands("count"), count(&after, "commit"));
    assert!(commands("sum") >= commands("count"), "no transaction is empty");
    assert_eq!(after.value("ringback_db_busy_total", &[]), 0.0);

    let process = |name: &str| after.value(&format!("process_{name}"), &[]);
    let resident = process("resident_memory_bytes");
    let by_proc = app.rss_bytes() as f64;
    assert!((by_proc / 2.0..by_proc * 2.0).contains(&resident), "{resident} and not {by_proc}");
    assert!(process("cpu_seconds_total") > 0.0);
    assert!(process("start_time_seconds") > 1_700_000_000.0);
    let fds = std::fs::read_dir(format!("/proc/{}/fd", app.pid())).unwrap().count() as f64;
    assert!((process("open_fds") - fds).abs() < 10.0, "{} and not {fds}", process("open_fds"));
    assert!(process("max_fds") >= process("open_fds"));
}
