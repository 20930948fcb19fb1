//! `ringback config show|check`: what the configuration is, and whether it is right.

use std::process::ExitCode;

use super::args::{ConfigCommand, ServeArgs};
use super::exit::Failure;
use super::terminal::print;
use crate::config::{self, Loaded, Sources};

pub(super) fn config(command: ConfigCommand) -> Result<ExitCode, Failure> {
    match command {
        ConfigCommand::Show(args) => print(&load(args)?.show())?,
        ConfigCommand::Check(args) => {
            load(args)?;
            print("The configuration is right.\n")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration with its warnings told.
pub(super) fn load(args: ServeArgs) -> Result<Loaded, Failure> {
    let loaded = load_from(args.sources())?;
    for warning in &loaded.warnings {
        eprintln!("ringback: warning: {warning}");
    }
    Ok(loaded)
}

/// The configuration from these sources, or everything that is wrong with it.
pub(super) fn load_from(sources: Sources) -> Result<Loaded, Failure> {
    config::load(sources).map_err(|errors| {
        Failure::usage(match errors.iter().count() {
            1 => errors.to_string(),
            _ => format!("the configuration is wrong:\n{errors}"),
        })
    })
}
