//! The command line: what users type, and the exit codes that scripts rely on.
//! stdout carries results, stderr everything else.

// It panics when nobody reads on, as with `| head`, or the disk is full; `terminal::print` does not.
#![deny(clippy::print_stdout)]

mod args;
mod client;
mod completions;
mod config;
mod deliveries;
mod demo;
mod doctor;
mod executions;
mod exit;
mod keys;
mod listen;
mod logging;
mod moments;
mod open_files;
mod openapi;
mod progress;
mod receiver;
mod rows;
mod run;
mod secrets;
mod serve;
mod service;
mod signals;
mod signature;
mod table;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Failure;

use crate::failpoint;

/// Runs the command that the process was started as.
pub fn main() -> ExitCode {
    failpoint::arm();
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(Failure::Unread) => Failure::Unread.code(),
        Err(failure) => {
            eprintln!("ringback: {failure}");
            failure.code()
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Serve(args) => serve::serve(args),
        Command::Demo(args) => demo::demo(args),
        Command::Run(args) => run::run(args),
        Command::Submit(args) => executions::submit(*args),
        Command::Get(args) => executions::get(args),
        Command::List(args) => executions::list(args),
        Command::Watch(args) => executions::watch(args),
        Command::Logs(args) => executions::logs(args),
        Command::Cancel(args) => executions::cancel(args),
        Command::Wait(args) => executions::wait(args),
        Command::Doctor(args) => doctor::doctor(args),
        Command::Listen(args) => listen::listen(args),
        Command::Deliveries { command } => deliveries::deliveries(command),
        Command::Keys { command } => keys::keys(command),
        Command::Signature { command } => signature::signature(command),
        Command::Secrets { command } => secrets::secrets(command),
        Command::Config { command } => config::config(command),
        Command::Completions(args) => completions::completions(&args),
        Command::Openapi(args) => openapi::openapi(&args),
    }
}
