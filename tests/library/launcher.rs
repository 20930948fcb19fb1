//! The launcher of an engine that lives in somebody else's application: which binary it is, and
//! that it ends with its engine, however that goes.

use ringback::domain::ExecutionSpec;
use ringback::process::Feature;
use ringback::{Engine, Ringback};

use super::support::{LONG, builder, ended, run, stdout, submit};

/// The launchers that this very process has started, in which no other test runs.
fn launchers() -> Vec<i32> {
    let own = std::process::id();
    let tasks = std::fs::read_dir(format!("/proc/{own}/task")).unwrap().flatten();
    let lists = tasks.map(|task| std::fs::read_to_string(task.path().join("children")));
    let children: String = lists.flatten().collect();
    children.split_whitespace().map(|pid| pid.parse().unwrap()).filter(is_launcher).collect()
}

/// Whether it is one that is alive: what waits to be reaped has no command line.
fn is_launcher(pid: &i32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.starts_with(b"ringback\0launcher\0")
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            actix_rt::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    actix_rt::time::timeout(LONG, wait).await.unwrap_or_else(|_| panic!("never came true: {what}"));
}

async fn engine_with_a_program() -> (Engine, tempfile::TempDir, std::path::PathBuf) {
    let (builder, data_dir) = builder();
    let engine = builder.start().await.unwrap();
    let sleeper = submit(&engine, ExecutionSpec::new("sh", "echo up; exec sleep 1000")).await;
    let recording = data_dir.path().join(format!("output/{}.stdout", sleeper.id));
    until("it runs", || std::fs::metadata(&recording).is_ok_and(|file| file.len() > 0)).await;
    (engine, data_dir, recording)
}

#[actix_rt::test]
async fn an_application_that_does_not_call_us_first_is_told_what_to_do() {
    let data_dir = tempfile::tempdir().unwrap();
    let refused = Ringback::builder().data_dir(data_dir.path()).start().await;
    let error = refused.err().expect("there is no launcher").to_string();
    assert!(error.contains("ringback::launcher::run_if_requested()"), "{error}");
    assert!(error.contains("first in `main`"), "{error}");
    assert!(launchers().is_empty());
}

#[actix_rt::test]
async fn an_engine_that_is_shut_down_leaves_no_launcher() {
    let (engine, _data_dir, _) = engine_with_a_program().await;
    assert_eq!(launchers().len(), 1);
    engine.shutdown(std::time::Duration::ZERO).await;
    assert!(launchers().is_empty());
}

#[actix_rt::test]
async fn an_engine_that_is_dropped_ends_its_launcher_and_its_programs() {
    let (engine, _data_dir, _) = engine_with_a_program().await;
    let launcher = launchers();
    assert_eq!(launcher.len(), 1);
    drop(engine);
    until("the launcher is gone", || launchers().is_empty()).await;
}

#[actix_rt::test]
async fn on_a_kernel_that_lacks_everything_an_engine_runs_programs() {
    let (builder, data_dir) = builder();
    // Where no mounts can be made, the disk must let the user of programs pass.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(data_dir.path(), open).unwrap();
    let all = [
        Feature::Clone3,
        Feature::Namespaces,
        Feature::Cgroup2,
        Feature::Landlock,
        Feature::Seccomp,
    ];
    let engine = builder.without_features(all).start().await.unwrap();
    assert_eq!(stdout(&run(&engine, "echo still").await), "still\n");
    let left = submit(&engine, ExecutionSpec::new("sh", "setsid sleep 1000 & exit 0")).await;
    assert_eq!(ended(&engine, &left).await.ended().unwrap().descendants_killed, 1);
}
