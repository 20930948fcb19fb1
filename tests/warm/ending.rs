//! The ends that others than the program itself put to an execution that has started warm.

use serde_json::json;

use super::site::{python, warm};
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

#[test]
fn a_timeout_asks_first_and_then_kills() {
    let app = warm();
    let polite = "import signal, sys, time\n\
                  def end(*_): print('asked'); sys.exit(3)\n\
                  signal.signal(signal.SIGTERM, end)\ntime.sleep(1000)";
    let deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
                print('deaf')\ntime.sleep(1000)";
    for (code, said, exit_code, signal) in [
        (polite, "asked\n", json!(3), json!(null)),
        (deaf, "deaf\n", json!(null), json!("SIGKILL")),
    ] {
        let mut program = python(code);
        program["timeout"] = json!(0.5);
        let record = app.run(program);
        assert_eq!((&record["start"], &record["cause"]), (&json!("warm"), &json!("timeout")));
        let ended = (&record["stdout"], &record["exit_code"], &record["signal"]);
        assert_eq!(ended, (&json!(said), &exit_code, &signal), "{record:#}");
    }
}

#[test]
fn a_cancel_ends_the_program_and_all_that_it_started() {
    let app = warm();
    let code = "import subprocess\n\
                subprocess.Popen(['setsid', 'sleep', '100777'])\n\
                subprocess.run(['sleep', '100778'])";
    let id = app.submit(python(code)).id;
    eventually(DEADLINE, "both run", || {
        let found = ["sleep 100777", "sleep 100778"].map(processes::with_argument);
        found.iter().all(|processes| !processes.is_empty()).then_some(())
    });
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    let record = app.finished(&id);
    assert_eq!((&record["start"], &record["status"]), (&json!("warm"), &json!("cancelled")));
    assert_eq!(record["signal"], "SIGTERM", "{record:#}");
    assert!(app.programs().is_empty(), "left behind: {:?}", app.programs());
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    let app = warm();
    let code = "import subprocess; subprocess.Popen(['sleep', '100779'], start_new_session=True)";
    let record = app.run(python(code));
    assert_eq!((&record["start"], &record["exit_code"]), (&json!("warm"), &json!(0)));
    assert!(app.programs().is_empty(), "left behind: {:?}", app.programs());
}
