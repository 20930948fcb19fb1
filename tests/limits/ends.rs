//! That programs end as they would anywhere else, in whatever they are kept: signals to
//! themselves arrive, and what they leave behind is counted and gone.

use serde_json::{Value, json};

use crate::kinds::{KINDS, limited, said};
use crate::support::app::TestApp;
use crate::support::users::are_we_root;

#[test]
fn a_program_that_ends_itself_by_a_signal_has_ended_by_that_signal() {
    for kind in KINDS {
        let app = kind.start();
        for (code, signal) in [
            ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
            ("import os; os.kill(os.getpid(), 15)", "SIGTERM"),
            ("import os; os.abort()", "SIGABRT"),
        ] {
            let record = app.run(limited(code, json!({})));
            let ended = (&record["cause"], &record["signal"], &record["exit_code"]);
            assert_eq!(ended, (&json!("signaled"), &json!(signal), &Value::Null), "{kind:?}");
        }
    }
}

#[test]
fn a_shell_sees_the_usual_numbers() {
    let code = "for s in KILL TERM ABRT; do sh -c \"kill -$s \\$\\$\" 2>/dev/null; echo $?; done";
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(json!({"language": "sh", "code": code}));
        let numbers: Vec<&str> = record["stdout"].as_str().unwrap_or_default().lines().collect();
        assert_eq!(numbers, ["137", "143", "134"], "{kind:?}: {record:#}");
    }
}

#[test]
fn what_a_program_leaves_behind_is_killed_and_counted() {
    let code = "
import os, signal
ready, tell = os.pipe()
for session in (False, True, True):
    if os.fork() == 0:
        if session:
            os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(tell, b'x')
        signal.pause()
for _ in range(3):
    os.read(ready, 1)
print('{}')";
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(code, json!({})));
        said(kind, &record);
        assert_eq!(record["descendants_killed"], 3, "{kind:?}");
        assert!(app.programs().is_empty(), "{kind:?}: {:?}", app.programs());
    }
}

#[test]
fn programs_are_the_first_to_go_when_the_machine_has_no_memory_left() {
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited("print(open('/proc/self/oom_score_adj').read())", json!({})));
        assert_eq!(said(kind, &record), 1000, "{kind:?}");
        let program = app.record(record["id"].as_str().unwrap_or_default());
        assert_eq!(program["stderr"], "", "{kind:?}");
    }
}

#[test]
fn programs_of_root_are_of_the_user_that_nobody_else_is() {
    let code =
        "import json, os; print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups()]))";
    for kind in KINDS.into_iter().filter(|_| are_we_root()) {
        let app = TestApp::with(|options| kind.options(options));
        let record = app.run(limited(code, json!({})));
        let nobody = json!([60700, 60700, 60700]);
        assert_eq!(said(kind, &record), json!([nobody, nobody, []]), "{kind:?}");
    }
}
