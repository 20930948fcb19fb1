//! Calls a handler of a real server and waits for the webhook of each call.
//! Reads from the server's records how the calls were started.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ringback::domain::Secret;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::figures::percentile_ms;
use super::http::Connection;
use super::machine;
use super::receiver::Receiver;
use super::run_code;
use super::server::{API_KEY, Server};

/// What is called: it does next to nothing, so that the way there and back is what is measured.
const HANDLER: &str = "
class Handler:
    def __init__(self, config):
        self.step = config['step']

    def handle_async(self, payload, request_id):
        return {'id': request_id, 'sum': payload['number'] + self.step}
";

/// Calls before any is measured: the first ones start interpreters that later ones are copies of.
const WARM_UP: usize = 20;

/// What calls cost.
pub struct Figures {
    /// From writing the request to having read the webhook.
    pub webhook_p50_ms: f64,
    pub webhook_p99_ms: f64,
    /// From writing the request to having read the answer.
    pub answer_p50_ms: f64,
    pub answer_p99_ms: f64,
    pub per_second: f64,
    /// How many were started warm.
    pub warm: usize,
    pub all: usize,
}

/// One call that was told of.
struct Call {
    id: String,
    answered: Duration,
    told: Duration,
}

/// What a round has shown.
pub struct Round {
    pub alone: Figures,
    pub together: Figures,
    pub run_code: run_code::Figures,
}

/// Who calls, whom, and who is told.
#[derive(Clone)]
pub struct Site {
    server: SocketAddr,
    receiver: Rc<Receiver>,
}

/// Measures a server of its own: so many calls one at a time, as many with some at once, and as many
/// programs by HopX's route.
pub async fn measure(
    (program, parent): (&Path, &Path),
    (calls, at_once): (usize, usize),
) -> Result<Round> {
    let mut server = Server::start(4 * machine::cores(), program, parent)?;
    let receiver = Rc::new(Receiver::start().await?);
    let site = Site { server: server.address, receiver };
    site.put_function().await?;
    site.many(WARM_UP.max(at_once), at_once).await?;
    let alone = site.figures(calls, 1).await?;
    let together = site.figures(calls, at_once).await?;
    let run_code = run_code::measure(&site, calls).await?;
    server.stop()?;
    Ok(Round { alone, together, run_code })
}

impl Site {
    async fn put_function(&self) -> Result<()> {
        let definition = json!({
            "language": "python",
            "entrypoint": "handler",
            "code": HANDLER,
            "config": {"step": 1},
            "callback_url": format!("http://{}/", self.receiver.address),
        });
        let mut connection = self.connect().await?;
        let kept = self.ask(&mut connection, "PUT", "/v1/functions/f", Some(&definition)).await?;
        let secret = kept["signing_secret"].as_str().context("a new function has a secret")?;
        self.receiver.trust(Secret::from(secret));
        Ok(())
    }

    async fn figures(&self, calls: usize, at_once: usize) -> Result<Figures> {
        let began = Instant::now();
        let done = self.many(calls, at_once).await?;
        let took = began.elapsed();
        let mut told: Vec<Duration> = done.iter().map(|call| call.told).collect();
        let mut answered: Vec<Duration> = done.iter().map(|call| call.answered).collect();
        Ok(Figures {
            webhook_p50_ms: percentile_ms(&mut told, 50),
            webhook_p99_ms: percentile_ms(&mut told, 99),
            answer_p50_ms: percentile_ms(&mut answered, 50),
            answer_p99_ms: percentile_ms(&mut answered, 99),
            per_second: done.len() as f64 / took.as_secs_f64(),
            warm: self.warm(&done).await?,
            all: done.len(),
        })
    }

    /// Calls so often, with so many under way at once, each over a connection that stays open.
    async fn many(&self, calls: usize, at_once: usize) -> Result<Vec<Call>> {
        let left = Rc::new(Cell::new(calls));
        let mut calling = JoinSet::new();
        for _ in 0..at_once {
            let (site, left) = (self.clone(), Rc::clone(&left));
            calling.spawn_local(async move { site.while_any(&left).await });
        }
        let mut done = Vec::with_capacity(calls);
        while let Some(calls) = calling.join_next().await {
            done.extend(calls??);
        }
        Ok(done)
    }

    async fn while_any(&self, left: &Cell<usize>) -> Result<Vec<Call>> {
        let mut connection = self.connect().await?;
        let mut done = Vec::new();
        while left.get() > 0 {
            left.set(left.get() - 1);
            let began = Instant::now();
            let body = json!({"number": left.get()});
            let answer = self.ask(&mut connection, "POST", "/apis/f", Some(&body)).await?;
            let answered = began.elapsed();
            let id = answer["id"].as_str().context("an answer without an id")?.to_owned();
            let told = self.receiver.told_of(&id).await?.duration_since(began);
            done.push(Call { id, answered, told });
        }
        Ok(done)
    }

    /// How many of these were started warm.
    async fn warm(&self, done: &[Call]) -> Result<usize> {
        let mut connection = self.connect().await?;
        let mut warm = 0;
        for call in done {
            let path = format!("/v1/executions/{}", call.id);
            let record = self.ask(&mut connection, "GET", &path, None).await?;
            warm += usize::from(record["start"] == "warm");
        }
        Ok(warm)
    }

    pub async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.server).await.context("cannot reach the server")?;
        Ok(Connection::new(stream)?)
    }

    /// A request that must be answered well.
    pub async fn ask(
        &self,
        connection: &mut Connection,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {API_KEY}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.server,
            body.len()
        );
        connection.send(request.as_bytes()).await?;
        let answer = connection.next().await?.context("the server closed the connection")?;
        let is_good = answer.start_line.starts_with("HTTP/1.1 2");
        let text = String::from_utf8_lossy(answer.body);
        ensure!(is_good, "{method} {path}: {} {text}", answer.start_line);
        Ok(serde_json::from_str(&text)?)
    }
}
