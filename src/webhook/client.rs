//! Makes one attempt: one HTTP request to an address that was vetted, and what came of it.
//! Decides nothing about what follows, and lives on the thread that made it.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;

use super::address::{AddressPolicy, Endpoint};
use super::failure::Failure;
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
    status: Cell<Option<u16>>,
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
            Err(_) => self.cut_off(progress.status.get()),
        };
        let timings = Timings {
            dns: progress.dns.get(),
            connect: None,
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
        let addresses = self.resolve(&endpoint).await?;
        progress.dns.set(Some(began.elapsed()));
        // A host may be reachable by one of its addresses only, most often `localhost`.
        let last = addresses.len() - 1;
        for (index, address) in addresses.into_iter().enumerate() {
            progress.address.set(Some(address));
            match self.send(&endpoint, address, &request, progress).await {
                Err(failure) if failure.class == ErrorClass::Connect && index < last => {}
                Err(failure) => return Err(failure),
                Ok(answer) => return Ok(self.read(answer, now).await),
            }
        }
        unreachable!("the last address returns")
    }

    /// Every address of the host, all of them allowed. One that is not refuses them all: nobody
    /// has a good reason to mix public and internal addresses under one name.
    async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
        let port = endpoint.port();
        let addresses: Vec<SocketAddr> = if let Some(literal) = endpoint.literal() {
            vec![SocketAddr::new(literal, port)]
        } else {
            let look_up = tokio::net::lookup_host((endpoint.host(), port));
            match actix_rt::time::timeout(self.settings.dns_timeout, look_up).await {
                Ok(Ok(found)) => found.collect(),
                Ok(Err(error)) => return Err(Failure::dns(endpoint.host(), &error.to_string())),
                Err(_) => return Err(Failure::dns(endpoint.host(), "no answer in time")),
            }
        };
        if addresses.is_empty() {
            return Err(Failure::dns(endpoint.host(), "it has no address"));
        }
        for address in &addresses {
            let verdict = self.settings.policy.check_address(endpoint, address.ip());
            verdict.map_err(Failure::refused)?;
        }
        Ok(addresses)
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        address: SocketAddr,
        request: &Request<'_>,
        progress: &Progress,
    ) -> Result<Answer, Failure> {
        let began = Instant::now();
        let mut post = self.http.post(endpoint.as_str()).address(address).no_decompress();
        for (name, value) in request.headers {
            post = post.append_header((name.as_str(), value.as_str()));
        }
        // A connection is never used again: it would skip the check of the address, and a
        // receiver that closes idle ones would be recorded as having failed.
        let answer = post.force_close().send_body(request.body.clone()).await;
        let answer = answer.map_err(|error| Failure::sending(&error))?;
        progress.first_byte.set(Some(began.elapsed()));
        progress.status.set(Some(answer.status().as_u16()));
        Ok(answer)
    }

    /// Keeps the beginning of the answer. A 2xx is a success whatever becomes of its body: the
    /// receiver has said that it has the event.
    async fn read(&self, mut answer: Answer, now: Timestamp) -> AttemptOutcome {
        let mut outcome = response::head_of(answer.status(), answer.headers(), now);
        let mut body = Vec::new();
        let bytes_max = self.settings.response_bytes_max;
        while let Some(piece) = answer.next().await {
            let Ok(piece) = piece else {
                outcome.response_truncated = true;
                break;
            };
            let room = bytes_max - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                outcome.response_truncated = true;
                break;
            }
        }
        outcome.response_body = String::from_utf8_lossy(&body).into_owned();
        outcome
    }

    /// What is left to say when the deadline has passed.
    fn cut_off(&self, status: Option<u16>) -> AttemptOutcome {
        match status {
            Some(status @ 200..=299) => AttemptOutcome {
                status_code: Some(status),
                response_truncated: true,
                ..AttemptOutcome::default()
            },
            status => Failure::timeout(self.settings.timeout, status).into_outcome(),
        }
    }
}

type Answer = awc::ClientResponse;
