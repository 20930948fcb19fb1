//! The floor: the same programs started by the standard library, which calls `posix_spawn`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use super::{Program, elf};

/// A program as anybody would start it.
pub struct Floor {
    command: Vec<PathBuf>,
    _directory: tempfile::TempDir,
}

impl Floor {
    pub fn of(program: Program) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let command = match program {
            Program::Static => {
                let path = directory.path().join("true");
                elf::write(&path)?;
                vec![path]
            }
            Program::True => vec!["/bin/true".into()],
            Program::Python => {
                let path = directory.path().join("main.py");
                std::fs::write(&path, "print(1)\n")?;
                vec!["/usr/bin/python3".into(), path]
            }
        };
        Ok(Self { command, _directory: directory })
    }

    /// Starts it and waits for its end, and takes nothing of what it says.
    pub fn spawn(&self) -> anyhow::Result<()> {
        let status = self.command().stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(status.success(), "{status}");
        Ok(())
    }

    /// Starts it and takes what it says, as we do.
    pub fn output(&self) -> anyhow::Result<()> {
        let output = self.command().output()?;
        ensure!(output.status.success(), "{}", output.status);
        Ok(())
    }

    /// As many at once, each from a thread of its own.
    pub fn at_once(&self, count: usize, output: bool) -> anyhow::Result<()> {
        let run = || if output { self.output() } else { self.spawn() };
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..count).map(|_| scope.spawn(run)).collect();
            all.into_iter().try_for_each(|one| one.join().ok().context("a panic")?)
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("LC_CTYPE", "C.UTF-8");
        command
    }
}
