//! What users type behind the commands about executions of a running server, but for `submit`.
//! Looks at no value but those of times and counts.

use clap::{Args, ValueEnum};

use super::client::{Output, ServerArgs};
use super::values::seconds;

#[derive(Debug, Args)]
pub(in crate::cli) struct GetArgs {
    /// Executions (exec_…), or their events (evt_…) or runs (req_…); `-` reads them from standard
    /// input, one a line
    #[arg(required = true, value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,
    /// How to print them
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only those that stand so
    #[arg(long, value_enum)]
    pub(in crate::cli) status: Option<StatusName>,
    /// Only those that were ended by this, such as timeout or memory_limit
    #[arg(long, value_name = "CAUSE")]
    pub(in crate::cli) cause: Option<String>,
    /// Only those in this language
    #[arg(long)]
    pub(in crate::cli) language: Option<String>,
    /// Only those with this label (repeatable: with all of them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::cli) label: Vec<String>,
    /// Only calls of this function
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) function: Option<String>,
    /// Only those accepted since: a time such as 2026-01-31T12:00:00Z, a date, or how long ago: 2h, 1d
    #[arg(long, value_name = "TIME", visible_alias = "created-after")]
    pub(in crate::cli) since: Option<String>,
    /// Only those accepted before
    #[arg(long, value_name = "TIME", visible_alias = "created-before")]
    pub(in crate::cli) until: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) limit: u64,
    /// All that there are
    #[arg(long, conflicts_with = "limit")]
    pub(in crate::cli) all: bool,
    /// How to print them
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    /// One execution, until it has ended [default: all that wait or run]
    pub(in crate::cli) id: Option<String>,
    /// How often to look at those that wait or run, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(in crate::cli) interval: f64,
    /// How to print what changes
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LogsArgs {
    /// An execution
    pub(in crate::cli) id: String,
    /// Go on while it runs, until it has ended
    #[arg(short, long)]
    pub(in crate::cli) follow: bool,
    /// Only what it has written to standard output
    #[arg(long, conflicts_with = "stderr")]
    pub(in crate::cli) stdout: bool,
    /// Only what it has written to standard error; it is printed to our standard output
    #[arg(long)]
    pub(in crate::cli) stderr: bool,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CancelArgs {
    /// Executions; `-` reads them from standard input, one a line
    #[arg(required = true, value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,
    /// Wait until they have ended
    #[arg(long)]
    pub(in crate::cli) wait: bool,
    /// How to print what became of them
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

const WAIT_CODES: &str = "\
Exit codes: 0 all have completed, 1 one of them has not, 5 the time is up. With --exit-status that of
the program: 128 + n when signal n has ended it, 1 when it failed in any other way; of several
executions the first that is not 0.";

#[derive(Debug, Args)]
#[command(after_help = WAIT_CODES)]
pub(in crate::cli) struct WaitArgs {
    /// Executions; `-` reads them from standard input, one a line
    #[arg(required = true, value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,
    /// For how long in all, in seconds; then the exit code is 5 [default: for ever]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) timeout: Option<f64>,
    /// End with the exit code of the program
    #[arg(long)]
    pub(in crate::cli) exit_status: bool,
    /// How to print how they have ended
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum StatusName {
    /// Accepted, and waits for a slot
    Queued,
    /// Its program runs
    Running,
    /// Its program exited with 0
    Completed,
    /// It ended in any other way
    Failed,
    /// A client wanted it ended
    Cancelled,
}

impl StatusName {
    /// The word of the API.
    pub(in crate::cli) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
