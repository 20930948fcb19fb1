//! Launchers on directories of their own, and what tests have them run.
//! Asserts nothing itself but that things end in time.

use std::future::Future;
use std::time::{Duration, Instant};

use ringback::domain::{Epoch, ExecutionId, ExecutionSpec, OwnerId, ProgramResult, Tenant};
use ringback::process::{
    Ending, Launched, Launcher, LauncherBinary, LauncherError, LauncherSettings, Level, Order,
    RuntimeSettings, Runtimes,
};

pub struct Place {
    pub data_dir: tempfile::TempDir,
    pub launcher: Launcher,
}

/// A launcher of level none on a directory of its own.
pub fn place() -> Place {
    place_with(|settings| settings.level = Some(Level::None)).unwrap()
}

/// A launcher that is set up differently.
///
/// # Errors
/// Why there is none.
pub fn place_with(change: impl FnOnce(&mut LauncherSettings)) -> Result<Place, LauncherError> {
    let runtime = |name: &str, command: &str| RuntimeSettings {
        name: name.to_owned(),
        aliases: vec![],
        command: vec![command.to_owned()],
        file: "main.sh".to_owned(),
        version: vec![],
        locate: vec![],
        env: vec![],
        warm: None,
    };
    let runtimes = Runtimes::new(vec![runtime("sh", "sh"), runtime("lost", "no-such-command")]);
    let data_dir = tempfile::tempdir().unwrap();
    let mut settings = LauncherSettings {
        owner: OwnerId::generate(),
        data_dir: data_dir.path().to_owned(),
        path: "/usr/bin:/bin".to_owned(),
        result_bytes_max: 1024,
        binary: LauncherBinary::Path(env!("CARGO_BIN_EXE_ringback").into()),
        level: None,
        levels_besides: vec![],
        containment: None,
        user_id: 60_700,
        working_dirs: vec![],
        readable: vec![],
        lacking: vec![],
    };
    change(&mut settings);
    let launcher = Launcher::new(settings, runtimes.unwrap())?;
    Ok(Place { data_dir, launcher })
}

pub async fn launch(place: &Place, spec: &ExecutionSpec) -> Launched {
    let order = Order {
        id: ExecutionId::generate(),
        epoch: Epoch(1),
        tenant: &Tenant::default(),
        level: None,
        spec,
    };
    place.launcher.launch(&order).await.unwrap()
}

pub async fn run(code: &str) -> (Ending, ProgramResult) {
    let place = place();
    let (exit, result, _) = launch(&place, &sh(code)).await.ended().await.unwrap();
    (exit, result)
}

pub fn sh(code: &str) -> ExecutionSpec {
    ExecutionSpec::new("sh", code)
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Whether a process with this command line is alive. What waits to be reaped has none.
pub fn is_running(command: &str) -> bool {
    let wanted = command.replace(' ', "\0") + "\0";
    let entries = std::fs::read_dir("/proc").unwrap();
    let lines = entries.flatten().map(|entry| std::fs::read(entry.path().join("cmdline")));
    lines.flatten().any(|line| line == wanted.as_bytes())
}

pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.unwrap()
}
