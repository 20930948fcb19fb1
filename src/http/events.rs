//! What happens to an execution, as server-sent events: `GET /v1/executions/{id}/events`.
//! A client that reads slowly is told slowly, and nothing is kept for it. Cancels nothing.

mod frame;
mod places;
mod resume;

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;

use self::frame::Frames;
use self::places::Taken;
pub use self::places::{EventStreams, StreamLimits};
use super::auth::Caller;
use super::connection::{Client, Flood};
use super::error::Problem;
use super::executions::{READ, id_of};
use super::follow::{Follower, Step};
use super::state::Api;
use crate::actors::Draining;

/// Asks proxies, nginx among them, to hand on what comes when it comes.
const UNBUFFERED: (&str, &str) = ("X-Accel-Buffering", "no");

/// How soon clients connect again that lost their stream.
const RETRY: Duration = Duration::from_secs(1);

/// The same when the server stops: the next one needs a moment.
const RETRY_WHEN_STOPPING: Duration = Duration::from_secs(2);

/// `GET /v1/executions/{id}/events`
pub(super) async fn stream(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let id = id_of(&path)?;
    let from = resume::from(&request)?;
    let taken = api.streams.take(&caller.tenant)?;
    let mut follower = api.followed.follow(&caller.tenant, id);
    follower.begin(from).await?;
    let collection = request.path().trim_end_matches("/events");
    let collection = collection.rsplit_once('/').map_or(collection, |(collection, _)| collection);
    let told = Telling {
        follower,
        client: Client::of(&request),
        flood: Flood::default(),
        draining: api.draining.clone(),
        keep_alive: api.streams.keep_alive(),
        collection: collection.to_owned(),
        frames: Frames::beginning(RETRY),
        is_probed: false,
        is_over: false,
        _taken: taken,
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, "text/event-stream"));
    answer.insert_header((CACHE_CONTROL, "no-cache"));
    answer.insert_header((CONTENT_ENCODING, "identity"));
    answer.insert_header(UNBUFFERED);
    Ok(answer.streaming(told.into_stream()))
}

/// A stream of events and how far it has come.
struct Telling {
    follower: Follower,
    client: Client,
    flood: Flood,
    draining: Draining,
    keep_alive: Duration,
    /// The path of all executions.
    collection: String,
    /// What is to be sent before anything else is asked for.
    frames: Frames,
    /// The client has closed its side, and it was tried whether it reads on.
    is_probed: bool,
    is_over: bool,
    _taken: Taken,
}

/// What a stream goes on with.
enum Turn {
    Step(Result<Step, Problem>),
    Stopping,
    Silence,
    Closed,
    Gone,
}

impl Telling {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, async |mut telling| {
            let bytes = telling.bytes().await?;
            Some((Ok(bytes), telling))
        })
    }

    /// What is sent next; none at the end. Nothing is looked for before the last was taken.
    async fn bytes(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.frames.next() {
                return Some(bytes);
            }
            if self.is_over {
                return None;
            }
            let turn = self.turn().await;
            self.take(turn);
        }
    }

    async fn turn(&mut self) -> Turn {
        let Self { follower, client, flood, draining, keep_alive, is_probed, .. } = self;
        let mut closed = pin!(client.closed());
        tokio::select! {
            biased;
            // First, so that a server that stops has told what it knew.
            step = follower.next() => Turn::Step(step),
            () = draining.begun() => Turn::Stopping,
            () = client.gone() => Turn::Gone,
            () = client.floods(flood) => Turn::Gone,
            () = &mut closed, if !*is_probed => Turn::Closed,
            () = actix_rt::time::sleep(*keep_alive) => Turn::Silence,
        }
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Step(Ok(step)) => self.step(&step),
            // It has been answered with 200 already. The client asks again and is told why.
            Turn::Step(Err(problem)) => {
                log::debug!("a stream of events ends: {problem}");
                self.is_over = true;
            }
            Turn::Stopping => {
                self.frames.comment("the server is stopping; connect again");
                self.frames.retry(RETRY_WHEN_STOPPING);
                self.is_over = true;
            }
            Turn::Silence => self.frames.comment("keep-alive"),
            // It may read on. If it does not, this is answered with a reset.
            Turn::Closed => {
                self.is_probed = true;
                self.frames.comment("keep-alive");
            }
            Turn::Gone => self.is_over = true,
        }
    }

    fn step(&mut self, step: &Step) {
        let place = self.follower.place();
        match step {
            Step::Status { status, attempt } => self.frames.status(place, *status, *attempt),
            Step::Said(stream, said) => self.frames.event(stream.as_str(), place, said.json()),
            Step::Ended(ending) => {
                self.frames.event("end", place, ending.record(&self.collection));
                self.is_over = true;
            }
        }
    }
}
