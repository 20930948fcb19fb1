//! Executions that a warm interpreter is not right for: they start cold by themselves, and right.

use std::io::Write;

use serde_json::{Value, json};

use super::site::{WARM, python, sandbox, say, wait_until_warm, warm};
use crate::support::app::TestApp;
use crate::support::wait::{DEADLINE, eventually};

fn with_env(code: &str, name: &str, value: &str) -> Value {
    let mut program = python(code);
    program["env"] = json!({ name: value });
    program
}

#[test]
fn what_an_interpreter_reads_at_its_start_starts_cold_with_another_value_only() {
    let app = warm();
    let code = "import sys; print(sys.flags.hash_randomization, hash('word'))";
    let seeded = [0, 1].map(|_| say(&app, "cold", with_env(code, "PYTHONHASHSEED", "0")));
    assert!(seeded[0].starts_with("0 ") && seeded[0] == seeded[1], "{seeded:?}");
    let code = "import sys; print('/execution/work/lib' in sys.path)";
    let path = with_env(code, "PYTHONPATH", "/execution/work/lib");
    assert_eq!(say(&app, "cold", path), "True\n");
    let code = "import sys; print(sys.stdout.encoding)";
    assert_eq!(say(&app, "cold", with_env(code, "PYTHONIOENCODING", "latin-1")), "iso8859-1\n");
    assert_eq!(say(&app, "cold", with_env(code, "LC_ALL", "C.UTF-8")), "utf-8\n");
    // What it has been started with is no reason, nor is anything that is read later.
    assert_eq!(say(&app, "warm", with_env(code, "PYTHONUNBUFFERED", "1")), "utf-8\n");
    assert_eq!(say(&app, "warm", with_env(code, "TMPDIR", "/tmp")), "utf-8\n");
}

#[test]
fn a_command_that_cannot_be_warm_is_cold_and_right() {
    let app =
        sandbox(|o| o.env(WARM, "true").env("RINGBACK_RUNTIMES__PYTHON__COMMAND", "python3,-I"));
    let program = python("import sys; print(sys.flags.isolated)");
    assert_eq!(say(&app, "cold", program.clone()), "1\n");
    eventually(DEADLINE, "the launcher has given up", || {
        (app.stderr().matches("the warm python has gone").count() == 3).then_some(())
    });
    assert_eq!(say(&app, "cold", program), "1\n");
}

#[test]
fn without_a_place_of_its_own_a_program_starts_cold() {
    for level in ["none", "confined"] {
        let app = TestApp::with(|options| {
            options.env(WARM, "true").env("RINGBACK_EXECUTION__ISOLATION", level)
        });
        for _ in 0..3 {
            assert_eq!(say(&app, "cold", python("print(1)")), "1\n", "{level}");
        }
    }
}

#[test]
fn what_is_preloaded_is_there_and_what_does_not_exist_is_told_on_stderr_alone() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[runtimes.python.warm]\npreload = ['json', 'no_such_module']").unwrap();
    let path = file.path().display().to_string();
    let app = sandbox(|options| options.argument("--config", &path));
    wait_until_warm(&app);
    let program =
        python("import sys; print('json' in sys.modules, 'no_such_module' in sys.modules)");
    let record = app.run(program.clone());
    assert_eq!((&record["start"], &record["stdout"]), (&json!("warm"), &json!("True False\n")));
    assert_eq!(record["stderr"], "");
    let warning = "the warm python did not import no_such_module: ModuleNotFoundError";
    assert!(app.stderr().contains(warning), "{}", app.stderr());
    assert_eq!(say(&sandbox(|o| o.env(WARM, "false")), "cold", program), "False False\n");
}
