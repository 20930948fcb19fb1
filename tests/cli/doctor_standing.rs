//! `ringback doctor --server`: why nothing moves, provoked on real servers, and the metrics that say the
//! same. A disk that is full is in tests/crash/disk.rs, where there is one.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Ran, command, ran};
use crate::shared::app::TestApp;
use crate::shared::options::{API_KEY, Options};
use crate::shared::processes;
use crate::shared::receiver::TestReceiver;
use crate::shared::wait::{DEADLINE, eventually};

fn doctor_with(app: &TestApp, key: &str, more: &[&str]) -> Ran {
    let server = format!("http://{}", app.address());
    let mut doctor = command(&["doctor", "--server", &server]);
    doctor.args(more).env("RINGBACK_TOKEN", key);
    ran(doctor)
}

fn report(app: &TestApp) -> (Option<i32>, Value) {
    let ran = doctor_with(app, API_KEY, &["-o", "json"]);
    let report = serde_json::from_str(&ran.stdout);
    (ran.code, report.unwrap_or_else(|error| panic!("{error}: {}", ran.stderr)))
}

#[track_caller]
fn finding(report: &Value, topic: &str) -> Value {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["topic"] == topic);
    found.unwrap_or_else(|| panic!("nothing about {topic}: {report:#}")).clone()
}

/// The finding about a topic once it has this mark, and the code with which the doctor ended.
#[track_caller]
fn found(app: &TestApp, topic: &str, mark: &str) -> (Option<i32>, Value) {
    eventually(DEADLINE, format!("{topic} is {mark}"), || {
        let (code, report) = report(app);
        let finding = finding(&report, topic);
        (finding["mark"] == mark).then_some((code, finding))
    })
}

/// Whether a sentence of a finding has these words.
#[track_caller]
fn says(finding: &Value, words: &str) {
    let details = finding["details"].as_array().unwrap().iter();
    let all = details.chain([&finding["text"]]).filter_map(Value::as_str);
    assert!(all.collect::<Vec<_>>().join("\n").contains(words), "{words}: {finding:#}");
}

#[track_caller]
fn metric(app: &TestApp, series: &str) -> f64 {
    let text = app.get("/metrics").expect(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

fn sleeper() -> Value {
    json!({"language": "sh", "code": "exec sleep 1000"})
}

#[test]
fn nothing_is_wrong_with_a_server_that_has_nothing_to_do() {
    let app = TestApp::start();
    let ran = doctor_with(&app, API_KEY, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\n\nNothing is wrong.\n"), "{}", ran.stdout);
    for topic in
        ["server", "store", "disk", "launcher", "accepting", "slots", "queue", "deliveries"]
    {
        assert!(ran.stdout.contains(&format!("ok    {topic}")), "{topic}: {}", ran.stdout);
    }
    assert!(
        !ran.stdout.contains("kernel") && !ran.stdout.contains("cgroup"),
        "of the server alone"
    );
}

#[test]
fn all_slots_are_busy() {
    let app = TestApp::with(|options| options.slots(2));
    for _ in 0..5 {
        app.submit(sleeper());
    }
    let (code, slots) = found(&app, "slots", "weak");
    assert_eq!(code, Some(0), "a server that is busy is not broken");
    says(&slots, "all 2 are busy, and 3 executions wait for one");
    says(&slots, "execution.slots");
    assert_eq!(slots["facts"]["free"], 0);
    assert_eq!(metric(&app, "ringback_slots{state=\"free\"}"), 0.0);
    assert!(metric(&app, "ringback_queue_oldest_seconds") > 0.0);
}

#[test]
fn the_queue_is_full() {
    let full = |options: Options| options.slots(1).env("RINGBACK_QUEUE__MAX_TOTAL", "2");
    let app = TestApp::with(full);
    for _ in 0..3 {
        app.submit(sleeper());
    }
    app.post("/v1/executions", &sleeper()).expect(503);
    let (code, queue) = found(&app, "queue", "bad");
    assert_eq!(code, Some(1));
    says(&queue, "it is full: 2 executions wait");
    says(&queue, "has refused 1 executions");
    says(&queue, "queue.max_total");
    assert_eq!(metric(&app, "ringback_requests_refused_total{code=\"queue_full\"}"), 1.0);
}

#[test]
fn programs_cannot_be_started() {
    let app = TestApp::start();
    // No launcher starts without its lock.
    let lock = app.data_dir().join("launcher.lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let launcher = processes::child_of(app.pid(), "launcher").expect("a server has a launcher");
    processes::signal(launcher, Signal::KILL);
    let (code, finding) = found(&app, "launcher", "bad");
    assert_eq!(code, Some(1));
    says(&finding, "There is no launcher at present.");
    assert_eq!(metric(&app, "ringback_ready{check=\"launcher\"}"), 0.0);
    assert_eq!(metric(&app, "ringback_ready{check=\"store\"}"), 1.0);
    std::fs::remove_dir(&lock).unwrap();
    found(&app, "launcher", "ok");
}

#[test]
fn the_disk_is_nearly_full() {
    let app = TestApp::start();
    let (_, disk) = found(&app, "disk", "ok");
    says(&disk, "has room for more");
    assert_eq!(metric(&app, "ringback_ready{check=\"disk\"}"), 1.0);
    // More than any disk has.
    let min = (u64::MAX / 4).to_string();
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__DISK_FREE_BYTES_MIN", &min));
    let (code, disk) = found(&app, "disk", "bad");
    assert_eq!(code, Some(1));
    says(&disk, "The disk is nearly full.");
    says(&disk, "make room on the disk");
    assert_eq!(metric(&app, "ringback_ready{check=\"disk\"}"), 0.0);
    assert_eq!(metric(&app, "ringback_ready{check=\"store\"}"), 1.0);
}

#[test]
fn a_receiver_is_down() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "3")
            .env("RINGBACK_WEBHOOK__BREAKER_PAUSE", "1h")
            .retry_schedule("20ms,20ms,20ms,20ms,20ms")
    });
    let receiver = TestReceiver::down();
    let url = receiver.url("/hook?token=secret");
    app.submit(json!({"language": "sh", "code": "true", "callback_url": url}));
    let (code, deliveries) = found(&app, "deliveries", "weak");
    assert_eq!(code, Some(0));
    assert_eq!(deliveries["facts"]["breakers_open"], 1);
    says(&deliveries, "1 hosts are left alone because they failed");
    says(&deliveries, &format!("{} (1): ", receiver.address()));
    assert!(!deliveries.to_string().contains("secret"), "{deliveries:#}");
    assert_eq!(metric(&app, "ringback_breakers_open"), 1.0);
    // The breaker opens with an answer, and the next attempt is due a moment after that is written.
    eventually(DEADLINE, "a delivery is due", || {
        (metric(&app, "ringback_delivery_oldest_seconds") > 0.0).then_some(())
    });
}

#[test]
fn it_is_draining() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "10m"));
    app.submit(sleeper());
    app.wait_for_program("sleep 1000");
    let server = app.pid();
    processes::signal(server, Signal::TERM);
    let (code, accepting) = found(&app, "accepting", "bad");
    assert_eq!(code, Some(1));
    says(&accepting, "The server is stopping.");
    says(&accepting, "goes on with the next server");
    app.post("/v1/executions", &sleeper()).expect(503);
    assert_eq!(metric(&app, "ringback_ready{check=\"accepting\"}"), 0.0);
    assert_eq!(metric(&app, "ringback_requests_refused_total{code=\"draining\"}"), 1.0);
    // The second one hurries it.
    assert_eq!(app.terminate().code(), Some(0));
}

#[test]
fn nobody_is_there_or_nobody_lets_us_ask() {
    let app = TestApp::start();
    let stranger = doctor_with(&app, "rbk_wrong", &[]);
    assert_eq!((stranger.code, stranger.stdout.as_str()), (Some(3), ""), "{}", stranger.stderr);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = ran(command(&["doctor", "--server", &format!("http://{free}"), "-o", "json"]));
    let report: Value = serde_json::from_str(&gone.stdout).unwrap();
    assert_eq!((gone.code, &report["ok"]), (Some(1), &json!(false)));
    let server = finding(&report, "server");
    assert_eq!((&server["mark"], &server["facts"]["reachable"]), (&json!("bad"), &json!(false)));
    says(&server, "cannot reach");
}
