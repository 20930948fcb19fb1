//! Receives the webhooks of calls: checks that each is signed and tells of a call that completed, and
//! keeps when it came until somebody asks. Knows no call before its webhook.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ringback::domain::Secret;
use ringback::webhook::signature::{Received, TOLERANCE, verify_standard};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::http::{Connection, Message};
use super::machine::now_seconds;

/// A webhook that does not come for so long will not come: a retry would be due after 5 s.
const PATIENCE: Duration = Duration::from_secs(20);

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Listens for webhooks on a port of its own.
pub struct Receiver {
    pub address: SocketAddr,
    known: Rc<Known>,
}

/// What has come, and what it is judged by.
#[derive(Default)]
struct Known {
    secret: RefCell<Option<Secret>>,
    came: RefCell<HashMap<String, Instant>>,
    failed: RefCell<Option<anyhow::Error>>,
    news: Notify,
}

#[derive(Deserialize)]
struct Body<'a> {
    id: &'a str,
    status: &'a str,
}

impl Receiver {
    /// Begins to listen. Must be called inside a `LocalSet`.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let known = Rc::new(Known::default());
        spawn_local(accept(listener, Rc::clone(&known)));
        Ok(Self { address, known })
    }

    /// From now on what is signed with this is believed.
    pub fn trust(&self, secret: Secret) {
        *self.known.secret.borrow_mut() = Some(secret);
    }

    /// When the webhook of a call came, once it has.
    ///
    /// # Errors
    /// When one was not in order, or it does not come.
    pub async fn told_of(&self, id: &str) -> Result<Instant> {
        loop {
            if let Some(error) = self.known.failed.borrow_mut().take() {
                return Err(error);
            }
            if let Some(at) = self.known.came.borrow_mut().remove(id) {
                return Ok(at);
            }
            // Nothing comes between looking and waiting: all of this is one thread.
            let news = timeout(PATIENCE, self.known.news.notified()).await;
            news.with_context(|| format!("the webhook of {id} did not come"))?;
        }
    }
}

async fn accept(listener: TcpListener, known: Rc<Known>) {
    while let Ok((stream, _)) = listener.accept().await {
        let known = Rc::clone(&known);
        spawn_local(async move {
            if let Err(error) = serve(stream, &known).await {
                *known.failed.borrow_mut() = Some(error);
                known.news.notify_waiters();
            }
        });
    }
}

async fn serve(stream: TcpStream, known: &Known) -> Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.next().await? {
        let at = Instant::now();
        let id = check(&request, known)?;
        connection.send(OK).await?;
        known.came.borrow_mut().insert(id, at);
        known.news.notify_waiters();
    }
    Ok(())
}

/// Answers of which call a webhook tells, when everything about it is as it should be.
fn check(request: &Message<'_>, known: &Known) -> Result<String> {
    let header = |name| request.header(name).with_context(|| format!("a webhook without `{name}`"));
    let received = Received {
        id: header("webhook-id")?,
        timestamp: header("webhook-timestamp")?,
        signature: header("webhook-signature")?,
        body: request.body,
    };
    let secret = known.secret.borrow();
    let secret = secret.as_ref().context("a webhook before there was a function")?;
    verify_standard(secret, received, now_seconds(), TOLERANCE)?;
    let Body { id, status } = serde_json::from_slice(request.body)?;
    ensure!(!id.is_empty(), "a webhook of no call");
    if status != "completed" {
        bail!("{id} did not complete: {}", String::from_utf8_lossy(request.body));
    }
    Ok(id.to_owned())
}
