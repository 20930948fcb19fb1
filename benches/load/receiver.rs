//! Receives the webhooks: checks each signature, event id and status, answers 200, and tells.
//! Keeps no account of what was to come; whoever listens does.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ringback::domain::{EventId, ExecutionId, Secret};
use ringback::webhook::signature::{Received, TOLERANCE, verify_standard};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::http::{Connection, Message};
use super::machine::now_seconds;

/// What the webhooks are signed with.
pub const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// A webhook that does not come for so long will not come: a retry would be due after 5 s.
const PATIENCE: Duration = Duration::from_secs(20);

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const OK_AND_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Listens for webhooks on a port of its own.
pub struct Receiver {
    pub address: SocketAddr,
    arrivals: tokio::sync::Mutex<UnboundedReceiver<Result<Arrival>>>,
}

/// A webhook that was found to be in order.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub execution: ExecutionId,
    /// When its last byte had been read.
    pub at: Instant,
}

#[derive(Deserialize)]
struct Body<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    data: Record<'a>,
}

#[derive(Deserialize)]
struct Record<'a> {
    id: &'a str,
    status: &'a str,
}

impl Receiver {
    /// Begins to listen. Must be called inside a `LocalSet`.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (tell, told) = unbounded_channel();
        spawn_local(accept(listener, tell));
        Ok(Self { address, arrivals: tokio::sync::Mutex::new(told) })
    }

    /// The next webhook.
    ///
    /// # Errors
    /// When it is not in order, or none comes.
    pub async fn next(&self) -> Result<Arrival> {
        let mut arrivals = self.arrivals.try_lock().context("two wait for webhooks")?;
        let arrival = timeout(PATIENCE, arrivals.recv()).await;
        arrival.context("a webhook did not come")?.context("the receiver has ended")?
    }

    /// Whether anything has come that nobody has asked for.
    pub fn has_more(&self) -> bool {
        self.arrivals.try_lock().is_ok_and(|arrivals| !arrivals.is_empty())
    }
}

async fn accept(listener: TcpListener, tell: UnboundedSender<Result<Arrival>>) {
    let secret = Rc::new(Secret::from(SECRET));
    loop {
        let (tell, secret) = (tell.clone(), Rc::clone(&secret));
        match listener.accept().await {
            Ok((stream, _)) => {
                spawn_local(async move {
                    if let Err(error) = serve(stream, &secret, &tell).await {
                        // Whoever measures has gone when this fails.
                        let _ = tell.send(Err(error));
                    }
                });
            }
            Err(error) => drop(tell.send(Err(error.into()))),
        }
    }
}

async fn serve(
    stream: TcpStream,
    secret: &Secret,
    tell: &UnboundedSender<Result<Arrival>>,
) -> Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.next().await? {
        let at = Instant::now();
        let execution = check(&request, secret)?;
        let close = request.header("connection").is_some_and(|value| value == "close");
        connection.send(if close { OK_AND_CLOSE } else { OK }).await?;
        let _ = tell.send(Ok(Arrival { execution, at }));
        if close {
            break;
        }
    }
    Ok(())
}

/// Answers whose webhook it is, when everything about it is as it should be.
fn check(request: &Message<'_>, secret: &Secret) -> Result<ExecutionId> {
    let header = |name| request.header(name).with_context(|| format!("a webhook without `{name}`"));
    let received = Received {
        id: header("webhook-id")?,
        timestamp: header("webhook-timestamp")?,
        signature: header("webhook-signature")?,
        body: request.body,
    };
    verify_standard(secret, received, now_seconds(), TOLERANCE)?;
    let Body { r#type, data } = serde_json::from_slice(request.body)?;
    let execution: ExecutionId = data.id.parse()?;
    ensure!(received.id == EventId::from(execution).to_string(), "a webhook with another's id");
    if (r#type, data.status) != ("execution.completed", "completed") {
        bail!("{execution} did not complete: {}", String::from_utf8_lossy(request.body));
    }
    Ok(execution)
}
