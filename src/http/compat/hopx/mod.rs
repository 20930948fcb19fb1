//! HopX's routes for its unmodified clients: `/execute` and what is below it, and `/processes`.
//! The words are HopX's; what they do is ours. A process of HopX's is an execution of ours, under
//! the same id.

mod answers;
mod asynchronous;
mod background;
mod errors;
mod execute;
mod kill;
mod processes;
mod spec;

pub(in crate::http) use asynchronous::{cancel_async, execute_async, read_async};
pub(in crate::http) use background::execute_background;
pub(in crate::http) use errors::error_body;
pub(in crate::http) use execute::execute;
pub(in crate::http) use kill::{kill_by_path, kill_named};
pub(in crate::http) use processes::list_processes;
