//! Tells of each request when it has been answered: a line in the log, and the counts of it.
//! Looks into no body and no query, for a secret may be in either.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use bytes::Bytes;

use super::context::Told;
use super::error::Kind;
use crate::actors::Metrics;
use crate::domain::{DeliveryId, ExecutionId};

/// Where the log has these lines, to be turned on and off by itself.
const TARGET: &str = "ringback::access";

/// What is asked every few seconds by machines. All is well unless a line says otherwise.
const PROBES: [&str; 4] = ["/livez", "/readyz", "/health", "/metrics"];

/// Who watches the requests of a server.
#[derive(Debug, Clone)]
pub struct Observer {
    metrics: Metrics,
}

impl Observer {
    /// One that counts here.
    pub fn new(metrics: Metrics) -> Self {
        metrics.may_refuse(Kind::CODES.iter().copied());
        Self { metrics }
    }

    /// A middleware around everything that a server answers.
    ///
    /// # Errors
    /// Those of what it is around.
    pub async fn observe(
        self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let told = Told::default();
        request.extensions_mut().insert(told.clone());
        let mut seen = Seen {
            metrics: self.metrics,
            told,
            began: Instant::now(),
            method: request.method().to_string(),
            path: request.path().to_owned(),
            route: request.match_pattern(),
            peer: request.peer_addr(),
            about: About::of(request.path()),
            status: 0,
            bytes: 0,
        };
        match next.call(request).await {
            Ok(answer) => {
                seen.answered(answer.status().as_u16());
                Ok(answer.map_body(|_, body| BoxBody::new(Watched { body, seen })))
            }
            Err(error) => {
                seen.answered(error.as_response_error().status_code().as_u16());
                Err(error)
            }
        }
    }
}

/// A request and what came of it; dropped when the answer has come to its end, or been broken off.
#[derive(Debug)]
struct Seen {
    metrics: Metrics,
    told: Told,
    began: Instant,
    method: String,
    path: String,
    route: Option<String>,
    peer: Option<SocketAddr>,
    about: About,
    status: u16,
    bytes: u64,
}

/// What a path names.
#[derive(Debug)]
struct About {
    execution: Option<String>,
    delivery: Option<String>,
}

impl About {
    fn of(path: &str) -> Self {
        let find = |is: fn(&str) -> bool| path.split('/').find(|part| is(part)).map(str::to_owned);
        Self {
            execution: find(|text| text.parse::<ExecutionId>().is_ok()),
            delivery: find(|text| text.parse::<DeliveryId>().is_ok()),
        }
    }
}

impl Seen {
    fn answered(&mut self, status: u16) {
        self.status = status;
        self.metrics.request_answered(self.route.as_deref(), &self.method, status);
        if let Some(code) = self.told.facts().problem {
            self.metrics.request_refused(code);
        }
    }

    fn is_worth_a_line(&self) -> bool {
        self.status >= 400 || !PROBES.contains(&self.path.as_str())
    }

    fn log(&self) {
        let facts = self.told.facts();
        let Self { method, path, status, .. } = self;
        log::info!(
            target: TARGET,
            method = method.as_str(),
            path = path.as_str(),
            status,
            route = self.route.as_deref(),
            bytes = self.bytes,
            duration_ms = self.began.elapsed().as_secs_f64() * 1000.0,
            request_id = facts.request_id.as_deref(),
            problem = facts.problem,
            tenant = facts.tenant.as_deref(),
            key = facts.key.as_deref(),
            peer = self.peer.map(|peer| peer.ip().to_string()).as_deref(),
            execution = self.about.execution.as_deref(),
            delivery = self.about.delivery.as_deref();
            "{method} {path}: {status}"
        );
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        // Nobody has answered a request whose client went away first.
        if self.status == 0 {
            self.status = GONE;
        }
        self.metrics.request_over(self.route.as_deref(), &self.method, self.began.elapsed());
        if self.is_worth_a_line() {
            self.log();
        }
    }
}

/// What stands for the status of a request whose client went away before there was one, as nginx
/// has it.
const GONE: u16 = 499;

/// The body of an answer, watched until it has been handed over.
struct Watched {
    body: BoxBody,
    seen: Seen,
}

impl MessageBody for Watched {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, seen } = self.get_mut();
        let polled = Pin::new(body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            seen.bytes += bytes.len() as u64;
        }
        polled
    }
}
