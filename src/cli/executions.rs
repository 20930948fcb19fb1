//! The commands about executions of a running server: `submit`, `get`, `list`, `watch`, `logs`, `cancel`
//! and `wait`, a file each. This one knows what they have in common.

mod cancel;
mod each;
mod follow;
mod get;
mod ids;
mod interrupt;
mod list;
mod logs;
mod page;
mod submit;
mod table;
mod wait;
mod watch;

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::Value;

use super::args::SubmitArgs;
use super::args::executions::{CancelArgs, GetArgs, ListArgs, LogsArgs, WaitArgs, WatchArgs};
use super::exit::Failure;
use crate::bodies::Record;

pub(super) fn submit(args: SubmitArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(submit::submit(args))
}

pub(super) fn get(args: GetArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(get::get(args)).map(|()| ExitCode::SUCCESS)
}

pub(super) fn list(args: ListArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(list::list(args)).map(|()| ExitCode::SUCCESS)
}

pub(super) fn watch(args: WatchArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(watch::watch(args)).map(|()| ExitCode::SUCCESS)
}

pub(super) fn logs(args: LogsArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(logs::logs(args)).map(|()| ExitCode::SUCCESS)
}

pub(super) fn cancel(args: CancelArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(cancel::cancel(args)).map(|()| ExitCode::SUCCESS)
}

pub(super) fn wait(args: WaitArgs) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(wait::wait(args))
}

/// The record that a server has answered with.
fn record(value: &Value) -> Result<Record, Failure> {
    Record::deserialize(value)
        .map_err(|error| Failure::failed(format!("an answer that is no execution: {error}")))
}
