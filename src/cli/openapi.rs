//! `ringback openapi`: the document of the HTTP API. Asks no server: every one of this version has it.

use std::process::ExitCode;

use super::args::OpenapiArgs;
use super::exit::Failure;
use super::terminal;
use crate::http::{openapi_json, openapi_markdown};

pub(super) fn openapi(args: &OpenapiArgs) -> Result<ExitCode, Failure> {
    terminal::print(if args.markdown { openapi_markdown() } else { openapi_json() })?;
    Ok(ExitCode::SUCCESS)
}
