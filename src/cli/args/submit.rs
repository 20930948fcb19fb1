//! What users type behind `ringback submit`. The server judges what it is worth.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::client::{Output, ServerArgs};
use super::values::seconds;

const EXAMPLES: &str = "\
Examples:
  ringback submit main.py                                  its id, at once
  ringback submit main.py --follow --exit-status           as if it ran here
  echo 'print(6 * 7)' | ringback submit - --wait -o json   its record, once it has ended
  ringback submit main.py --label app=shop --callback-url https://example.com/hook

With --wait or --follow the exit code is 0 when it has completed, 1 when it has not, and 5 when
--wait=SECONDS are over. With --exit-status it is that of the program: 128 + n when signal n has ended
it, 1 when it failed in any other way.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SubmitArgs {
    /// The program; `-` reads it from standard input
    pub(in crate::cli) file: PathBuf,
    /// Its language [default: by the file's ending, else python]
    #[arg(long)]
    pub(in crate::cli) language: Option<String>,
    /// What it reads from standard input; `-` passes ours on
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    pub(in crate::cli) stdin: Option<PathBuf>,
    /// JSON that it reads from standard input
    #[arg(long, value_name = "JSON")]
    pub(in crate::cli) input: Option<String>,
    /// A variable of its environment (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) env: Vec<String>,
    /// Where it runs [default: a fresh directory of its own]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) working_dir: Option<String>,
    /// How long it may run, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) timeout: Option<f64>,
    /// How long it may wait for a slot, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) queue_timeout: Option<f64>,
    /// How soon it is to have a slot; higher is sooner
    #[arg(long, value_name = "0-3", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(in crate::cli) priority: Option<u8>,
    /// Let it have the network
    #[arg(long)]
    pub(in crate::cli) network: bool,
    /// What follows when the server is lost under it [default: fail]
    #[arg(long, value_enum)]
    pub(in crate::cli) on_interrupt: Option<OnInterruptName>,
    /// A label to find it by (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) label: Vec<String>,
    /// Metadata that comes back with the record and the callback (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) metadata: Vec<String>,
    /// The same request under the same key is the same execution [default: a new key each time]
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) idempotency_key: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) callback: CallbackArgs,
    #[command(flatten)]
    pub(in crate::cli) limits: LimitArgs,
    /// Wait until it has ended, for so many seconds if they are given, and print its record
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true)]
    #[arg(value_parser = seconds, conflicts_with = "follow")]
    pub(in crate::cli) wait: Option<Option<f64>>,
    /// Print what it writes as it runs, until it has ended
    #[arg(long, conflicts_with = "output")]
    pub(in crate::cli) follow: bool,
    /// End with the exit code of the program; waits for it
    #[arg(long)]
    pub(in crate::cli) exit_status: bool,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

/// Whom to call back.
#[derive(Debug, Args)]
#[command(next_help_heading = "Callback")]
pub(in crate::cli) struct CallbackArgs {
    /// Where to report its end
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) callback_url: Option<String>,
    /// A header to send along (repeatable)
    #[arg(long, value_name = "NAME: VALUE", requires = "callback_url")]
    pub(in crate::cli) callback_header: Vec<String>,
    /// What to sign the callback with; better in the environment than on the command line
    #[arg(long, value_name = "SECRET", env = "RINGBACK_SIGNING_SECRET", hide_env_values = true)]
    pub(in crate::cli) signing_secret: Option<String>,
    /// In which form: standard, hopx, fetchhive or cortex [default: standard]
    #[arg(long, value_name = "FORMAT", requires = "callback_url")]
    pub(in crate::cli) payload_format: Option<String>,
    /// What to report beside the end: started, output (repeatable)
    #[arg(long, value_name = "EVENT", requires = "callback_url")]
    pub(in crate::cli) event: Vec<String>,
    /// Accept it only if a ping arrives there first
    #[arg(long, requires = "callback_url")]
    pub(in crate::cli) callback_verify: bool,
}

/// How much of the machine it may use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(in crate::cli) struct LimitArgs {
    /// Memory of all its processes together, in bytes
    #[arg(long, value_name = "N")]
    pub(in crate::cli) memory_bytes: Option<u64>,
    /// Processes and threads at a time
    #[arg(long, value_name = "N")]
    pub(in crate::cli) processes: Option<u64>,
    /// The time on processors of all its processes together
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) cpu_seconds: Option<f64>,
    /// Open files of a process at a time
    #[arg(long, value_name = "N")]
    pub(in crate::cli) open_files: Option<u64>,
    /// What it may write to the disk, in bytes
    #[arg(long, value_name = "N")]
    pub(in crate::cli) disk_bytes: Option<u64>,
    /// What is kept of each of its streams, in bytes
    #[arg(long, value_name = "N")]
    pub(in crate::cli) output_bytes: Option<u64>,
    /// What follows when it writes more than that [default: truncate]
    #[arg(long, value_enum)]
    pub(in crate::cli) on_output_limit: Option<OnOutputLimitName>,
}

/// What follows when the server is lost under an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OnInterruptName {
    /// It has failed
    Fail,
    /// It runs once more
    Rerun,
}

/// What follows when a program writes more than is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OnOutputLimitName {
    /// The middle is left out
    Truncate,
    /// It is ended, and has failed
    Fail,
}

impl OnInterruptName {
    /// The word of the API.
    pub(in crate::cli) const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Rerun => "rerun",
        }
    }
}

impl OnOutputLimitName {
    /// The word of the API.
    pub(in crate::cli) const fn as_str(self) -> &'static str {
        match self {
            Self::Truncate => "truncate",
            Self::Fail => "fail",
        }
    }
}
