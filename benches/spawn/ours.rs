//! The same programs through a launcher of ours.

use anyhow::{Context, ensure};
use ringback::domain::{Epoch, ExecutionId, ExecutionSpec, Exit, OwnerId, StartMode, Tenant};
use ringback::process::{
    Ending, Launcher, LauncherBinary, LauncherSettings, Level, Order, RuntimeSettings, Runtimes,
    Warm,
};

use super::{Program, elf};

/// A launcher of one level.
pub struct Ours {
    pub name: &'static str,
    pub is_warm: bool,
    launcher: Launcher,
    _directory: tempfile::TempDir,
}

impl Ours {
    pub fn start(name: &'static str, level: Level, is_warm: bool) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let bin = directory.path().join("bin");
        std::fs::create_dir(&bin)?;
        let small = bin.join("small");
        elf::write(&small)?;
        // The launcher's programs have a user of their own, who must get there.
        open(directory.path())?;
        open(&bin)?;
        let runtime = |name: &str, command: &str| RuntimeSettings {
            name: name.to_owned(),
            aliases: vec![],
            command: vec![command.to_owned()],
            file: "main.py".to_owned(),
            version: vec![],
            locate: vec![],
            env: vec![],
            warm: (is_warm && name == "python").then(Warm::default),
        };
        let runtimes = Runtimes::new(vec![
            runtime("static", small.to_str().context("a path in UTF-8")?),
            runtime("true", "/bin/true"),
            runtime("python", "/usr/bin/python3"),
            runtime("sh", "/bin/sh"),
        ])?;
        let settings = LauncherSettings {
            owner: OwnerId::generate(),
            data_dir: directory.path().join("data"),
            path: "/usr/bin:/bin".to_owned(),
            result_bytes_max: 1024,
            binary: LauncherBinary::Own,
            level: Some(level),
            levels_besides: vec![],
            containment: None,
            user_id: 60_700,
            working_dirs: vec![],
            readable: vec![bin],
            lacking: vec![],
        };
        let launcher = Launcher::new(settings, runtimes)?;
        Ok(Self { name, is_warm, launcher, _directory: directory })
    }

    /// Waits until an interpreter is warm that is to be.
    pub async fn get_ready(&self) -> anyhow::Result<()> {
        let wanted = if self.is_warm { StartMode::Warm } else { StartMode::Cold };
        while self.end(ExecutionSpec::new("python", "print(1)")).await?.start != wanted {}
        Ok(())
    }

    pub async fn run(&self, program: Program) -> anyhow::Result<()> {
        self.end(ExecutionSpec::new(program.name(), "print(1)\n")).await?;
        Ok(())
    }

    /// Runs a program that writes so much.
    pub async fn write(&self, bytes: u64) -> anyhow::Result<()> {
        let code = format!("exec dd if=/dev/zero bs=64k count={} status=none", bytes / 65536);
        let ending = self.end(ExecutionSpec::new("sh", code)).await?;
        ensure!(ending.stdout.total == bytes, "{} bytes came", ending.stdout.total);
        Ok(())
    }

    async fn end(&self, spec: ExecutionSpec) -> anyhow::Result<Ending> {
        let order = Order {
            id: ExecutionId::generate(),
            epoch: Epoch(1),
            tenant: &Tenant::default(),
            level: None,
            spec: &spec,
        };
        let launched = self.launcher.launch(&order).await?;
        let (ending, _, _) = launched.ended().await?;
        ensure!(ending.exit == Exit::Code(0), "{ending:?}");
        Ok(ending)
    }
}

fn open(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
