//! `GET /metrics`: what Prometheus is told of deliveries and executions while they happen.
//! The arithmetic of buckets is not tested here.

use serde_json::json;

use super::exposition::{Exposition, Sample};
use super::owed::{calling, gives_up_at_once, id_of, owed, patient, redeliver, with_status};
use super::problem::expect_problem;
use super::scoped::{add_key, with_key};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, within};

fn metrics(app: &TestApp) -> Exposition {
    Exposition::parse(&app.get("/metrics").expect(200).text())
}

/// The metrics once they satisfy a condition.
#[track_caller]
fn metrics_once(app: &TestApp, what: &str, is: impl Fn(&Exposition) -> bool) -> Exposition {
    let mut last = Exposition::default();
    let found = within(DEADLINE, || {
        last = metrics(app);
        is(&last).then_some(())
    });
    assert!(found.is_some(), "not within {DEADLINE:?}: {what}; they are {last:#?}");
    last
}

fn attempts(metrics: &Exposition, trigger: &str, result: &str) -> f64 {
    let labels = [("trigger", trigger), ("result", result)];
    metrics.value("ringback_delivery_attempts_total", &labels)
}

fn deliveries(metrics: &Exposition, outcome: &str) -> f64 {
    metrics.value("ringback_deliveries_total", &[("outcome", outcome)])
}

fn executions(metrics: &Exposition, outcome: &str, cause: &str) -> f64 {
    let labels = [("outcome", outcome), ("cause", cause)];
    metrics.value("ringback_executions_finished_total", &labels)
}

fn gauge(metrics: &Exposition, name: &str) -> f64 {
    metrics.value(name, &[])
}

#[test]
fn metrics_are_for_those_with_the_scope() {
    let mut app = TestApp::start();
    expect_problem(&app.anonymous("GET", "/metrics").send(), 401);
    expect_problem(&with_key(&app, "rbk_wrong", "/metrics"), 401);
    expect_problem(&app.request("POST", "/metrics").send(), 405);
    let scraper = add_key(&mut app, &["metrics:read"]);
    let other = add_key(&mut app, &["executions:read", "deliveries:read"]);
    let problem = expect_problem(&with_key(&app, &other, "/metrics"), 403);
    assert!(problem["detail"].as_str().unwrap().contains("`metrics:read`"), "{problem}");
    let answer = with_key(&app, &scraper, "/metrics").expect(200);
    let content_type = answer.header("content-type").unwrap();
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    expect_problem(&with_key(&app, &scraper, "/v1/deliveries"), 403);
}

/// Names of series, without their values.
fn series(metrics: &Exposition) -> Vec<String> {
    let name = |sample: &Sample| format!("{} {:?}", sample.name, sample.labels);
    // Those of requests come with the first request of their kind.
    let is_there_at_once = |sample: &&Sample| !sample.name.starts_with("ringback_http_");
    let mut all: Vec<_> = metrics.samples.iter().filter(is_there_at_once).map(name).collect();
    all.sort();
    all
}

#[test]
fn whatever_happens_there_are_the_same_few_series_each_described_and_none_names_anybody() {
    let app = TestApp::with(gives_up_at_once);
    let before = series(&metrics(&app));
    let bad = TestReceiver::always(Scripted::status(404));
    let delivery = owed(&app, &bad, "exhausted");
    owed(&app, &TestReceiver::start(), "delivered");
    redeliver(&app, &delivery).expect(202);
    app.run(json!({"language": "sh", "code": "exit 3", "labels": {"team": "blue"}}));
    let now = metrics_once(&app, "it was sent again", |m| attempts(m, "manual", "status") == 1.0);
    assert_eq!(series(&now), before, "nothing that happens makes a new series");

    let labels = [
        "trigger", "result", "outcome", "cause", "le", "version", "commit", "runtime", "phase",
        "state", "op", "check", "code", "route", "method",
    ];
    for sample in &now.samples {
        let family = now.family(&sample.name).unwrap();
        let is_ours = family.starts_with("ringback_") || family.starts_with("process_");
        assert!(is_ours, "{family}");
        let help = now.helps.get(family).unwrap_or_else(|| panic!("{family} is not described"));
        assert!(help.ends_with('.') && help.len() > 20, "{family}: {help}");
        let kind = now.types[family].as_str();
        assert_eq!(kind == "counter", family.ends_with("_total"), "{family} is a {kind}");
        assert_eq!(kind == "histogram", sample.name != family, "{family} is a {kind}");
        for (name, value) in &sample.labels {
            assert!(labels.contains(&name.as_str()), "{sample:?}");
            let is_figure = value == "+Inf" || value.parse::<f64>().is_ok();
            let is_word = value.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let is_version = name == "version" && value == env!("CARGO_PKG_VERSION");
            let is_of_request = ["route", "method", "code"].contains(&name.as_str());
            let is_fine = is_word || is_version || is_of_request;
            assert!(if name == "le" { is_figure } else { is_fine }, "{sample:?}");
        }
    }
    assert_eq!(now.helps.len(), now.types.len());
    let text = app.get("/metrics").expect(200).text();
    let port = bad.address().port().to_string();
    for secret in ["127.0.0.1", "http:", "default", "blue", &port, id_of(&delivery)] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
    let build = [("version", env!("CARGO_PKG_VERSION")), ("commit", "unknown")];
    assert_eq!(now.value("ringback_build_info", &build), 1.0);
}

#[test]
fn histograms_have_rising_buckets_and_the_last_holds_all() {
    let app = TestApp::start();
    owed(&app, &TestReceiver::start(), "delivered");
    let metrics = metrics_once(&app, "it is counted", |m| deliveries(m, "delivered") == 1.0);
    let of_executions =
        ["delivery_duration", "delivery_delay", "execution_duration", "execution_queue"];
    for family in of_executions.map(|name| format!("ringback_{name}_seconds")) {
        assert_eq!(metrics.types[&family], "histogram");
        let name = format!("{family}_bucket");
        let buckets: Vec<_> = metrics.samples.iter().filter(|s| s.name == name).collect();
        assert!(buckets.len() > 10, "{family} has {} buckets", buckets.len());
        assert!(buckets.is_sorted_by(|a, b| a.value <= b.value), "{buckets:?}");
        let all = metrics.value(&name, &[("le", "+Inf")]);
        assert_eq!((all, gauge(&metrics, &format!("{family}_count"))), (1.0, 1.0), "{family}");
        let sum = gauge(&metrics, &format!("{family}_sum"));
        assert!((0.0..DEADLINE.as_secs_f64()).contains(&sum), "{family} took {sum} s");
    }
}

#[test]
fn deliveries_are_counted_by_what_became_of_them_and_attempts_by_what_came_of_each() {
    let app = TestApp::with(|options| patient(options).retry_schedule("20ms,20ms"));
    let busy = Scripted::status(503);
    let receiver = TestReceiver::answering([Scripted::reset(), busy.clone()]);
    owed(&app, &receiver, "delivered");
    let dead = owed(&app, &TestReceiver::always(busy), "exhausted");
    let down = owed(&app, &TestReceiver::down(), "exhausted");
    assert_eq!((&dead["ended_by"], &down["ended_by"]), (&json!("attempts"), &json!("attempts")));
    let told = metrics_once(&app, "all are counted", |m| deliveries(m, "exhausted") == 2.0);
    let schedule = |result| attempts(&told, "schedule", result);
    assert_eq!(
        (schedule("delivered"), schedule("status"), schedule("reset"), schedule("connect")),
        (1.0, 4.0, 1.0, 3.0)
    );
    assert_eq!(told.sum("ringback_delivery_attempts_total"), 9.0);
    assert_eq!(gauge(&told, "ringback_delivery_duration_seconds_count"), 9.0);
    assert_eq!((deliveries(&told, "delivered"), deliveries(&told, "refused")), (1.0, 0.0));
    assert_eq!(gauge(&told, "ringback_delivery_delay_seconds_count"), 1.0);
    // Two delays of the schedule were between its event and its end.
    assert!(gauge(&told, "ringback_delivery_delay_seconds_sum") >= 0.04);
}

#[test]
fn a_delivery_that_is_refused_when_it_is_due_is_counted_as_refused() {
    let late = |options: Options| options.retry_schedule("100ms,1s,1s");
    let mut app = TestApp::with(late);
    let receiver = TestReceiver::down();
    let mut body = calling(&receiver);
    body["callback_url"] = json!(format!("https://{}/", receiver.address()));
    let id = app.submit(body).id;
    metrics_once(&app, "it failed once", |m| attempts(m, "schedule", "connect") >= 1.0);
    app.change(Options::callbacks_only_to_the_world);
    app.restart();
    with_status(&app, &id, "refused");
    let told = metrics_once(&app, "it is counted", |m| deliveries(m, "refused") == 1.0);
    assert_eq!(attempts(&told, "schedule", "refused"), 1.0);
    // A server counts what it has seen itself.
    assert_eq!(attempts(&told, "schedule", "connect"), 0.0);
    assert_eq!(deliveries(&told, "exhausted"), 0.0);
}

#[test]
fn a_breaker_that_opens_is_seen_and_what_waits_for_it_grows_old() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "3")
            .env("RINGBACK_WEBHOOK__BREAKER_PAUSE", "1h")
            .retry_schedule("20ms,20ms,20ms,20ms,20ms,20ms")
    });
    let before = metrics(&app);
    assert_eq!(gauge(&before, "ringback_breakers_open"), 0.0);
    assert_eq!(gauge(&before, "ringback_breaker_openings_total"), 0.0);
    assert_eq!(gauge(&before, "ringback_delivery_oldest_seconds"), 0.0);
    let receiver = TestReceiver::always(Scripted::status(500));
    app.submit(calling(&receiver));
    let open = metrics_once(&app, "a breaker is open", |m| {
        gauge(m, "ringback_breakers_open") == 1.0
            && gauge(m, "ringback_delivery_oldest_seconds") > 0.0
    });
    assert_eq!(attempts(&open, "schedule", "status"), 3.0);
    assert_eq!(gauge(&open, "ringback_breaker_openings_total"), 1.0);
    assert_eq!(gauge(&open, "ringback_deliveries_in_flight"), 0.0);
    let old = gauge(&open, "ringback_delivery_oldest_seconds");
    metrics_once(&app, "it grows older", |m| gauge(m, "ringback_delivery_oldest_seconds") > old);
    metrics_once(&app, "it is pending", |m| gauge(m, "ringback_deliveries_pending") == 1.0);
}

#[test]
fn a_host_that_hangs_is_saturated_until_it_answers() {
    let app = TestApp::with(|options| {
        patient(options)
            .env("RINGBACK_WEBHOOK__IN_FLIGHT_PER_HOST_MAX", "1")
            .env("RINGBACK_WEBHOOK__TIMEOUT", "60s")
    });
    let gate = Gate::closed();
    let receiver = TestReceiver::always(Scripted::status(200).held_by(&gate));
    for _ in 0..3 {
        app.submit(calling(&receiver));
    }
    let full = metrics_once(&app, "the host is saturated and two wait behind", |m| {
        gauge(m, "ringback_hosts_saturated") == 1.0
            && gauge(m, "ringback_deliveries_pending") == 3.0
            && gauge(m, "ringback_delivery_oldest_seconds") > 0.0
    });
    assert_eq!(gauge(&full, "ringback_deliveries_in_flight"), 1.0);
    assert_eq!(gauge(&full, "ringback_breakers_open"), 0.0);
    gate.open();
    let done = metrics_once(&app, "all are delivered", |m| {
        deliveries(m, "delivered") == 3.0 && gauge(m, "ringback_deliveries_pending") == 0.0
    });
    assert_eq!(gauge(&done, "ringback_hosts_saturated"), 0.0);
    assert_eq!(gauge(&done, "ringback_deliveries_in_flight"), 0.0);
    assert_eq!(gauge(&done, "ringback_delivery_oldest_seconds"), 0.0);
}

#[test]
fn what_is_told_too_late_is_counted_as_superseded() {
    let app = TestApp::with(|options| patient(options).retry_schedule("1h"));
    let receiver = TestReceiver::always(Scripted::status(500));
    let mut body = calling(&receiver);
    body["events"] = json!(["started", "completed"]);
    let more = app.scratch().join("go-on");
    body["code"] = json!(format!("while [ ! -e '{}' ]; do sleep 0.02; done", more.display()));
    app.submit(body);
    // That it was started could not be told in time, and then it has ended.
    metrics_once(&app, "it was tried", |m| attempts(m, "schedule", "status") == 1.0);
    std::fs::write(more, "").unwrap();
    let told = metrics_once(&app, "its end was tried too", |m| {
        attempts(m, "schedule", "status") == 2.0 && deliveries(m, "superseded") > 0.0
    });
    assert_eq!((deliveries(&told, "superseded"), deliveries(&told, "exhausted")), (1.0, 0.0));
}

#[test]
fn executions_are_counted_by_their_ends_and_those_that_wait_and_run_as_they_are() {
    let app = TestApp::with(|options| options.slots(1));
    for code in ["true", "true", "exit 3", "kill -9 $$"] {
        app.run(json!({"language": "sh", "code": code}));
    }
    app.run(json!({"language": "sh", "code": "exec sleep 1000", "timeout": 0.1}));
    let sleeper = json!({"language": "sh", "code": "exec sleep 1000"});
    let running = app.submit(sleeper.clone()).id;
    let waiting = app.submit(sleeper).id;
    let now = metrics_once(&app, "one runs and one waits", |m| {
        gauge(m, "ringback_executions_running") == 1.0
            && gauge(m, "ringback_executions_queued") == 1.0
    });
    let slots = |m: &Exposition, state| m.value("ringback_slots", &[("state", state)]);
    assert_eq!((slots(&now, "busy"), slots(&now, "free")), (1.0, 0.0));
    let old = gauge(&now, "ringback_queue_oldest_seconds");
    metrics_once(&app, "the one that waits grows older", |m| {
        gauge(m, "ringback_queue_oldest_seconds") > old
    });
    // Those that have ended and the one that runs; the last one waits yet.
    assert_eq!(gauge(&now, "ringback_execution_queue_seconds_count"), 6.0);
    app.delete(&format!("/v1/executions/{waiting}")).expect(200);
    app.delete(&format!("/v1/executions/{running}")).expect(202);
    let told = metrics_once(&app, "both are cancelled", |m| {
        executions(m, "cancelled", "cancelled") == 2.0
            && gauge(m, "ringback_executions_running") == 0.0
    });
    assert_eq!(executions(&told, "completed", "exited"), 2.0);
    assert_eq!(executions(&told, "failed", "exited"), 1.0);
    assert_eq!(executions(&told, "failed", "signaled"), 1.0);
    assert_eq!(executions(&told, "failed", "timeout"), 1.0);
    assert_eq!(told.sum("ringback_executions_finished_total"), 7.0);
    // The one that never ran has no duration.
    assert_eq!(gauge(&told, "ringback_execution_duration_seconds_count"), 6.0);
    assert_eq!(gauge(&told, "ringback_executions_queued"), 0.0);
    assert_eq!(gauge(&told, "ringback_queue_oldest_seconds"), 0.0);
    assert_eq!((slots(&told, "busy"), slots(&told, "free")), (0.0, 1.0));
    let submitted = |m: &Exposition, runtime| {
        m.value("ringback_executions_submitted_total", &[("runtime", runtime)])
    };
    assert_eq!((submitted(&told, "sh"), submitted(&told, "python")), (7.0, 0.0));
    let cancelled = |phase| told.value("ringback_cancellations_total", &[("phase", phase)]);
    assert_eq!((cancelled("queued"), cancelled("running")), (1.0, 1.0));
}

#[test]
fn what_a_crash_interrupted_is_counted_by_the_server_that_settles_it() {
    let mut app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    app.kill9();
    app.restart();
    app.finished(&id);
    assert_eq!(executions(&metrics(&app), "failed", "interrupted"), 1.0);
}

/// The first cells of the tables of a page, which are metrics with the names of their labels.
fn rows(page: &str) -> Vec<String> {
    let is_metric = |cell: &&str| cell.starts_with("ringback_") || cell.starts_with("process_");
    let cell = |line: &str| {
        let cell = line.strip_prefix("| `")?.split_once('`')?.0;
        Some(cell).filter(is_metric).map(str::to_owned)
    };
    let mut rows: Vec<_> = page.lines().filter_map(cell).collect();
    rows.sort();
    rows
}

#[test]
fn the_page_about_metrics_has_each_with_its_labels_and_no_other() {
    let page = std::fs::read_to_string("docs/metrics.md").expect("there is a page");
    let app = TestApp::start();
    let metrics = metrics_once(&app, "a request has been counted to its end", |m| {
        m.types.contains_key("ringback_http_request_duration_seconds")
    });
    let with_labels = |family: &String| {
        let own = |sample: &&Sample| metrics.family(&sample.name) == Some(family);
        let labels = metrics.samples.iter().find(own).expect("a value").labels.keys();
        let mut labels: Vec<_> = labels.filter(|name| *name != "le").cloned().collect();
        // The page names first what is asked for first.
        let first = ["route", "version", "trigger", "outcome", "method"];
        let place = |name: &String| first.iter().position(|first| first == name).unwrap_or(9);
        labels.sort_by_key(place);
        if labels.is_empty() { family.clone() } else { format!("{family}{{{}}}", labels.join(",")) }
    };
    let mut told: Vec<_> = metrics.types.keys().map(with_labels).collect();
    told.sort();
    assert_eq!(rows(&page), told);
}
