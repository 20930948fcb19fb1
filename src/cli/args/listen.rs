//! What users type behind `ringback listen`.
//! Looks at no value; what is impossible is said where it is used.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::config::duration;

const EXAMPLES: &str = "\
Examples:
  ringback listen                                  print what comes, and verify it
  ringback listen --status 503 --times 2           fail twice, then succeed: see the retries
  ringback listen --status 429 --retry-after 120   ask to be called again later
  ringback listen --delay 20s                      be slower than a server waits
  ringback listen -o jsonl --count 1 | jq .body    wait for one callback in a script";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ListenArgs {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4040")]
    pub(in crate::cli) listen: String,
    /// What callbacks are signed with; better in the environment than on the command line
    /// [default: one of its own, the same at every start]
    #[arg(long, env = "RINGBACK_SIGNING_SECRET", hide_env_values = true)]
    pub(in crate::cli) secret: Option<String>,
    /// Where its own secret is kept; made if it is not there
    /// [default: ~/.local/state/ringback/listen-secret]
    #[arg(long, value_name = "FILE", env = "RINGBACK_SIGNING_SECRET_FILE")]
    #[arg(conflicts_with = "secret")]
    pub(in crate::cli) secret_file: Option<PathBuf>,
    /// Answer with this HTTP status, 200 to 599 [default: 200]
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=599))]
    pub(in crate::cli) status: Option<u16>,
    /// Wait so long before each answer, such as 3s or 500ms
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(in crate::cli) delay: Option<Duration>,
    /// Send this header with the answer: seconds, or a date
    #[arg(long, value_name = "VALUE", requires = "status")]
    pub(in crate::cli) retry_after: Option<String>,
    /// Answer so the first N times, and with 200 at once after that [default: always]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) times: Option<usize>,
    /// End after N callbacks; exit code 1 if one of them did not verify
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) count: Option<u64>,
    /// Print every header, as it came
    #[arg(long)]
    pub(in crate::cli) headers: bool,
    /// Print the body
    #[arg(long)]
    pub(in crate::cli) body: bool,
    /// Print only callbacks that did not verify, and no instructions
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// How to print callbacks; jsonl always has the body
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(in crate::cli) output: CallbackFormat,
}

/// How callbacks are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CallbackFormat {
    /// For people
    Text,
    /// For machines: one JSON object a line
    Jsonl,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    duration(text).ok_or_else(|| "expected a duration such as 3s, 500ms or 1m 30s".to_owned())
}
