//! Submits executions over connections that stay open, each with one request under way.
//! Measures how long the answer took; knows nothing of what becomes of the execution.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use ringback::domain::ExecutionId;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_local};

use super::http::Connection;

/// What is submitted, and where.
#[derive(Clone)]
pub struct Target {
    pub server: SocketAddr,
    /// The whole request, head and body: it is the same each time.
    pub request: Rc<[u8]>,
}

/// An execution that the server has accepted.
pub struct Accepted {
    pub id: ExecutionId,
    /// From writing the request to having read the answer.
    pub took: Duration,
}

#[derive(Deserialize)]
struct Answer<'a> {
    id: &'a str,
}

impl Target {
    /// A request to `POST /v1/executions` with this body.
    pub fn new(server: SocketAddr, api_key: &str, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        let request = format!(
            "POST /v1/executions HTTP/1.1\r\nhost: {server}\r\nauthorization: Bearer {api_key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { server, request: request.into_bytes().into() }
    }

    pub async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.server).await.context("cannot reach the server")?;
        Ok(Connection::new(stream)?)
    }

    /// Submits one execution.
    pub async fn submit(&self, connection: &mut Connection) -> Result<Accepted> {
        let began = Instant::now();
        connection.send(&self.request).await?;
        let Some(answer) = connection.next().await? else {
            bail!("the server closed the connection instead of answering");
        };
        let took = began.elapsed();
        if !answer.start_line.starts_with("HTTP/1.1 202") {
            let body = String::from_utf8_lossy(answer.body);
            bail!("the server did not accept: {} {body}", answer.start_line);
        }
        let Answer { id } = serde_json::from_slice(answer.body)?;
        Ok(Accepted { id: id.parse()?, took })
    }

    /// Submits `count` executions over so many connections; each takes a permit of `gate` with it
    /// and leaves giving it back to others.
    pub async fn submit_many(
        self,
        (count, connections): (usize, usize),
        gate: Rc<Semaphore>,
    ) -> Result<Vec<Accepted>> {
        let left = Rc::new(Cell::new(count));
        let mut submitting = JoinSet::new();
        for _ in 0..connections.min(count) {
            let (target, left, gate) = (self.clone(), Rc::clone(&left), Rc::clone(&gate));
            submitting.spawn_local(async move { target.submit_while_any(&left, &gate).await });
        }
        let mut all = Vec::with_capacity(count);
        while let Some(accepted) = submitting.join_next().await {
            all.extend(accepted??);
        }
        Ok(all)
    }

    async fn submit_while_any(
        &self,
        left: &Cell<usize>,
        gate: &Semaphore,
    ) -> Result<Vec<Accepted>> {
        let mut connection = self.connect().await?;
        let mut all = Vec::new();
        while left.get() > 0 {
            left.set(left.get() - 1);
            gate.acquire().await?.forget();
            all.push(self.submit(&mut connection).await?);
        }
        Ok(all)
    }
}

/// Runs something beside whatever else goes on.
pub async fn beside<T: 'static>(work: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    spawn_local(work).await.context("a part of the load generator panicked")?
}
