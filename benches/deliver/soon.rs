//! How soon a webhook has come after the end of its execution, while executions come
//! at a steady pace. Counted from `completed_at`, which is before its commit, to the last byte of the
//! request, which is behind its first.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::figures::percentile_ms;
use super::http::Connection;
use super::server::{API_KEY, LANGUAGE, Server};

const PATIENCE: Duration = Duration::from_secs(20);

/// How soon it comes.
pub struct Soon {
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Times so many, at so many a second.
pub async fn measure(
    parent: &Path,
    program: &Path,
    (count, per_second): (usize, u32),
) -> Result<Soon> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    let (tell, mut told) = unbounded_channel();
    spawn_local(accept(listener, tell));
    let mut server = Server::start(8, program, parent)?;
    let body = json!({"language": LANGUAGE, "code": "true", "callback_url": url}).to_string();
    let request = format!(
        "POST /v1/executions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {API_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = Connection::new(TcpStream::connect(server.address).await?)?;
    let mut pace = interval(Duration::from_secs(1) / per_second);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..count {
        pace.tick().await;
        connection.send(request.as_bytes()).await?;
        let answer = connection.next().await?.context("the server has closed the connection")?;
        ensure!(answer.start_line.contains(" 202 "), "not accepted: {}", answer.start_line);
    }
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        all.push(timeout(PATIENCE, told.recv()).await?.context("the receiver has ended")?);
    }
    server.stop()?;
    Ok(Soon { p50_ms: percentile_ms(&mut all, 50), p99_ms: percentile_ms(&mut all, 99) })
}

async fn accept(listener: TcpListener, tell: UnboundedSender<Duration>) {
    while let Ok((stream, _)) = listener.accept().await {
        let tell = tell.clone();
        spawn_local(async move {
            // A sender that closes its connection is done with it.
            let _ = serve(stream, &tell).await;
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "the server's times are those of the wall clock")]
async fn serve(stream: TcpStream, tell: &UnboundedSender<Duration>) -> Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.next().await? {
        let came = SystemTime::now();
        let body: Value = serde_json::from_slice(request.body)?;
        let ended = body["timestamp"].as_str().context("a body without its time")?;
        let ended: jiff::Timestamp = ended.parse()?;
        let _ = tell.send(came.duration_since(ended.into()).unwrap_or_default());
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
    Ok(())
}
