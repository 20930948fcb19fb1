//! The section on back-pressure.

use serde_json::json;

use super::long;
use crate::support::app::TestApp;

#[test]
fn over_the_tenants_share_is_429_with_retry_after() {
    let app = TestApp::with(|options| options.slots(1).env("RINGBACK_QUEUE__MAX_PER_TENANT", "1"));
    let ids = [app.submit(long()).id, app.submit(long()).id];
    let refused = app.post("/v1/executions", &long()).expect(429);
    assert!(refused.header("retry-after").is_some_and(|after| after.parse::<u32>().is_ok()));
    ids.iter().for_each(|id| drop(app.delete(&format!("/v1/executions/{id}"))));
    ids.iter().for_each(|id| drop(app.finished(id)));
    app.run(json!({"language": "sh", "code": "true"}));
}

#[test]
fn over_the_servers_queue_is_503_with_retry_after() {
    let app = TestApp::with(|options| options.slots(1).env("RINGBACK_QUEUE__MAX_TOTAL", "1"));
    let ids = [app.submit(long()).id, app.submit(long()).id];
    let refused = app.post("/v1/executions", &long()).expect(503);
    assert!(refused.header("retry-after").is_some());
    ids.iter().for_each(|id| drop(app.delete(&format!("/v1/executions/{id}"))));
    ids.iter().for_each(|id| drop(app.finished(id)));
}

#[test]
fn draining_is_503_with_retry_after() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"));
    app.submit(long());
    app.wait_for_program("sleep 300");
    crate::support::processes::signal(app.pid(), rustix::process::Signal::TERM);
    let refused = crate::support::wait::eventually(
        crate::support::wait::DEADLINE,
        "submissions are refused",
        || {
            let answer = app.post("/v1/executions", &json!({"language": "sh", "code": "true"}));
            (answer.status == 503).then_some(answer)
        },
    );
    assert!(refused.header("retry-after").is_some());
    app.anonymous("GET", "/readyz").send().expect(503);
    // A second signal hurries, and comes with the end of this test.
}

/// An id in an answer means that the record is on disk.
#[test]
fn what_was_accepted_is_there_after_a_kill() {
    let mut app = TestApp::with(|options| options.slots(1));
    let ids: Vec<String> = (0..20).map(|_| app.submit(long()).id).collect();
    app.kill9();
    app.restart();
    for id in &ids {
        assert_eq!(app.record(id)["id"], **id);
        app.delete(&format!("/v1/executions/{id}"));
    }
    ids.iter().for_each(|id| drop(app.finished(id)));
}
