//! Runs the attacks in every setting and holds what they found against the table.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::delegation::Delegation;
use crate::outside::{DISK_BYTES, Outside};
use crate::setting::Setting;
use crate::support::app::TestApp;
use crate::support::wait::{DEADLINE, eventually};
use crate::table::{self, Column};

/// The attacker, in Python.
const ATTACK: &str = concat!(
    include_str!("attack/base.py"),
    include_str!("attack/files.py"),
    include_str!("attack/processes.py"),
    include_str!("attack/network.py"),
    include_str!("attack/rights.py"),
    include_str!("attack/exhaustion.py"),
    include_str!("attack/report.py"),
);

/// What was found: the name of each check, and whether it succeeded.
type Found = BTreeMap<String, String>;

/// Attacks from an execution of the server, with or without the network.
#[track_caller]
pub fn attack(app: &TestApp, outside: &Outside, network: Option<bool>) -> Found {
    read(&run(app, outside, network)["result"], outside)
}

/// The record of an attack.
#[track_caller]
fn run(app: &TestApp, outside: &Outside, network: Option<bool>) -> Value {
    let record = app.run(json!({
        "language": "python",
        "code": ATTACK,
        "input": outside.facts(),
        "network": network,
        "limits": {"processes": 64, "disk_bytes": DISK_BYTES},
    }));
    assert_eq!(record["success"], true, "the attacker did not get to its end: {record:#}");
    record
}

/// The same as a plain process of the same user, which shows that the attacks would succeed.
#[track_caller]
fn attack_without_a_server(user: Option<u32>, outside: &Outside) -> Found {
    let directory = tempfile::tempdir().unwrap();
    let result = directory.path().join("result.json");
    let mut attacker = Command::new("/usr/bin/env");
    attacker.args(["python3", "-c", ATTACK]).current_dir(directory.path());
    attacker.env("PATH", "/usr/bin:/bin").env("RINGBACK_RESULT", &result).stdin(Stdio::piped());
    if let Some(id) = user {
        chown(directory.path(), Some(id), Some(id)).unwrap();
        attacker.uid(id).gid(id);
    }
    let mut attacker = attacker.spawn().unwrap();
    let mut stdin = attacker.stdin.take().unwrap();
    stdin.write_all(outside.facts().to_string().as_bytes()).unwrap();
    drop(stdin);
    assert!(attacker.wait().unwrap().success());
    read(&serde_json::from_slice(&fs::read(result).unwrap()).unwrap(), outside)
}

fn read(result: &Value, outside: &Outside) -> Found {
    let mut found: Found = serde_json::from_value(result.clone()).unwrap();
    if !outside.has_shared_memory() {
        found.insert("leave_shared_memory_behind".to_owned(), "no".to_owned());
    }
    found
}

#[track_caller]
fn check(column: Column, found: &Found) {
    let wrong = table::differences(column, found);
    assert!(wrong.is_empty(), "{column:?} differs from the table:\n{}", wrong.join("\n"));
}

#[track_caller]
fn attack_in(setting: Setting, column: Column) {
    let Some(app) = setting.start() else { return };
    attack_cold_and_warm(&app, setting, column);
}

/// From an interpreter of its own, and from one that was there before: only the sandbox, in which
/// every program sees the same disk, has those.
#[track_caller]
fn attack_cold_and_warm(app: &TestApp, setting: Setting, column: Column) {
    let outside = Outside::around(app, setting);
    check(column, &attack(app, &outside, None));
    if setting.level != "sandbox" {
        return;
    }
    eventually(DEADLINE, "an interpreter is warm", || {
        let record = app.run(json!({"language": "python", "code": "pass"}));
        (record["start"] == "warm").then_some(())
    });
    let record = run(app, &outside, None);
    assert_eq!(record["start"], "warm", "{setting:?}");
    check(column, &read(&record["result"], &outside));
}

#[test]
fn the_attacks_succeed_where_nothing_is_in_their_way() {
    let setting = Setting::user("none").without_namespaces();
    let app = setting.start().unwrap();
    let outside = Outside::around(&app, setting);
    check(Column::PlainUser, &attack_without_a_server(setting.programs_user(), &outside));
}

#[test]
fn what_nobody_else_may_do_succeeds_for_root() {
    let setting = Setting::root("none");
    let Some(app) = setting.start() else { return };
    let outside = Outside::around(&app, setting);
    check(Column::PlainRoot, &attack_without_a_server(None, &outside));
}

/// What SECURITY.md promises before anything else, apart from the table.
#[test]
fn confined_programs_reach_neither_the_servers_port_nor_its_secrets_nor_its_data() {
    let settings =
        ["confined", "sandbox"].map(|level| [Setting::user(level), Setting::root(level)]);
    for setting in settings.into_iter().flatten() {
        let Some(app) = setting.start() else { continue };
        let outside = Outside::around(&app, setting);
        let found = attack(&app, &outside, None);
        for check in [
            "reach_the_servers_own_port",
            "read_the_database",
            "read_the_key_of_secrets",
            "write_to_the_data_directory",
            "list_other_executions",
            "read_the_code_of_another_execution",
            "write_to_another_execution",
            "read_the_environment_of_the_server",
            "read_the_memory_of_the_server",
            "read_the_environment_of_another_execution",
            "read_the_memory_of_another_execution",
        ] {
            assert_ne!(found[check], "yes", "{check} in {setting:?}");
        }
    }
}

#[test]
fn level_none_under_root() {
    attack_in(Setting::root("none"), Column::NoneRoot);
}

#[test]
fn level_none_under_a_plain_user() {
    attack_in(Setting::user("none"), Column::NoneUser);
}

#[test]
fn level_none_under_a_plain_user_without_namespaces() {
    attack_in(Setting::user("none").without_namespaces(), Column::NoneUserBare);
}

#[test]
fn level_confined_under_root() {
    attack_in(Setting::root("confined"), Column::ConfinedRoot);
}

#[test]
fn level_confined_under_a_plain_user() {
    attack_in(Setting::user("confined"), Column::ConfinedUser);
}

#[test]
fn level_confined_under_a_plain_user_without_namespaces() {
    attack_in(Setting::user("confined").without_namespaces(), Column::ConfinedUserBare);
}

#[test]
fn level_sandbox_under_root() {
    attack_in(Setting::root("sandbox"), Column::SandboxRoot);
}

#[test]
fn level_sandbox_under_a_plain_user() {
    attack_in(Setting::user("sandbox"), Column::SandboxUser);
}

#[test]
fn level_none_under_root_without_namespaces() {
    attack_in(Setting::root("none").without_namespaces(), Column::NoneRootBare);
}

#[test]
fn level_confined_under_root_without_namespaces() {
    attack_in(Setting::root("confined").without_namespaces(), Column::ConfinedRootBare);
}

/// A program that could leave its cgroup would outlive its execution.
#[track_caller]
fn attack_in_a_delegated_cgroup(setting: Setting, column: Column) {
    let Some(delegation) = setting.server_user().and_then(Delegation::to) else { return };
    let app = setting.start().expect("it takes no root");
    delegation.leave();
    let record = app.run(json!({"language": "sh", "code": "cat /proc/self/cgroup"}));
    let groups = record["stdout"].as_str().unwrap_or_default();
    assert!(groups.contains("/execution-"), "no cgroup of its own: {groups}");
    attack_cold_and_warm(&app, setting, column);
}

#[test]
fn level_none_in_a_delegated_cgroup() {
    attack_in_a_delegated_cgroup(Setting::user("none").in_cgroups(), Column::NoneUser);
}

#[test]
fn level_confined_in_a_delegated_cgroup() {
    attack_in_a_delegated_cgroup(Setting::user("confined").in_cgroups(), Column::ConfinedUser);
}
