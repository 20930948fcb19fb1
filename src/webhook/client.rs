//! Makes one attempt: one HTTP request to an address that was vetted, and what came of it.
//! Decides nothing about what follows, and lives on the thread that made it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;

use super::address::{AddressPolicy, Endpoint};
use super::failure::Failure;
use super::resolve::resolve;
use super::response;
use crate::domain::{AttemptOutcome, ErrorClass, Timestamp, Timings};

/// How requests are made.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// One deadline for everything: finding the address, connecting, sending and reading.
    pub timeout: Duration,
    /// How long finding the address may take of that.
    pub dns_timeout: Duration,
    /// How long connecting may take of that, TLS included.
    pub connect_timeout: Duration,
    /// How much of an answer's body is kept, in bytes.
    pub response_bytes_max: usize,
    /// Which addresses may be called.
    pub policy: Arc<AddressPolicy>,
    /// Which certificates are trusted.
    pub tls: Arc<rustls::ClientConfig>,
}

/// What is sent.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where to, judged again on each attempt.
    pub url: &'a str,
    /// Headers in order.
    pub headers: &'a [(String, String)],
    /// The body, byte for byte.
    pub body: Bytes,
}

/// What an attempt has found out.
#[derive(Debug, Default)]
pub struct Attempted {
    /// The address that was dialled last.
    pub address: Option<SocketAddr>,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// How long its phases took.
    pub timings: Timings,
}

/// Makes attempts. Cheap to clone; not to be sent to another thread.
#[derive(Clone)]
pub struct Client {
    http: awc::Client,
    settings: Rc<ClientSettings>,
}

/// What is known of an attempt while it goes on, and after its deadline has cut it off.
#[derive(Default)]
struct Progress {
    address: Cell<Option<SocketAddr>>,
    dns: Cell<Option<Duration>>,
    first_byte: Cell<Option<Duration>>,
    answer: RefCell<Option<AttemptOutcome>>,
    body: RefCell<Vec<u8>>,
}

impl Progress {
    /// The answer as far as it has come.
    fn answer(&self) -> Option<AttemptOutcome> {
        let mut answer = self.answer.take()?;
        answer.response_body = String::from_utf8_lossy(&self.body.take()).into_owned();
        Some(answer)
    }
}

impl Client {
    /// A client for the calling thread.
    pub fn new(settings: ClientSettings) -> Self {
        let connector = awc::Connector::new()
            .rustls_0_23(Arc::clone(&settings.tls))
            .timeout(settings.connect_timeout)
            // Waiting for a place in the pool would count against the receiver's own time; how
            // many requests are under way at once is decided before an attempt begins.
            .limit(0);
        let http = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .no_default_headers()
            .disable_timeout()
            .finish();
        Self { http, settings: Rc::new(settings) }
    }

    /// Makes one attempt that ends within the deadline. `now` is for answers that name a date.
    pub async fn attempt(&self, request: Request<'_>, now: Timestamp) -> Attempted {
        let began = Instant::now();
        let progress = Progress::default();
        let made = self.make(request, now, &progress);
        let outcome = match actix_rt::time::timeout(self.settings.timeout, made).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => failure.into_outcome(),
            Err(_) => {
                let timeout = || Failure::timeout(self.settings.timeout).into_outcome();
                progress.answer().unwrap_or_else(timeout)
            }
        };
        let timings = Timings {
            dns: progress.dns.get(),
            connect: None,
            tls: None,
            first_byte: progress.first_byte.get(),
            total: began.elapsed(),
        };
        Attempted { address: progress.address.get(), outcome, timings }
    }

    async fn make(
        &self,
        request: Request<'_>,
        now: Timestamp,
        progress: &Progress,
    ) -> Result<AttemptOutcome, Failure> {
        let endpoint = self.settings.policy.check_url(request.url).map_err(Failure::refused)?;
        let began = Instant::now();
        let addresses = resolve(&endpoint, &self.settings).await?;
        progress.dns.set(Some(began.elapsed()));
        let mut failure = Failure::dns(endpoint.host(), "it has no address");
        for address in addresses {
            progress.address.set(Some(address));
            let began = Instant::now();
            match self.send(&endpoint, address, &request).await {
                Ok(answer) => {
                    progress.first_byte.set(Some(began.elapsed()));
                    return Ok(self.read(answer, now, progress).await);
                }
                // A host may be reachable by one of its addresses only, most often `localhost`.
                Err(failed) if failed.class == ErrorClass::Connect => failure = failed,
                Err(failed) => return Err(failed),
            }
        }
        Err(failure)
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        address: SocketAddr,
        request: &Request<'_>,
    ) -> Result<Answer, Failure> {
        let mut post = self.http.post(endpoint.as_str()).address(address).no_decompress();
        for (name, value) in request.headers {
            post = post.append_header((name.as_str(), value.as_str()));
        }
        // A connection is never used again: it would skip the check of the address, and a
        // receiver that closes idle ones would be recorded as having failed.
        let answer = post.force_close().send_body(request.body.clone()).await;
        answer.map_err(|error| Failure::sending(&error))
    }

    /// Keeps the beginning of the answer. What the receiver has said by its status counts,
    /// whatever becomes of the body: a 2xx is a success though the rest be late, huge or cut off.
    async fn read(
        &self,
        mut answer: Answer,
        now: Timestamp,
        progress: &Progress,
    ) -> AttemptOutcome {
        let head = response::head_of(answer.status(), answer.headers(), now);
        let announced = response::length_of(answer.headers());
        // Truncated until it has ended: the deadline may come in between.
        progress.answer.replace(Some(AttemptOutcome { response_truncated: true, ..head }));
        let mut received = 0;
        while let Some(piece) = answer.next().await {
            let Ok(piece) = piece else { return progress.answer().unwrap_or_default() };
            received += piece.len();
            let mut body = progress.body.borrow_mut();
            let room = self.settings.response_bytes_max - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                break;
            }
        }
        // A connection that is closed too early ends the body as if that were its end.
        let is_cut = announced.is_some_and(|announced| received != announced);
        let is_long = received > self.settings.response_bytes_max;
        let answer = progress.answer().unwrap_or_default();
        AttemptOutcome { response_truncated: is_cut || is_long, ..answer }
    }
}

type Answer = awc::ClientResponse;
