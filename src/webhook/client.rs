//! Makes one attempt: one HTTP request to an address that was vetted, and what came of it.
//! Decides nothing about what follows, and lives on the thread that made it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_rt::time::timeout;
use bytes::Bytes;

use super::address::{AddressPolicy, Endpoint};
use super::connection::Connection;
use super::dial::dial;
use super::failure::Failure;
use super::idle::{Idle, Route};
use super::lookup::Lookup;
use super::progress::{Phase, Progress};
use super::reading::read;
use super::resolve::resolve;
use crate::domain::{AttemptOutcome, Timestamp, Timings};

/// How requests are made.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// One deadline for everything: finding the address, connecting, sending and reading.
    pub timeout: Duration,
    /// How long finding the address may take of that.
    pub dns_timeout: Duration,
    /// How long connecting to one address may take of that, TLS included.
    pub connect_timeout: Duration,
    /// How long a connection is kept for the next request to the same address; zero for never.
    pub keep_alive: Duration,
    /// How much of an answer's body is kept, in bytes.
    pub response_bytes_max: usize,
    /// Who finds the addresses of a name.
    pub lookup: Arc<dyn Lookup>,
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
    settings: Rc<ClientSettings>,
    /// Connections belong to the client, as its policy does: whoever makes a client with another
    /// policy begins with none.
    idle: Rc<Idle>,
}

/// What an exchange needs to know.
struct Exchange<'a> {
    endpoint: Endpoint,
    request: Request<'a>,
    now: Timestamp,
}

impl Client {
    /// A client for the calling thread.
    pub fn new(settings: ClientSettings) -> Self {
        let idle = Rc::new(Idle::new(settings.keep_alive));
        Self { settings: Rc::new(settings), idle }
    }

    /// Makes one attempt that ends within the deadline. `now` is for answers that name a date.
    pub async fn attempt(&self, request: Request<'_>, now: Timestamp) -> Attempted {
        let began = Instant::now();
        let progress = Progress::default();
        let wait = self.settings.timeout;
        let outcome = match timeout(wait, self.make(request, now, &progress)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failure)) => failure.into_outcome(),
            Err(_) => progress.take_answer().unwrap_or_else(|| {
                Failure::too_slow(progress.phase(), wait, progress.interim.get()).into_outcome()
            }),
        };
        Attempted { address: progress.address.get(), outcome, timings: progress.timings(began) }
    }

    /// Vets first, whether or not there is a connection already.
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
        let exchange = Exchange { endpoint, request, now };
        if let Some((route, connection)) = self.idle.take(&exchange.endpoint, &addresses) {
            match self.exchange(&exchange, route, connection, progress).await {
                // Receivers close what is idle, and a request may cross that on its way. Whoever
                // has read it all the same knows it again by its id.
                Err(failure) if failure.is_unanswered() => {}
                settled => return settled,
            }
        }
        let dialled = dial(&exchange.endpoint, &addresses, &self.settings, progress).await;
        let (address, stream) = dialled?;
        let connection = Connection::new(stream, self.settings.keep_alive);
        let route = Route::new(&exchange.endpoint, address);
        self.exchange(&exchange, route, connection, progress).await
    }

    /// Sends the request, reads the answer, and keeps the connection if it can be used again.
    async fn exchange(
        &self,
        exchange: &Exchange<'_>,
        route: Route,
        connection: Connection,
        progress: &Progress,
    ) -> Result<AttemptOutcome, Failure> {
        progress.enter(Phase::Answer);
        progress.address.set(Some(route.address));
        let watched = Watched { connection: &connection, progress };
        let is_last = self.settings.keep_alive.is_zero();
        let answer = connection.send(&exchange.endpoint, &exchange.request, is_last).await;
        drop(watched);
        let answer = answer.map_err(|error| Failure::sending(&error, connection.notes()))?;
        let most = self.settings.response_bytes_max;
        let outcome = read(answer, most, exchange.now, connection.notes(), progress).await;
        if !is_last && !outcome.response_truncated && connection.notes().is_at_rest() {
            self.idle.put(route, connection);
        }
        Ok(outcome)
    }
}

/// Writes down how far the wait for an answer came, also when the deadline cuts it off.
struct Watched<'a> {
    connection: &'a Connection,
    progress: &'a Progress,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let notes = self.connection.notes();
        self.progress.first_byte.set(notes.first_byte());
        self.progress.interim.set(notes.interim());
    }
}

#[cfg(test)]
mod tests;
