//! `ringback completions SHELL`: what a shell needs to complete the commands.
//! Installs nothing.

use std::process::ExitCode;

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::exit::Failure;
use super::terminal::print;

pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ringback", &mut script);
    let script = String::from_utf8(script).expect("our own words are UTF-8");
    print(&script)?;
    Ok(ExitCode::SUCCESS)
}
