//! `GET /v1/runtimes`: which languages there are, and whether they are.
//! Runs no program.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::problem::expect_problem;
use super::scoped::{add_key, with_key};
use crate::support::app::TestApp;

fn named<'a>(body: &'a Value, name: &str) -> &'a Value {
    let all = body["data"].as_array().unwrap();
    all.iter().find(|runtime| runtime["name"] == name).unwrap_or_else(|| panic!("{name}: {body}"))
}

#[test]
fn each_is_listed_with_its_real_command_and_version() {
    let app = TestApp::start();
    let body = app.get("/v1/runtimes").expect(200).json();
    let bash = named(&body, "bash");
    let executable = bash["command"][0].as_str().unwrap();
    assert!(Path::new(executable).is_absolute(), "{bash}");
    let said = Command::new(executable).arg("--version").output().unwrap().stdout;
    let version = String::from_utf8(said).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(bash["version"], version);
    assert_eq!((&bash["found"], &bash["error"]), (&json!(true), &Value::Null));
    assert_eq!((&bash["warm"], &bash["aliases"]), (&json!(false), &json!([])));
    let sh = named(&body, "sh");
    assert_eq!((&sh["version"], &sh["aliases"]), (&Value::Null, &json!(["shell"])));
    assert_eq!(named(&body, "python")["warm"], true);
    assert_eq!(body["data"].as_array().unwrap().len(), 4);
}

#[test]
fn a_version_is_asked_for_once_and_a_missing_runtime_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let executable = |path: &Path, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    // Programs of another user look here.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(directory.path(), open).unwrap();
    let (asked, late) = (directory.path().join("asked"), directory.path().join("late"));
    let count = directory.path().join("count");
    let counting = format!("#!/bin/sh\necho x >> {}\necho one 1.0\n", count.display());
    executable(&asked, &counting);
    let config = directory.path().join("ringback.toml");
    let runtime = |name: &str, command: &Path| {
        let command = command.display();
        format!(
            "[runtimes.{name}]\ncommand = [\"{command}\", \"-x\"]\nfile = \"a\"\nversion = [\"-v\"]\n"
        )
    };
    std::fs::write(&config, runtime("asked", &asked) + &runtime("late", &late)).unwrap();
    let app = TestApp::with(|options| options.argument("--config", config.to_str().unwrap()));
    let missing = app.get("/v1/runtimes").expect(200).json();
    assert_eq!(named(&missing, "asked")["version"], "one 1.0");
    assert_eq!(named(&missing, "asked")["command"], json!([asked, "-x"]));
    let sentence = format!(
        "The command `{}` of the language `late` was not found on this server.",
        late.display()
    );
    let expected = json!({
        "name": "late", "aliases": [], "command": [late, "-x"], "version": null, "found": false,
        "error": sentence, "warm": false,
    });
    assert_eq!(*named(&missing, "late"), expected);
    let asked_before = std::fs::read_to_string(&count).unwrap();
    executable(&late, "#!/bin/sh\necho two 2.0\n");
    let found = app.get("/v1/runtimes").expect(200).json();
    assert_eq!(named(&found, "late")["version"], "two 2.0");
    assert_eq!(std::fs::read_to_string(&count).unwrap(), asked_before);
}

#[test]
fn it_is_for_those_with_the_scope() {
    let mut app = TestApp::start();
    expect_problem(&app.anonymous("GET", "/v1/runtimes").send(), 401);
    let with_scope = add_key(&mut app, &["executions:read"]);
    let without = add_key(&mut app, &["metrics:read"]);
    with_key(&app, &with_scope, "/v1/runtimes").expect(200);
    let problem = expect_problem(&with_key(&app, &without, "/v1/runtimes"), 403);
    assert!(problem["detail"].as_str().unwrap().contains("`executions:read`"), "{problem}");
}
