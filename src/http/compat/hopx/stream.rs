//! HopX's `GET /execute/stream`: a WebSocket on which programs are sent one after another, and on which
//! their output comes back while they run. Whoever goes away cancels nothing.

use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{CloseCode, CloseReason};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::follow::{Cut, follow};
use super::socket::{Gone, Line, Message, Parting, reason, socket};
use super::{errors, spec};
use crate::actors::Submit;
use crate::domain::ExecutionId;
use crate::http::auth::Caller;
use crate::http::connection::Client;
use crate::http::context;
use crate::http::error::{Kind, Problem};
use crate::http::executions::WRITE;
use crate::http::fields::Fields;
use crate::http::json;
use crate::http::state::Api;

/// How long an error is at most, in characters. The published clients take no message beyond a megabyte.
const ERROR_CHARS_MAX: usize = 1000;

/// `GET /execute/stream`
pub(in crate::http) async fn stream(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let (response, session, messages) = actix_ws::handle(&request, payload).map_err(|error| {
        Problem::new(Kind::InvalidRequest, format!("This path speaks WebSocket: {error}."))
    })?;
    let bytes_max = api.limits.body_bytes_max;
    let messages = messages.max_frame_size(bytes_max).aggregate_continuations();
    let messages = messages.max_continuation_size(bytes_max);
    let (mut line, ear, mut heard) = socket(session.clone(), messages, api.silence_max);
    let client = Client::of(&request);
    actix_rt::spawn(context::along(async move {
        let parting = tokio::select! {
            parting = ear.listen() => parting,
            stopped = answer(&api, &caller, &mut line, &mut heard) => {
                stopped.map_or(Parting::Lost, Parting::Ours)
            }
        };
        let may_say_more = matches!(parting, Parting::Refused(_));
        // Whoever has gone need not be told.
        let _ = session.close(parting.reason()).await;
        if !may_say_more {
            client.has_said_all();
        }
    }));
    Ok(response)
}

/// Answers what is heard, one message after another, until the server stops.
async fn answer(
    api: &Api,
    caller: &Caller,
    line: &mut Line,
    heard: &mut mpsc::Receiver<String>,
) -> Result<CloseReason, Gone> {
    loop {
        let text = tokio::select! {
            biased;
            () = api.draining.begun() => {
                return Ok(reason(CloseCode::Away, "the server is stopping"));
            }
            text = heard.recv() => text.ok_or(Gone)?,
        };
        match request(&text) {
            Ok(fields) => run(api, caller, line, fields).await?,
            Err(problem) => tell(api, line, &problem).await?,
        }
    }
}

/// The request that a message is: an object of the only type that there is.
fn request(text: &str) -> Result<Map<String, Value>, Problem> {
    let Value::Object(object) = json::parse(text.as_bytes(), "The message")? else {
        return Err(Problem::new(Kind::InvalidJson, "A message must be a JSON object."));
    };
    let wrong = match object.get("type") {
        Some(Value::String(kind)) if kind == "execute" => return Ok(object),
        Some(Value::String(kind)) => format!("`type` must be `execute`, and is `{kind}`."),
        Some(_) => "`type` must be the string `execute`.".to_owned(),
        None => "`type` is missing; it must be `execute`.".to_owned(),
    };
    Err(Problem::new(Kind::InvalidRequest, wrong))
}

/// As much of a sentence as is told: some name what they are about, and that may be a megabyte.
fn beginning(sentence: &str) -> &str {
    let end = sentence.char_indices().nth(ERROR_CHARS_MAX).map_or(sentence.len(), |(at, _)| at);
    &sentence[..end]
}

/// Runs a program and tells all of it. Whatever goes wrong, the client hears that this is complete: it
/// listens until then.
async fn run(
    api: &Api,
    caller: &Caller,
    line: &mut Line,
    object: Map<String, Value>,
) -> Result<(), Gone> {
    let told = match accept(api, caller, object).await {
        Ok(id) => follow(api, line, (&caller.tenant, id)).await,
        Err(problem) => Err(Cut::Problem(problem)),
    };
    let success = match told {
        Ok(success) => success,
        Err(Cut::Gone) => return Err(Gone),
        Err(Cut::Problem(problem)) => {
            tell(api, line, &problem).await?;
            false
        }
    };
    line.say(&Message::Complete { success, timestamp: api.clock.now() }).await
}

async fn accept(
    api: &Api,
    caller: &Caller,
    object: Map<String, Value>,
) -> Result<ExecutionId, Problem> {
    // The socket may have outlived what it was opened with.
    if !api.auth.still_admits(caller, api.clock.now()).await? {
        let detail = "The token of this socket has ended, or its key was revoked; open another socket \
                      with a new token.";
        return Err(Problem::new(Kind::Unauthorized, detail));
    }
    let mut fields = Fields::new(object);
    let spec = spec::read(&mut fields, api, &caller.tenant);
    // Not strictly, as on the other routes for these clients.
    fields.finish_leniently()?;
    let submit = Submit::new(caller.tenant.clone(), spec);
    Ok(api.supervisor.send(submit).await??.execution.id)
}

async fn tell(api: &Api, line: &mut Line, problem: &Problem) -> Result<(), Gone> {
    let (error, code) = (beginning(&problem.detail), errors::code(problem));
    line.say(&Message::Error { error, message: error, code, timestamp: api.clock.now() }).await
}
