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
    let python = python(site).await?;
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

/// The very interpreter that the server runs programs with.
async fn python(site: &Site) -> Result<PathBuf> {
    let mut connection = site.connect().await?;
    let runtimes = site.ask(&mut connection, "GET", "/v1/runtimes", None).await?;
    let runtimes = runtimes["data"].as_array().context("a list of runtimes")?;
    let python = runtimes.iter().find(|runtime| runtime["name"] == "python");
    let path = python.and_then(|python| python["command"][0].as_str());
    Ok(PathBuf::from(path.context("the server has found no python")?))
}
