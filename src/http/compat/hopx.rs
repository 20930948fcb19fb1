//! HopX's routes for its unmodified clients: `/execute` and what is below it, `/processes`, and what
//! they ask first, `/v1/sandboxes` and `/health`. The words are HopX's; what they do is ours. A process
//! of HopX's is an execution of ours, under the same id.

mod answers;
mod asynchronous;
mod background;
mod control;
mod errors;
mod execute;
mod follow;
mod kill;
mod processes;
mod repeat;
mod socket;
mod spec;
mod stream;

/// The answers of these routes, for whoever describes them.
pub(in crate::http) mod told {
    pub(in crate::http) use super::answers::Answer;
    pub(in crate::http) use super::asynchronous::Accepted;
    pub(in crate::http) use super::background::Begun;
    pub(in crate::http) use super::control::{Granted, Sandbox};
    pub(in crate::http) use super::kill::Killed;
    pub(in crate::http) use super::processes::List;
}

pub(in crate::http) use asynchronous::{cancel_async, execute_async, read_async};
pub(in crate::http) use background::execute_background;
pub(in crate::http) use control::{SANDBOXES, health, none_are_made, refresh_token, sandbox};
pub(in crate::http) use errors::error_body;
pub(in crate::http) use execute::execute;
pub(in crate::http) use kill::{kill_by_path, kill_named};
pub(in crate::http) use processes::list_processes;
pub(in crate::http) use stream::stream;
