//! HopX's routes for its unmodified clients: `/execute` and what is below it.
//! The words are HopX's; what they do is ours.

mod answers;
mod asynchronous;
mod errors;
mod execute;
mod spec;

pub(in crate::http) use asynchronous::execute_async;
pub(in crate::http) use errors::error_body;
pub(in crate::http) use execute::execute;
