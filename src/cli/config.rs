//! `ringback config show|check`: what the configuration is, and whether it is right.

use std::process::ExitCode;

use super::args::{ConfigCommand, ServeArgs};
use super::exit::Failure;
use crate::config::{self, Loaded};

pub(super) fn config(command: ConfigCommand) -> Result<ExitCode, Failure> {
    match command {
        ConfigCommand::Show(args) => print!("{}", load(args)?.show()),
        ConfigCommand::Check(args) => {
            load(args)?;
            println!("The configuration is right.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration with its warnings told.
pub(super) fn load(args: ServeArgs) -> Result<Loaded, Failure> {
    let loaded = config::load(args.sources())
        .map_err(|errors| Failure::usage(format!("the configuration is wrong:\n{errors}")))?;
    for warning in &loaded.warnings {
        eprintln!("ringback: warning: {warning}");
    }
    Ok(loaded)
}
