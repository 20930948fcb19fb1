//! What users type behind `ringback deliveries`.
//! Looks at no value but those of times and counts.

use clap::{Args, Subcommand, ValueEnum};

use super::client::{Output, ServerArgs};

const EXAMPLES: &str = "\
Examples:
  ringback deliveries get exec_01a2…                       why has this callback not arrived?
  ringback deliveries list --status exhausted --since 1d   what was given up since yesterday
  ringback deliveries recover --since 1d --host example.com    send all of that again
  ringback deliveries test https://example.com/hook        would a callback arrive there?";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum DeliveriesCommand {
    /// List deliveries, newest first
    List(ListArgs),
    /// Say why a callback has arrived, or not, and show every attempt
    Get(GetArgs),
    /// Send again now: the same event and the same bytes, freshly signed
    Redeliver(RedeliverArgs),
    /// Send everything again that was given up in a stretch of time
    Recover(RecoverArgs),
    /// Have the server send a signed ping to a URL, and say what came of it
    Test(TestArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only those with this status
    #[arg(long, value_enum)]
    pub(in crate::cli) status: Option<DeliveryStatus>,
    /// Only those to this host, with its port where the URL has one
    #[arg(long)]
    pub(in crate::cli) host: Option<String>,
    /// Only those made since: a time such as 2026-01-31T12:00:00Z, a date, or how long ago: 2h, 1d
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<String>,
    /// Only those made before
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
    /// Only those of this event, such as execution.failed
    #[arg(long, value_name = "TYPE")]
    pub(in crate::cli) event_type: Option<String>,
    /// Only those of this execution
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) execution: Option<String>,
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
pub(in crate::cli) struct GetArgs {
    /// A delivery (dlv_…), an execution (exec_…), an event (evt_…) or a run (req_…)
    pub(in crate::cli) id: String,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RedeliverArgs {
    /// Deliveries (dlv_…), or the executions (exec_…), events (evt_…) or runs (req_…) that they are of
    #[arg(required = true, value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,
    /// How to print them
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecoverArgs {
    /// From here on: a time such as 2026-01-31T12:00:00Z, a date, or how long ago: 2h, 1d
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: String,
    /// Up to here [default: now]
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
    /// Only those to this host, with its port where the URL has one
    #[arg(long)]
    pub(in crate::cli) host: Option<String>,
    /// Only begin it, and do not wait until all of them have been sent
    #[arg(long)]
    pub(in crate::cli) no_wait: bool,
    /// How to print what became of it
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// Where callbacks would go
    pub(in crate::cli) url: String,
    /// What to sign with; better in the environment than on the command line
    #[arg(long, env = "RINGBACK_SIGNING_SECRET", hide_env_values = true)]
    pub(in crate::cli) secret: Option<String>,
    /// A header to send with it, as callback_headers would (repeatable)
    #[arg(long, value_name = "NAME: VALUE")]
    pub(in crate::cli) header: Vec<String>,
    /// How to print what came of it
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: TestFormat,
    #[command(flatten)]
    pub(in crate::cli) server: ServerArgs,
}

/// How a test is printed, which has no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TestFormat {
    /// For people
    Table,
    /// The answer of the server, as JSON
    Json,
}

/// What may become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DeliveryStatus {
    /// Still being tried
    Pending,
    /// Taken by the receiver
    Delivered,
    /// Given up
    Exhausted,
    /// Not allowed to be sent
    Refused,
}

impl DeliveryStatus {
    /// The word of the API.
    pub(in crate::cli) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Refused => "refused",
        }
    }
}
