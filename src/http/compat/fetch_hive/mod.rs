//! Fetch Hive's routes for clients that were written for it: `/v1/workflow` and what is below it.
//! The words are Fetch Hive's; what they do is ours. A deployment and its variant are a function of
//! ours, and a run is an execution that is a call of one.

mod cancel;
mod errors;
mod invoke;
mod read;
mod request;
mod run;
mod webhooks;

/// The answers of these routes, for whoever describes them.
pub(in crate::http) mod told {
    pub(in crate::http) use super::errors::Body as Error;
    pub(in crate::http) use super::invoke::Told as Begun;
    pub(in crate::http) use super::read::Detail;
    pub(in crate::http) use super::run::Run;
    pub(in crate::http) use super::webhooks::Answer as Webhooks;
}

pub(in crate::http) use cancel::cancel;
pub(in crate::http) use errors::error_body;
pub(in crate::http) use invoke::invoke;
pub(in crate::http) use read::read;
pub(in crate::http) use webhooks::webhooks;
