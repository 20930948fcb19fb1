//! The real `ringback serve` on a database, from its start until it listens.
//! Kills it then; what it does afterwards is not looked at.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Starts a server and answers how long it was until it listened.
pub fn until_it_listens(dir: &Path, key: [u8; 32]) -> Result<Duration> {
    let began = Instant::now();
    #[expect(clippy::disallowed_methods, reason = "what is measured is the real command")]
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringback"))
        .args(["serve", "--listen", "127.0.0.1:0", "--slots", "1", "--data-dir"])
        .arg(dir)
        .env("RINGBACK_API_KEY", "an-api-key-for-this-run")
        .env("RINGBACK_SECRETS__KEY", STANDARD.encode(key))
        .env("RINGBACK_EXECUTION__ISOLATION", "none")
        // More is queued than a server of these settings would have let in.
        .env("RINGBACK_QUEUE__MAX_TOTAL", "10000000")
        .env("RINGBACK_QUEUE__MAX_PER_TENANT", "10000000")
        .env("RINGBACK_RETENTION__COUNT_MAX", "0")
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the server")?;
    let stderr = child.stderr.take().context("the server has no stderr")?;
    let mut said = Vec::new();
    let mut listens = None;
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        if line.starts_with("listening on") {
            listens = Some(began.elapsed());
            break;
        }
        said.push(line);
    }
    child.kill()?;
    child.wait()?;
    listens.with_context(|| format!("the server does not listen: {said:?}"))
}
