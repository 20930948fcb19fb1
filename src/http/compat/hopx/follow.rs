//! What a program writes, told while it writes it, and how it ended, in HopX's words.
//! Starts and cancels nothing.

use std::pin::pin;
use std::sync::Arc;

use super::socket::{Gone, Line, Message};
use crate::domain::{Execution, ExecutionId, Status, Tenant};
use crate::http::error::{Kind, Problem};
use crate::http::follow::{Ending, Said, Step};
use crate::http::state::Api;
use crate::process::Stream;
use crate::webhook::payload::{hopx_execution_time, hopx_exit_code};

/// Why there is nothing more to tell.
pub(super) enum Cut {
    /// Nobody listens.
    Gone,
    /// It cannot be told any further.
    Problem(Problem),
}

impl From<Gone> for Cut {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Tells what an execution writes until it has ended, and how; gives whether it was a success.
pub(super) async fn follow(
    api: &Api,
    line: &mut Line,
    of: (&Tenant, ExecutionId),
) -> Result<bool, Cut> {
    let ending = until_ended(api, line, of).await?;
    let execution: &Execution = &ending.execution;
    let result = Message::Result {
        execution_id: execution.id,
        exit_code: hopx_exit_code(execution).unwrap_or_default(),
        execution_time: hopx_execution_time(execution).unwrap_or_default(),
        timestamp: api.clock.now(),
    };
    line.say(&result).await?;
    Ok(execution.status() == Status::Completed)
}

async fn until_ended(
    api: &Api,
    line: &mut Line,
    (tenant, id): (&Tenant, ExecutionId),
) -> Result<Arc<Ending>, Cut> {
    let mut follower = api.followed.follow(tenant, id);
    let mut stopping = pin!(waits_in_vain(api, (tenant, id)));
    loop {
        let step = tokio::select! {
            biased;
            step = follower.next() => step.map_err(Cut::Problem)?,
            problem = &mut stopping => return Err(Cut::Problem(problem)),
        };
        match step {
            Step::Status { .. } => {}
            Step::Said(stream, said) => tell(api, line, stream, &said).await?,
            Step::Ended(ending) => return Ok(ending),
        }
    }
}

async fn tell(api: &Api, line: &mut Line, stream: Stream, said: &Said) -> Result<(), Gone> {
    let (text, timestamp) = (text(said), api.clock.now());
    let data = text.as_str();
    line.say(&match stream {
        Stream::Stdout => Message::Stdout { data, timestamp },
        Stream::Stderr => Message::Stderr { data, timestamp },
    })
    .await
}

/// These clients know only text: what is none is replaced, and a mark is where something was left out.
fn text(said: &Said) -> String {
    let text = String::from_utf8_lossy(said.bytes());
    match said.skipped() {
        0 => text.into_owned(),
        gap => format!("\n[... {gap} bytes left out ...]\n{text}"),
    }
}

/// Ends when the server stops and the execution still waits in the queue, where it then stays.
async fn waits_in_vain(api: &Api, (tenant, id): (&Tenant, ExecutionId)) -> Problem {
    api.draining.begun().await;
    match api.store.execution(tenant, id).await {
        Ok(Some(execution)) if execution.status() == Status::Queued => {
            let detail = format!("The server is stopping; the next one runs execution {id}.");
            Problem::new(Kind::Draining, detail)
        }
        // What runs has its end soon, and that is told.
        _ => std::future::pending().await,
    }
}
