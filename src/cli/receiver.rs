//! A receiver of webhooks on this machine, for `ringback listen` and the demo.
//! Keeps nothing and judges nothing: each callback is answered as told and handed on as it came.

mod answers;
mod callback;
mod verdict;

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::http::{KeepAlive, Method, header};
use actix_web::web::{Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer, web};
use tokio::sync::mpsc;

pub(super) use answers::{Answer, Answers};
pub(super) use callback::{Callback, Told};
pub(super) use verdict::Verdict;

use super::exit::Failure;

/// The largest callback that is taken, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many callbacks may wait to be looked at; the next are answered later.
const WAITING_MAX: usize = 64;

/// How long answers under way have at an orderly end beside their own delay, in seconds.
const LAST_ANSWERS_SECONDS: u64 = 2;

/// A request that came.
pub(super) enum Arrival {
    /// A callback.
    Callback(Callback),
    /// Something else, and what was said to it.
    Stranger(String),
}

/// A receiver that listens.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    handle: ServerHandle,
}

struct Shared {
    answers: Answers,
    hand_on: mpsc::Sender<Arrival>,
}

impl Receiver {
    /// Answers whatever comes to `listener`. Must be called inside an actix system.
    pub(super) fn start(listener: TcpListener, answers: Answers) -> Result<Self, Failure> {
        let address = listener.local_addr().map_err(Failure::failed)?;
        let last_answers_seconds = answers.delay_max().as_secs() + LAST_ANSWERS_SECONDS;
        let (hand_on, arrivals) = mpsc::channel(WAITING_MAX);
        let shared = Data::new(Shared { answers, hand_on });
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).default_service(web::to(receive))
        });
        let server = server
            .workers(1)
            // An open connection would hold up the end.
            .keep_alive(KeepAlive::Disabled)
            .shutdown_timeout(last_answers_seconds)
            .disable_signals()
            .listen(listener)
            .map_err(Failure::failed)?
            .run();
        let handle = server.handle();
        actix_rt::spawn(server);
        Ok(Self { address, arrivals, handle })
    }

    /// Ends when the answers under way have been given.
    pub(super) async fn finish(self) {
        self.handle.stop(true).await;
    }

    /// Ends at once.
    pub(super) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn receive(request: HttpRequest, payload: Payload, shared: Data<Shared>) -> HttpResponse {
    if request.method() != Method::POST {
        return refuse(&shared, &request, 405, "callbacks come by POST").await;
    }
    let body = match payload.to_bytes_limited(BODY_BYTES_MAX).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            let reason = format!("the body could not be read: {error}");
            return refuse(&shared, &request, 400, &reason).await;
        }
        Err(_) => {
            let reason = format!("its body is larger than {} MiB", BODY_BYTES_MAX >> 20);
            return refuse(&shared, &request, 413, &reason).await;
        }
    };
    let answer = shared.answers.next();
    let callback = Callback::of(&request, body, answer.clone());
    if shared.hand_on.send(Arrival::Callback(callback)).await.is_err() {
        return response(503).finish();
    }
    actix_rt::time::sleep(answer.delay).await;
    let mut response = response(answer.status);
    if let Some(value) = answer.retry_after {
        response.insert_header((header::RETRY_AFTER, value));
    }
    response.finish()
}

/// Tells both sides why a request is none.
async fn refuse(shared: &Shared, request: &HttpRequest, status: u16, reason: &str) -> HttpResponse {
    let (method, target) = (request.method(), request.uri());
    let told = format!("{method} {target} was answered {status}: {reason}");
    // Whoever no longer looks at what comes does not miss it.
    let _ = shared.hand_on.send(Arrival::Stranger(told)).await;
    let mut response = response(status);
    if status == 405 {
        response.insert_header((header::ALLOW, "POST"));
    }
    response.content_type("text/plain; charset=utf-8").body(format!("ringback listen: {reason}\n"))
}

fn response(status: u16) -> HttpResponseBuilder {
    HttpResponseBuilder::new(status.try_into().expect("a status of 200 to 599 is one"))
}
