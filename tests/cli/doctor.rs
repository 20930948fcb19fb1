//! `ringback doctor`: what it says must be what the kernel says.
//! As root and as a plain user, with each level.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::support::{Ran, command, ran, ringback};

/// A user that is not root and has no rights of its own.
const PLAIN_USER: u32 = 60_701;

/// The facts of the finding about a topic.
fn finding<'a>(report: &'a Value, topic: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["topic"] == topic);
    found.unwrap_or_else(|| panic!("nothing about {topic}: {report:#}"))
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr))
}

fn doctor(arguments: &[&str]) -> Ran {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    let fixed = ["doctor", "--data-dir", data_dir.to_str().unwrap()];
    let ran = ringback(&[&fixed, arguments].concat());
    assert!(!data_dir.exists(), "the doctor changes nothing");
    ran
}

/// The same as a user without rights, with a copy of the binary that this user can reach.
fn doctor_of_plain_user(arguments: &[&str]) -> Ran {
    let place = tempfile::tempdir().unwrap();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let binary = place.path().join("ringback");
    std::fs::copy(env!("CARGO_BIN_EXE_ringback"), &binary).unwrap();
    std::fs::set_permissions(&binary, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = Command::new(binary);
    command.arg("doctor").args(arguments).env_clear().current_dir(place.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if is_root() {
        command.uid(PLAIN_USER).gid(PLAIN_USER);
    }
    ran(command)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a program of `run` at this level sees of its namespaces, next to ours: whether they differ.
fn program_has_own_namespace(level: &str, namespace: &str) -> bool {
    let code = format!("readlink /proc/self/ns/{namespace}");
    let (_directory, path) = super::support::file("program.sh", &code);
    let mut run = command(&["run", path.to_str().unwrap()]);
    run.env("RINGBACK_EXECUTION__ISOLATION", level);
    let ran = ran(run);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ours = std::fs::read_link(format!("/proc/self/ns/{namespace}")).unwrap();
    Path::new(ran.stdout.trim()) != ours
}

#[test]
fn the_levels_of_tenants_are_told_if_any_is_to_have_its_own() {
    let mut asked = command(&["doctor", "-o", "json", "--isolation", "none"]);
    asked.env("RINGBACK_TENANTS__ACME__ISOLATION", "confined");
    asked.env("RINGBACK_TENANTS__PLAIN__SLOTS", "1");
    let told = report(&ran(asked));
    let tenants = finding(&told, "tenants");
    assert_eq!((&tenants["mark"], &tenants["text"]), (&"ok".into(), &"acme confined".into()));
    let silent = report(&doctor(&["-o", "json"]));
    assert!(!silent.to_string().contains("\"tenants\""), "{silent:#}");
}

#[test]
fn what_it_says_of_levels_is_what_programs_find() {
    let auto = report(&doctor(&["-o", "json"]));
    let levels = finding(&auto, "isolation")["facts"]["levels"].as_array().unwrap().clone();
    assert_eq!(levels.len(), 3);
    let strongest = levels.iter().find(|level| level["works"] == true).unwrap();
    assert_eq!(finding(&auto, "isolation")["facts"]["level"], strongest["level"]);
    for level in &levels {
        let name = level["level"].as_str().unwrap();
        let ran = doctor(&["-o", "json", "--isolation", name]);
        let asked = report(&ran);
        let isolation = finding(&asked, "isolation");
        if level["works"] == true {
            assert_eq!((ran.code, &isolation["facts"]["level"]), (Some(0), &level["level"]));
            assert_eq!(program_has_own_namespace(name, "ipc"), name == "sandbox", "{name}");
        } else {
            assert_eq!((ran.code, &isolation["mark"]), (Some(1), &"bad".into()), "{asked:#}");
            let why = level["error"].as_str().unwrap();
            assert!(isolation["text"].as_str().unwrap().contains(why), "{asked:#}");
        }
    }
}

#[test]
fn the_user_that_it_names_is_the_one_that_programs_have() {
    let report = report(&doctor(&["-o", "json"]));
    let (_directory, path) = super::support::file("program.sh", "id -u");
    let ran = ringback(&["run", path.to_str().unwrap()]);
    assert_eq!(ran.stdout.trim(), finding(&report, "user")["facts"]["user_id"].to_string());
}

#[test]
fn limits_of_the_kernel_are_as_the_kernel_has_them() {
    let report = report(&doctor(&["-o", "json"]));
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let facts = &finding(&report, "open files")["facts"];
    let word = |name: &str| match &facts[name] {
        Value::Null => "unlimited".to_owned(),
        number => number.to_string(),
    };
    assert_eq!([word("soft"), word("hard")], [words[3], words[4]]);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(finding(&report, "system")["facts"]["kernel"], release.trim());
}

#[test]
fn a_low_limit_of_open_files_is_weak() {
    let place = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 256; exec \"$0\" doctor -o json --slots 100"]);
    shell.arg(env!("CARGO_BIN_EXE_ringback")).current_dir(place.path());
    let ran = ran({
        shell.env_clear().env("PATH", "/usr/bin:/bin");
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell
    });
    let report = report(&ran);
    let open_files = finding(&report, "open files");
    assert_eq!((&open_files["mark"], &open_files["facts"]["soft"]), (&"weak".into(), &256.into()));
    assert_eq!((ran.code, &report["ok"]), (Some(0), &true.into()), "weak is not wrong");
}

#[test]
fn a_plain_user_is_told_what_it_has() {
    let ran = doctor_of_plain_user(&["-o", "json"]);
    let report = report(&ran);
    assert_eq!(ran.code, Some(0), "{report:#}");
    let user = if is_root() { PLAIN_USER } else { rustix::process::geteuid().as_raw() };
    let finding = finding(&report, "user");
    assert_eq!(finding["facts"]["user_id"], user);
    assert_eq!(finding["text"], "programs run as the server's own user");
    let none = doctor_of_plain_user(&["--isolation", "none"]).stdout;
    assert!(none.contains("\nweak  user "), "{none}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_bad() {
    for (path, words) in [("/proc/self", "cannot be written to"), ("/proc/x/y", "cannot be made")] {
        let ran = ringback(&["doctor", "--data-dir", path]);
        assert_eq!(ran.code, Some(1), "{path}: {}", ran.stdout);
        let line = ran.stdout.lines().find(|line| line.starts_with("bad   data directory"));
        assert!(ran.stdout.contains(words) && line.is_some(), "{path}: {}", ran.stdout);
        assert!(ran.stdout.contains("\nOne thing is wrong."), "{path}: {}", ran.stdout);
    }
}

#[test]
fn the_page_is_for_people_and_has_no_colours_but_on_a_terminal() {
    let ran = doctor(&[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let (findings, verdict) = ran.stdout.split_once("\n\n").unwrap();
    assert!(verdict.starts_with("Nothing is wrong."), "{verdict}");
    for topic in ["isolation", "containment", "user", "memory", "cgroups", "runtime", "clock"] {
        let is_there = |line: &str| line[..6].trim().len() > 1 && line[6..].starts_with(topic);
        assert!(findings.lines().any(is_there), "{topic}: {findings}");
    }
    assert!(!ran.stdout.contains('\x1b'), "{}", ran.stdout);
}

#[test]
fn runtimes_are_found_or_missed_as_they_are_there() {
    let with_path = |path: &str| {
        let mut doctor = command(&["doctor", "-o", "json"]);
        doctor.env("RINGBACK_EXECUTION__PATH", path);
        ran(doctor)
    };
    let some = with_path("/usr/bin:/bin");
    let report_of_some = report(&some);
    let sh = finding(&report_of_some, "runtime");
    let executable = sh["facts"]["executable"].as_str().unwrap();
    assert!(Path::new(executable).is_file(), "{executable}");
    let none = with_path("/nowhere");
    let report = report(&none);
    assert_eq!((none.code, &report["ok"]), (Some(1), &false.into()));
    assert_eq!(finding(&report, "runtime")["mark"], "bad");
}

#[test]
fn a_callback_url_is_judged_and_dialled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = |scheme: &str| format!("{scheme}://127.0.0.1:{port}/hook?token=secret");
    let allowed = ["--allow-callback-to", "127.0.0.1"];
    let ask =
        |url: &str, more: &[&str]| doctor(&[&["--callback-url", url, "-o", "json"], more].concat());
    let good = ask(&url("http"), &allowed);
    let facts = finding(&report(&good), "callback URL")["facts"].clone();
    assert_eq!((good.code, &facts["allowed"]), (Some(0), &true.into()));
    assert_eq!(facts["address"], format!("127.0.0.1:{port}"));
    assert!(!good.stdout.contains("secret"), "{}", good.stdout);

    let refused = ask(&url("http"), &[]);
    let report_of_refused = report(&refused);
    let found = finding(&report_of_refused, "callback URL");
    assert_eq!((refused.code, &found["facts"]["allowed"]), (Some(1), &false.into()));
    assert!(found["text"].as_str().unwrap().contains("--allow-callback-to"), "{found}");

    drop(listener);
    let gone = ask(&url("https"), &allowed);
    let facts = finding(&report(&gone), "callback URL")["facts"].clone();
    assert_eq!((gone.code, &facts["allowed"]), (Some(1), &true.into()));
    assert_eq!(facts["error_class"], "connect");
}
