//! `ringback wait`: until executions have ended, or the time is up, or Ctrl-C. The exit code says how.

use serde_json::{Value, json};

use crate::asking::{Going, ID, ask, ask_script, asking, json, on_a_terminal, problem, record};
use crate::shared::app::TestApp;
use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;

fn submitted(app: &TestApp, code: &str) -> String {
    app.submit(json!({ "language": "sh", "code": code })).id
}

#[test]
fn it_stays_until_all_have_ended_and_says_how() {
    let app = TestApp::start();
    let ids = ["sleep 0.3", "true"].map(|code| submitted(&app, code));
    let ran = ask(&app, &["wait", &ids[0], &ids[1]]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines: Vec<_> = ran.stdout.lines().collect();
    for (line, id) in lines.iter().zip(&ids) {
        assert!(line.starts_with(&format!("{id} completed in ")), "{}", ran.stdout);
    }
    let one: Value =
        serde_json::from_str(&ask(&app, &["wait", &ids[0], "-o", "json"]).stdout).unwrap();
    assert_eq!(one, app.record(&ids[0]));
}

#[test]
fn exit_codes_are_of_the_executions_or_of_their_programs() {
    let app = TestApp::start();
    let check = |codes: &[&str], plain: i32, of_the_program: i32| {
        let ids: Vec<_> = codes.iter().map(|code| submitted(&app, code)).collect();
        let mut arguments = vec!["wait"];
        arguments.extend(ids.iter().map(String::as_str));
        let ran = ask(&app, &arguments);
        assert_eq!(ran.code, Some(plain), "{codes:?}: {}", ran.stderr);
        arguments.push("--exit-status");
        assert_eq!(ask(&app, &arguments).code, Some(of_the_program), "{codes:?}");
    };
    check(&["exit 0"], 0, 0);
    check(&["exit 7"], 1, 7);
    check(&["kill -KILL $$"], 1, 137);
    check(&["exit 0", "exit 5", "exit 6"], 1, 5);
    let cancelled = submitted(&app, "exec sleep 1000");
    app.delete(&format!("/v1/executions/{cancelled}"));
    assert_eq!(ask(&app, &["wait", &cancelled]).code, Some(1));
}

#[test]
fn when_the_time_is_up_the_code_is_5() {
    let app = TestApp::start();
    let done = submitted(&app, "true");
    app.finished(&done);
    let id = submitted(&app, "exec sleep 1000");
    let ran = ask(&app, &["wait", &id, &done, "--timeout", "0.3"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let expected = format!("ringback: {id}: the time is up, and it has not ended: it is running\n");
    assert_eq!(ran.stderr, expected);
    assert!(ran.stdout.starts_with(&format!("{done} completed")), "{}", ran.stdout);
    assert_eq!(ask(&app, &["wait", "exec_nothing", "--timeout", "9"]).code, Some(4));
}

#[test]
fn ctrl_c_ends_the_wait_and_nothing_else() {
    let app = TestApp::start();
    let first = submitted(&app, "true");
    let id = submitted(&app, "exec sleep 1000");
    let mut waiting = Going::start(asking(&app, &["wait", &first, &id]));
    assert!(waiting.line().starts_with(&first));
    let ran = waiting.interrupt();
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("the executions go on"), "{}", ran.stderr);
    assert_eq!(app.record(&id)["status"], "running");
}

#[test]
fn longer_waits_are_asked_for_again_and_outlive_a_server_that_comes_back() {
    let running = || json(200, &record("running"));
    let away = || problem(503, "Draining.").header("retry-after", "0");
    let script = [running(), away(), Scripted::close(), running(), json(200, &record("completed"))];
    let server = TestReceiver::answering(script);
    let ran = ask_script(&server, &["wait", ID, "-o", "id"]);
    assert_eq!((ran.code, ran.stdout), (Some(0), format!("{ID}\n")), "{}", ran.stderr);
    let paths: Vec<_> = server.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [(); 5].map(|()| format!("/v1/executions/{ID}?wait=50")));
    let mut gone = TestReceiver::start();
    gone.take_down();
    assert_eq!(ask_script(&gone, &["wait", ID]).code, Some(6), "nobody waits for nobody");
}

#[test]
fn a_terminal_is_shown_what_is_waited_for() {
    let app = TestApp::start();
    let id = submitted(&app, "sleep 0.5");
    let drawn = on_a_terminal(&asking(&app, &["wait", &id]), &[]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stdout);
    assert!(drawn.stdout.contains(&format!("waiting for the end of {id}")), "{}", drawn.stdout);
    assert!(drawn.stdout.contains("completed"), "{}", drawn.stdout);
    let id = submitted(&app, "sleep 0.3");
    assert_eq!(ask(&app, &["wait", &id]).stderr, "", "elsewhere nothing moves");
}
