//! Answers that are held back until an execution has ended: one mechanism for every route that
//! waits. A client that goes away leaves its execution alone, unless it asked otherwise.
//! Holds nothing up: when the engine stops, whoever waits is told at once which execution goes on.

use std::convert::Infallible;
use std::future::pending;
use std::panic::resume_unwind;
use std::pin::pin;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Data;
use tokio::sync::oneshot;

use super::connection::{Client, Flood};
use super::context;
use super::error::{Kind, Problem};
use super::state::Api;
use crate::actors::{self, Cancel, CancelError, Submit};
use crate::domain::{CancelWish, Execution, ExecutionId, Tenant};

/// Why an execution was cancelled whose client asked for that.
const GONE: &str = "The client that waited for it has gone away.";

/// How long to wait before a wish to cancel is sent again that nobody has heard.
const WISH_AGAIN: Duration = Duration::from_millis(500);

/// How an answer is held back.
pub(super) struct Hold {
    client: Client,
    at_most: Option<Duration>,
    on_disconnect: OnDisconnect,
}

/// What becomes of the execution when the client of a held answer goes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnDisconnect {
    /// It runs on.
    Leave,
    /// It is cancelled, in the name of this API key.
    Cancel { by: Option<String> },
}

impl Hold {
    /// Holds the answer to this request for as long as it takes.
    pub(super) fn of(request: &HttpRequest, on_disconnect: OnDisconnect) -> Self {
        Self { client: Client::of(request), at_most: None, on_disconnect }
    }

    /// Holds it for no longer than this.
    pub(super) fn at_most(self, at_most: Duration) -> Self {
        Self { at_most: Some(at_most), ..self }
    }
}

/// The whole execution once it has ended, or as it stands when the time is up; nothing when this
/// tenant has no such execution.
///
/// # Errors
/// When the store cannot be read, and when the engine stops before the execution has ended.
pub(super) async fn ended(
    api: &Data<Api>,
    tenant: &Tenant,
    id: ExecutionId,
    hold: Hold,
) -> Result<Option<Execution>, Problem> {
    let (api, tenant) = (api.clone(), tenant.clone());
    attended(hold, async move |hold, attendance| held(&api, (&tenant, id), hold, attendance).await)
        .await
}

/// Submits an execution and gives the whole of it once it has ended.
///
/// # Errors
/// When it is not accepted; and as [`ended`], with the id of the execution that was, and in a way that
/// does not ask for the request to be sent again.
pub(super) async fn submitted(
    api: &Data<Api>,
    submit: Submit,
    hold: Hold,
) -> Result<Execution, Problem> {
    let api = api.clone();
    attended(hold, async move |hold, attendance| {
        let tenant = submit.tenant.clone();
        let id = api.supervisor.send(submit).await??.execution.id;
        let found = held(&api, (&tenant, id), hold, attendance).await;
        found.map_err(|problem| problem.once_accepted(id))?.ok_or_else(Problem::not_found)
    })
    .await
}

/// Ends when the handler does or is dropped; nobody ever sends anything.
type Attendance = oneshot::Receiver<Infallible>;

/// Does the work of a handler. Where something must follow when the client goes away, it is done on
/// a task of its own: actix may drop the handler at any moment, also between the submit and the
/// answer that brings the id.
async fn attended<T: 'static>(
    hold: Hold,
    work: impl AsyncFnOnce(Hold, Attendance) -> Result<T, Problem> + 'static,
) -> Result<T, Problem> {
    let (attends, attendance) = oneshot::channel();
    if hold.on_disconnect == OnDisconnect::Leave {
        let done = work(hold, attendance).await;
        drop(attends);
        return done;
    }
    let work = context::along(async move { work(hold, attendance).await });
    let done = actix_rt::spawn(work).await;
    drop(attends);
    match done.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        // As if it had happened in the handler, where the envelope answers it.
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => Err(Problem::new(Kind::Unavailable, "The server is ending.")),
    }
}

/// What put an end to a wait.
enum Over {
    Ended(Option<Box<Execution>>),
    Stopping,
    TimeUp,
    ClientGone,
    Flooded,
}

/// Waits for whatever comes first: the end of the execution or of the server, the time, or the
/// client's going away.
async fn held(
    api: &Api,
    of: (&Tenant, ExecutionId),
    hold: Hold,
    attendance: Attendance,
) -> Result<Option<Execution>, Problem> {
    let Hold { client, at_most, on_disconnect } = hold;
    let client_gone = async {
        match &on_disconnect {
            OnDisconnect::Leave => client.gone().await,
            OnDisconnect::Cancel { .. } => tokio::select! {
                () = client.closed() => {}
                _ = attendance => {}
            },
        }
    };
    let time_up = async {
        match at_most {
            Some(at_most) => actix_rt::time::sleep(at_most).await,
            None => pending().await,
        }
    };
    let (mut time_up, mut flood) = (pin!(time_up), Flood::default());
    let mut over = tokio::select! {
        over = self::over(api, of) => over?,
        () = client_gone => Over::ClientGone,
        () = client.floods(&mut flood) => Over::Flooded,
        () = &mut time_up => Over::TimeUp,
    };
    if let (Over::ClientGone, OnDisconnect::Cancel { by }) = (&over, on_disconnect) {
        cancel(api, of, by).await;
        // A client that has only closed its own side still hears what has become of it.
        over = tokio::select! {
            over = self::over(api, of) => over?,
            () = time_up => Over::TimeUp,
        };
    }
    match over {
        Over::Ended(found) => Ok(found.map(|execution| *execution)),
        Over::TimeUp | Over::ClientGone => Ok(api.store.execution(of.0, of.1).await?),
        Over::Stopping => last_look(api, of).await,
        Over::Flooded => {
            let detail = format!(
                "So much was sent behind this request that its answer cannot be held back; the \
                 execution {} goes on without it.",
                of.1
            );
            Err(Problem::new(Kind::InvalidRequest, detail).about(of.1))
        }
    }
}

/// Waits for the end of the execution, or of the server.
async fn over(api: &Api, of: (&Tenant, ExecutionId)) -> Result<Over, Problem> {
    let ended = actors::ended(&api.supervisor, api.store.as_ref(), of);
    tokio::select! {
        found = ended => Ok(Over::Ended(found?.map(Box::new))),
        () = api.draining.begun() => Ok(Over::Stopping),
    }
}

/// What has ended while the server began to stop has ended; of anything else there is nothing to
/// wait for here.
async fn last_look(
    api: &Api,
    (tenant, id): (&Tenant, ExecutionId),
) -> Result<Option<Execution>, Problem> {
    match api.store.execution(tenant, id).await? {
        Some(execution) if execution.ended().is_none() => {
            let detail = format!(
                "The server is stopping and holds no answer back; the execution {id} goes on \
                 without it, and its record will say how it ends."
            );
            Err(Problem::new(Kind::Draining, detail).about(id))
        }
        found => Ok(found),
    }
}

/// Sees to it that the wish is heard: nobody is left who could send it again.
async fn cancel(api: &Api, (tenant, id): (&Tenant, ExecutionId), by: Option<String>) {
    loop {
        let wish = CancelWish { reason: Some(GONE.to_owned()), by: by.clone() };
        let cancel = Cancel { tenant: tenant.clone(), id, wish };
        match api.supervisor.send(cancel).await {
            Ok(Ok(_) | Err(CancelError::NotFound)) => return,
            Ok(Err(CancelError::Store(error))) if !error.is_passing() => {
                let request_id = context::request_id();
                log::error!(
                    execution:% = id,
                    request_id = request_id.as_deref();
                    "it cannot be cancelled for its client: {error}"
                );
                return;
            }
            Ok(Err(CancelError::Store(_))) | Err(_) => actix_rt::time::sleep(WISH_AGAIN).await,
        }
    }
}
