//! The command line: what users type, and the exit codes that scripts rely on.
//! stdout carries results, stderr everything else.

mod args;
mod client;
mod config;
mod deliveries;
mod demo;
mod doctor;
mod exit;
mod listen;
mod logging;
mod moments;
mod openapi;
mod receiver;
mod run;
mod secrets;
mod serve;
mod service;
mod signals;
mod signature;
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
        Command::Doctor(args) => doctor::doctor(args),
        Command::Listen(args) => listen::listen(args),
        Command::Deliveries { command } => deliveries::deliveries(command),
        Command::Signature { command } => signature::signature(command),
        Command::Secrets { command } => secrets::secrets(command),
        Command::Config { command } => config::config(command),
        Command::Openapi(args) => openapi::openapi(&args),
    }
}
