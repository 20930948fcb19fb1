//! Warm interpreters that are killed, idle and at work: every execution still runs, once.

use rustix::process::Signal;
use serde_json::json;

use super::site::{interpreter, python, say, wait_until_warm, warm, warm_with};
use crate::support::app::TestApp;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// How many interpreters are killed at work, and how many executions are under way then.
const WAVES: usize = 8;
const IN_A_WAVE: usize = 12;

/// Kills the interpreter, as soon as there is one.
#[track_caller]
fn kill_interpreter(app: &TestApp) {
    let pid = eventually(DEADLINE, "there is a warm interpreter", || interpreter(app));
    processes::signal(pid, Signal::KILL);
    eventually(DEADLINE, "another one takes over", || {
        interpreter(app).is_some_and(|other| other != pid).then_some(())
    });
}

#[test]
fn an_interpreter_that_is_killed_while_idle_has_a_successor() {
    let app = warm();
    for _ in 0..4 {
        kill_interpreter(&app);
        let record = app.run(python("print(1)"));
        assert_eq!((&record["status"], &record["stdout"]), (&json!("completed"), &json!("1\n")));
        wait_until_warm(&app);
    }
}

#[test]
fn a_complaint_that_nobody_listens_to_ends_nothing() {
    let app = warm();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    app.hang_up();
    // The launcher complains of each; the first complaint is heard, the second is not.
    kill_interpreter(&app);
    eventually(DEADLINE, "nobody listens any more", || app.is_hung_up().then_some(()));
    wait_until_warm(&app);
    kill_interpreter(&app);
    wait_until_warm(&app);
    assert_eq!(app.record(&id)["status"], "running");
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    assert_eq!(app.finished(&id)["status"], "cancelled");
}

#[test]
fn whatever_an_interpreter_is_killed_in_every_execution_runs_once() {
    let app = warm_with(|options| options.slots(4));
    let code = "import os\n\
                with open('/workspace/ran', 'a') as ran:\n    \
                ran.write(os.environ['RINGBACK_EXECUTION_ID'] + '\\n')\n\
                print('done')";
    let mut program = python(code);
    program["working_dir"] = json!("/workspace");
    let mut ids = Vec::new();
    for _ in 0..WAVES {
        // Of those that are killed before they are ready, three in a row are the end of warmth.
        wait_until_warm(&app);
        let wave: Vec<String> = (0..IN_A_WAVE).map(|_| app.submit(program.clone()).id).collect();
        app.finished(&wave[0]);
        kill_interpreter(&app);
        for id in &wave {
            let record = app.finished(id);
            let ended = (&record["status"], &record["stdout"]);
            assert_eq!(ended, (&json!("completed"), &json!("done\n")), "{record:#}");
        }
        ids.extend(wave);
    }
    wait_until_warm(&app);
    let mut read = python("print(open('/workspace/ran').read(), end='')");
    read["working_dir"] = json!("/workspace");
    let ran = say(&app, "warm", read);
    let mut ran: Vec<&str> = ran.lines().collect();
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ran.sort_unstable();
    ids.sort_unstable();
    assert_eq!(ran, ids);
}
