//! Which languages this server runs, by which commands, and whether they are there.
//! Looks for nothing itself; runtimes do, once.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::answers::json;
use super::auth::Caller;
use super::error::Problem;
use super::state::Api;
use crate::process::{Launcher, Runtime};

#[derive(Serialize)]
struct Answer {
    data: Vec<RuntimeBody>,
}

#[derive(Serialize)]
struct RuntimeBody {
    name: String,
    aliases: Vec<String>,
    /// The executable and its arguments; the code's file comes behind them.
    command: Vec<String>,
    version: Option<String>,
    found: bool,
    error: Option<String>,
    /// Whether the operator has an interpreter kept warm for it.
    warm: bool,
}

/// `GET /v1/runtimes`
pub(super) async fn list(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    caller?.needs("executions:read")?;
    let mut data = Vec::new();
    for runtime in api.launcher.runtimes().iter() {
        data.push(RuntimeBody::of(runtime, &api.launcher).await);
    }
    Ok(json(StatusCode::OK, &Answer { data }))
}

impl RuntimeBody {
    async fn of(runtime: &Runtime, launcher: &Launcher) -> Self {
        let settings = runtime.settings();
        let mut body = Self {
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
                body.found = true;
                body.command[0] = located.executable.display().to_string();
                body.version = located.version;
            }
            Err(error) => body.error = Some(error.to_string()),
        }
        body
    }
}
