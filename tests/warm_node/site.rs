//! Launchers in a sandbox with node, one that keeps workers and one that does not, and what tests
//! have them run. Asserts nothing itself but that things end in time.

use std::time::{Duration, Instant};

use ringback::domain::{
    Epoch, ExecutionId, ExecutionSpec, OwnerId, ProgramResult, StartMode, Tenant,
};
use ringback::process::{
    Ending, Launched, Launcher, LauncherBinary, LauncherSettings, Level, Order, RuntimeSettings,
    Runtimes, Warm,
};

/// How long a worker may take to be ready on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);

pub struct Place {
    /// Removed with the place.
    _data_dir: tempfile::TempDir,
    pub launcher: Launcher,
}

/// A launcher that keeps workers, or does not.
pub fn place(is_warm: bool) -> Place {
    place_with(is_warm.then(Warm::default))
}

/// A launcher that keeps workers in this way, if at all.
pub fn place_with(warm: Option<Warm>) -> Place {
    let node = RuntimeSettings {
        name: "javascript".to_owned(),
        aliases: vec![],
        command: vec!["node".to_owned()],
        file: "main.js".to_owned(),
        version: vec![],
        locate: vec![],
        env: vec![],
        warm,
    };
    let data_dir = tempfile::tempdir().unwrap();
    let settings = LauncherSettings {
        owner: OwnerId::generate(),
        data_dir: data_dir.path().to_owned(),
        path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
        result_bytes_max: 1024,
        binary: LauncherBinary::Path(env!("CARGO_BIN_EXE_ringback").into()),
        level: Some(Level::Sandbox),
        levels_besides: vec![],
        containment: None,
        user_id: 60_700,
        working_dirs: vec![],
        readable: vec![],
        lacking: vec![],
    };
    let launcher = Launcher::new(settings, Runtimes::new(vec![node]).unwrap()).unwrap();
    Place { _data_dir: data_dir, launcher }
}

pub fn js(code: &str) -> ExecutionSpec {
    ExecutionSpec::new("javascript", code)
}

impl Place {
    pub async fn launch(&self, id: ExecutionId, spec: &ExecutionSpec) -> Launched {
        let order = Order { id, epoch: Epoch(1), tenant: &Tenant::default(), level: None, spec };
        self.launcher.launch(&order).await.unwrap()
    }

    pub async fn run(&self, spec: &ExecutionSpec) -> (Ending, ProgramResult) {
        self.run_as(ExecutionId::generate(), spec).await
    }

    pub async fn run_as(&self, id: ExecutionId, spec: &ExecutionSpec) -> (Ending, ProgramResult) {
        let (ending, result, _) = self.launch(id, spec).await.ended().await.unwrap();
        (ending, result)
    }

    /// Runs it until a worker was there for it.
    pub async fn run_warm(&self, id: ExecutionId, spec: &ExecutionSpec) -> (Ending, ProgramResult) {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let (ending, result) = self.run_as(id, spec).await;
            if ending.start == StartMode::Warm {
                return (ending, result);
            }
            assert!(Instant::now() < deadline, "there never was a worker");
        }
    }
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
