//! Which languages this server runs, by which commands, and whether they are there.
//! Looks for nothing itself; runtimes do, once.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::answers::json;
use super::auth::Caller;
use super::error::Problem;
use super::state::Api;
use crate::bodies::{self, All};
use crate::process::{Launcher, Runtime};

/// `GET /v1/runtimes`
pub(super) async fn list(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    caller?.needs("executions:read")?;
    let mut data = Vec::new();
    for runtime in api.launcher.runtimes().iter() {
        data.push(told(runtime, &api.launcher).await);
    }
    Ok(json(StatusCode::OK, &All { data }))
}

async fn told(runtime: &Runtime, launcher: &Launcher) -> bodies::Runtime {
    let settings = runtime.settings();
    let mut told = bodies::Runtime {
        name: settings.name.clone(),
        aliases: settings.aliases.clone(),
        command: settings.command.clone(),
        version: None,
        found: false,
        error: None,
        warm: settings.warm.is_some(),
    };
    match runtime.located(launcher).await {
        Ok(located) => {
            told.found = true;
            told.command[0] = located.executable.display().to_string();
            told.version = located.version;
        }
        Err(error) => told.error = Some(error.to_string()),
    }
    told
}
