//! A program by HopX's `POST /execute`, as its clients' `run_code` sends it, beside `python3 -c` with
//! the same code on the same machine in the same run, the two in turn.
//! Both are waited for to their end, and what they have said is compared.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::calls::Site;
use super::figures::percentile_ms;

/// What is run: a program as an agent would send it, with an import and some output.
const CODE: &str = "import json\nprint(json.dumps({'sum': sum(range(1000))}))";

/// Programs before any is measured: the first ones start interpreters that later ones are copies of.
const WARM_UP: usize = 20;

/// What a program costs here and there.
pub struct Figures {
    pub run_code_p50_ms: f64,
    pub run_code_p99_ms: f64,
    pub bare_p50_ms: f64,
    pub bare_p99_ms: f64,
    /// How long ours takes, in parts of how long the bare interpreter does, by the medians.
    pub ratio: f64,
}

/// Runs so many programs each way, one after the other.
pub async fn measure(site: &Site, programs: usize) -> Result<Figures> {
    let python = python()?;
    for _ in 0..WARM_UP {
        run_code(site).await?;
        bare(&python)?;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..programs {
        ours.push(run_code(site).await?);
        theirs.push(bare(&python)?);
    }
    let (run_code_p50_ms, bare_p50_ms) =
        (percentile_ms(&mut ours, 50), percentile_ms(&mut theirs, 50));
    Ok(Figures {
        run_code_p50_ms,
        run_code_p99_ms: percentile_ms(&mut ours, 99),
        bare_p50_ms,
        bare_p99_ms: percentile_ms(&mut theirs, 99),
        ratio: run_code_p50_ms / bare_p50_ms,
    })
}

async fn run_code(site: &Site) -> Result<Duration> {
    // As the published clients send it.
    let body = json!({"code": CODE, "language": "python", "timeout": 60, "workdir": "/workspace"});
    let mut connection = site.connect().await?;
    let began = Instant::now();
    let answer = site.ask(&mut connection, "POST", "/execute", Some(&body)).await?;
    let took = began.elapsed();
    let stdout = answer["stdout"].as_str().unwrap_or_default();
    ensure!(stdout == "{\"sum\": 499500}\n", "the answer is {answer}");
    Ok(took)
}

fn bare(python: &Path) -> Result<Duration> {
    let mut command = Command::new(python);
    command.args(["-c", CODE]).stdin(Stdio::null());
    // As programs of the server have it.
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_CTYPE", "C.UTF-8");
    let began = Instant::now();
    let output = command.output()?;
    let took = began.elapsed();
    ensure!(output.stdout == b"{\"sum\": 499500}\n", "it said {output:?}");
    Ok(took)
}

/// The interpreter itself: what is first on the path may be the shim of a version manager, which
/// takes longer than all of this.
fn python() -> Result<PathBuf> {
    let shim = which::which("python3").context("there is no `python3`")?;
    let output = Command::new(shim).args(["-c", "import sys; print(sys.executable)"]).output()?;
    let path = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    ensure!(path.is_absolute(), "python3 does not say where it is");
    Ok(path)
}
