//! What users type behind `ringback keys`.
//! Looks at no value.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServeArgs;
use super::client::Output;

const EXAMPLES: &str = "\
Examples:
  ringback keys create --name ci --scope executions:write --scope executions:read
  ringback keys create --name acme-admin --tenant acme --scope admin
  ringback keys list
  ringback keys revoke 0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b

All of it works straight on the data directory, also while the server runs.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum KeysCommand {
    /// Make a key and print it, this once
    Create(CreateArgs),
    /// List keys, the oldest first; never the keys themselves
    List(KeyListArgs),
    /// Revoke a key: no request with it is let in any more
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArgs {
    /// What people call it
    #[arg(long)]
    pub(in crate::cli) name: String,
    /// Whose requests it makes
    #[arg(long, default_value = "default")]
    pub(in crate::cli) tenant: String,
    /// What it may do (repeatable) [default: what it takes to submit, read and cancel executions and to
    /// read deliveries]
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    pub(in crate::cli) scopes: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) place: KeysPlace,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct KeyListArgs {
    /// Only those of this tenant
    #[arg(long)]
    pub(in crate::cli) tenant: Option<String>,
    /// How to print them
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) place: KeysPlace,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    /// Which key: its id, as `ringback keys list` has it
    pub(in crate::cli) id: String,
    #[command(flatten)]
    pub(in crate::cli) place: KeysPlace,
}

/// Where the keys are.
#[derive(Debug, Args)]
pub(in crate::cli) struct KeysPlace {
    /// Where everything is kept [default: ./ringback-data]
    #[arg(long, value_name = "DIR", conflicts_with = "database_url")]
    pub(in crate::cli) data_dir: Option<String>,
    /// The database of several nodes; this version has none
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) database_url: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "RINGBACK_CONFIG")]
    pub(in crate::cli) config: Option<PathBuf>,
}

impl KeysPlace {
    /// What of the flags of `serve` these are.
    pub(in crate::cli) fn into_serve(self) -> ServeArgs {
        ServeArgs { data_dir: self.data_dir, config: self.config, ..ServeArgs::default() }
    }
}
