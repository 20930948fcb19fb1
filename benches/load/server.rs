//! The real `ringback serve`, as a process of its own on a data directory of its own.
//! Speaks to it only as its operator does: flags, environment, signals, and what it prints.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::proc;

/// Opens the server.
pub const API_KEY: &str = "an-api-key-for-load-runs";

/// The language whose program is measured.
pub const LANGUAGE: &str = "true";

/// More than any run queues, so that the limit is not what is measured.
const QUEUE_MAX: &str = "10000000";

/// To start, to become quiet, to stop: each takes a second at the most on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub data_dir: TempDir,
}

impl Server {
    /// Starts one with so many slots and waits until it listens. `program` is what its language
    /// [`LANGUAGE`] runs, `parent` where its data directory is made.
    pub fn start(slots: usize, program: &Path, parent: &Path) -> Result<Self> {
        let data_dir = tempfile::Builder::new().prefix("ringback-load-").tempdir_in(parent)?;
        let server = Self::start_on(data_dir, slots, program)?;
        server.quiet()?;
        Ok(server)
    }

    /// The same on a data directory that may have something to be done in it, which it begins
    /// with at once.
    pub fn start_on(data_dir: TempDir, slots: usize, program: &Path) -> Result<Self> {
        let config = data_dir.path().join("load.toml");
        let program = program.to_str().context("the program's path is not text")?;
        fs::write(
            &config,
            format!("[runtimes.{LANGUAGE}]\ncommand = [{program:?}]\nfile = \"main\"\n"),
        )?;
        #[expect(clippy::disallowed_methods, reason = "what is measured is the real command")]
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringback"))
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-callback-to", "127.0.0.1"])
            .args(["--slots", &slots.to_string()])
            .arg("--data-dir")
            .arg(data_dir.path())
            .arg("--config")
            .arg(config)
            .env("RINGBACK_API_KEY", API_KEY)
            .env("RINGBACK_LOG", "warn")
            .env("RINGBACK_QUEUE__MAX_TOTAL", QUEUE_MAX)
            .env("RINGBACK_QUEUE__MAX_PER_TENANT", QUEUE_MAX)
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let stderr = child.stderr.take().context("the server has no stderr")?;
        let address = listening(stderr)?;
        Ok(Self { child, address, data_dir })
    }

    /// Waits until it does nothing: its processor time and its memory stand still for a second.
    /// Answers the memory that it then has resident, in bytes.
    pub fn quiet(&self) -> Result<u64> {
        const LOOKS: usize = 10;
        let deadline = Instant::now() + PATIENCE;
        let (mut seen, mut same) = ((0, Duration::ZERO), 0);
        while same < LOOKS {
            ensure!(Instant::now() < deadline, "the server does not become quiet");
            thread::sleep(Duration::from_millis(100));
            let now = (proc::resident_bytes(self.pid())?, self.cpu()?.in_all());
            same = if now == seen { same + 1 } else { 0 };
            seen = now;
        }
        Ok(seen.0)
    }

    /// The processor time that it has used with its launcher, and that of what the launcher has
    /// started and reaped.
    pub fn cpu(&self) -> Result<proc::Cpu> {
        let outer = proc::children_of(self.pid())?;
        let real: Vec<u32> =
            outer.iter().flat_map(|pid| proc::children_of(*pid).unwrap_or_default()).collect();
        let mut all = proc::cpu(self.pid())?;
        for launcher in outer.into_iter().chain(real) {
            // A keeper at this depth may have ended by now.
            let Ok(cpu) = proc::cpu(launcher) else { continue };
            all.own += cpu.own;
            all.children += cpu.children;
        }
        Ok(all)
    }

    /// The database that it has open.
    pub fn database(&self) -> PathBuf {
        self.data_dir.path().join("ringback.db")
    }

    /// Kills it in the middle of whatever it does; answers the directory that it leaves.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&mut self) -> Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("the server has no pid")?, Signal::TERM)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the server does not stop");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended already, which is how it should be.
        let _ = self.kill();
    }
}

/// Waits for the line that says where the server listens. The other lines are passed on.
fn listening(stderr: ChildStderr) -> Result<SocketAddr> {
    let (tell, told) = channel();
    thread::spawn(move || pass_on(stderr, &tell));
    told.recv_timeout(PATIENCE).context("the server does not listen")
}

fn pass_on(stderr: ChildStderr, tell: &Sender<SocketAddr>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let address = line.strip_prefix("listening on http://");
        match address.and_then(|address| address.parse().ok()) {
            // Nobody listens only when the run is over.
            Some(address) => drop(tell.send(address)),
            None => eprintln!("server: {line}"),
        }
    }
}
