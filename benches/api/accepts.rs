//! Accepting over connections that stay open: with the operator's key and nothing else, with a key of
//! the store, and with an `Idempotency-Key` beside it; and how long one waits at half that rate.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_local};

use super::Figures;
use super::figures::percentile_ms;
use super::http::Connection;
use super::server::{API_KEY, LANGUAGE, Server};

/// Connections that submit, each with one request under way.
const CONNECTIONS: usize = 64;

/// How requests are sent.
#[derive(Clone)]
struct How {
    server: SocketAddr,
    key: Rc<str>,
    is_keyed: bool,
    /// Which request is next.
    next: Rc<Cell<usize>>,
    /// What tells these requests from those of another series.
    series: &'static str,
}

pub async fn measure((program, parent): (&Path, &Path), count: usize) -> Result<Figures> {
    let server = Server::start(1, program, parent)?;
    let how = |key: &str, is_keyed, series| How {
        server: server.address,
        key: key.into(),
        is_keyed,
        next: Rc::default(),
        series,
    };
    let admin = how(API_KEY, false, "floor");
    // One long program has the only slot, so that nothing but accepting goes on.
    let long = json!({"language": "sh", "code": "exec sleep 3600"});
    admin.post(&mut admin.connect().await?, ("/v1/executions", &long), None).await?;
    let wish = json!({"name": "of this run", "tenant": "default", "scopes": ["executions:write"]});
    let made = admin.post(&mut admin.connect().await?, ("/v1/keys", &wish), None).await?;
    let key = made["key"].as_str().context("a key is made")?.to_owned();

    admin.clone().many(count / 10).await?;
    let floor = rate(admin.many(count).await?, count);
    let with_key = rate(how(&key, false, "stored").many(count).await?, count);
    let with_both = rate(how(&key, true, "keyed").many(count).await?, count);
    let mut waits = how(&key, true, "half").at(with_both / 2.0, count / 2).await?;
    let named = |name: &str, figure| (name.to_owned(), figure);
    Ok(vec![
        named("accepts/s, the operator's key", floor),
        named("accepts/s, a key of the store", with_key),
        named("accepts/s, that and an Idempotency-Key", with_both),
        named("ratio of the last to the first", with_both / floor),
        named("at half that rate: p50 ms", percentile_ms(&mut waits, 50)),
        named("at half that rate: p99 ms", percentile_ms(&mut waits, 99)),
    ])
}

fn rate(took: Duration, count: usize) -> f64 {
    count as f64 / took.as_secs_f64()
}

impl How {
    async fn connect(&self) -> Result<Connection> {
        Ok(Connection::new(TcpStream::connect(self.server).await?)?)
    }

    /// Submits so many, as fast as they are answered, and says how long that took.
    async fn many(self, count: usize) -> Result<Duration> {
        let end = self.next.get() + count;
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(self.connect().await?);
        }
        let began = Instant::now();
        let mut submitting = JoinSet::new();
        for mut connection in connections {
            let how = self.clone();
            submitting.spawn_local(async move {
                while how.next.get() < end {
                    how.submit(&mut connection).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = submitting.join_next().await {
            done??;
        }
        Ok(began.elapsed())
    }

    /// Submits so many at a rate, whether those before are answered or not, and gives how long each
    /// took from the moment at which it should have been sent.
    async fn at(self, per_second: f64, count: usize) -> Result<Vec<Duration>> {
        let began = Instant::now();
        let mut submitting = Vec::new();
        for lane in 0..CONNECTIONS {
            let how = self.clone();
            submitting.push(spawn_local(async move {
                let mut connection = how.connect().await?;
                let mut waits = Vec::new();
                for number in (lane..count).step_by(CONNECTIONS) {
                    let due = began + Duration::from_secs_f64(number as f64 / per_second);
                    tokio::time::sleep_until(due.into()).await;
                    how.submit(&mut connection).await?;
                    waits.push(due.elapsed());
                }
                anyhow::Ok(waits)
            }));
        }
        let mut all = Vec::new();
        for done in submitting {
            all.extend(done.await??);
        }
        Ok(all)
    }

    async fn submit(&self, connection: &mut Connection) -> Result<()> {
        let number = self.next.replace(self.next.get() + 1);
        let key = self.is_keyed.then(|| format!("{}-{number}", self.series));
        let body = json!({"language": LANGUAGE, "code": "true"});
        self.post(connection, ("/v1/executions", &body), key.as_deref()).await?;
        Ok(())
    }

    async fn post(
        &self,
        connection: &mut Connection,
        (path, body): (&str, &Value),
        idempotency_key: Option<&str>,
    ) -> Result<Value> {
        let body = body.to_string();
        let keyed = idempotency_key.map(|key| format!("idempotency-key: {key}\r\n"));
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n{}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.server,
            self.key,
            keyed.unwrap_or_default(),
            body.len()
        );
        connection.send(request.as_bytes()).await?;
        let answer = connection.next().await?.context("the server closed the connection")?;
        let is_good = answer.start_line.starts_with("HTTP/1.1 20");
        ensure!(is_good, "{} {}", answer.start_line, String::from_utf8_lossy(answer.body));
        Ok(serde_json::from_slice(answer.body)?)
    }
}
