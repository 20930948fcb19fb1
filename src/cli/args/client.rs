//! What users type behind every command that speaks to a running server: which server, as whom, and
//! how the answer is printed. Sends nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where a server listens that was told nothing.
pub(in crate::cli) const SERVER: &str = "http://127.0.0.1:8080";

/// Which server, and as whom.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerArgs {
    /// The server
    #[arg(long, value_name = "URL", env = "RINGBACK_SERVER")]
    #[arg(default_value = SERVER)]
    pub(in crate::cli) server: String,
    /// An API key or a JWT; better in the environment than on the command line
    #[arg(long, value_name = "TOKEN", env = "RINGBACK_TOKEN", hide_env_values = true)]
    pub(in crate::cli) token: Option<String>,
    /// Certificates to believe beside the public ones, in PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca_file: Option<PathBuf>,
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Output {
    /// For people
    Table,
    /// The answer of the server, as JSON
    Json,
    /// One JSON object a line
    Jsonl,
    /// Only the ids, one a line
    Id,
}
