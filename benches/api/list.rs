//! A page of fifty executions out of very many, by each filter, over one connection.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::net::TcpStream;

use super::Figures;
use super::figures::percentile_ms;
use super::fill::{self, Counts};
use super::http::Connection;
use super::server::{API_KEY, Server};

/// Pages of each kind in a round.
const PAGES: usize = 500;

/// A server on a database that has a long past.
pub struct Filled {
    server: Server,
    many: i64,
}

/// Fills a database and starts a server on it.
pub fn fill(program: &Path, parent: &Path, many: i64) -> Result<Filled> {
    let directory = tempfile::Builder::new().prefix("ringback-api-").tempdir_in(parent)?;
    // The server makes its tables itself.
    let mut first = Server::start_on(directory, 1, program)?;
    first.stop()?;
    let began = Instant::now();
    let now = jiff::Timestamp::now().as_millisecond();
    let directory = std::mem::replace(&mut first.data_dir, tempfile::tempdir()?);
    fill::fill(&mut fill::open(directory.path())?, Counts { ended: many, queued: 0 }, now)?;
    std::fs::File::open(directory.path().join("ringback.db"))?.sync_all()?;
    eprintln!("{many} executions, filled in {:.0?}", began.elapsed());
    let server = Server::start_on(directory, 1, program)?;
    server.quiet()?;
    Ok(Filled { server, many })
}

/// Measures pages: the first, those behind a cursor, and those that a filter chooses.
pub async fn measure(filled: &Filled) -> Result<Figures> {
    let stream = TcpStream::connect(filled.server.address).await?;
    let mut connection = Connection::new(stream)?;
    let mut figures = Vec::new();
    for (name, query) in [
        ("the newest", ""),
        ("status=failed (one in twenty)", "status=failed"),
        ("language=sh (all)", "language=sh"),
        ("language=python (none)", "language=python"),
        ("label.customer=4711 (all)", "label.customer=4711"),
        ("label.customer=none (none)", "label.customer=none"),
        ("cause=timeout (none)", "cause=timeout"),
        ("created_before (none)", "created_before=2001-01-01T00:00:00Z"),
    ] {
        let mut times = Vec::new();
        for _ in 0..PAGES {
            times.push(page(&mut connection, query).await?.0);
        }
        record(&mut figures, filled.many, name, &mut times);
    }
    let (mut times, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..PAGES {
        let query = cursor.map(|cursor| format!("cursor={cursor}")).unwrap_or_default();
        let (took, answer) = page(&mut connection, &query).await?;
        times.push(took);
        cursor = answer["next_cursor"].as_str().map(str::to_owned);
    }
    record(&mut figures, filled.many, "one page behind the other", &mut times);
    Ok(figures)
}

fn record(figures: &mut Figures, many: i64, name: &str, times: &mut [Duration]) {
    for percent in [50, 99] {
        let name = format!("50 of {many}, {name}: p{percent} ms");
        figures.push((name, percentile_ms(times, percent)));
    }
}

async fn page(connection: &mut Connection, query: &str) -> Result<(Duration, Value)> {
    let request = format!(
        "GET /v1/executions?{query} HTTP/1.1\r\nhost: list\r\nauthorization: Bearer {API_KEY}\r\n\r\n"
    );
    let began = Instant::now();
    connection.send(request.as_bytes()).await?;
    let answer = connection.next().await?.context("the server closed the connection")?;
    let took = began.elapsed();
    let is_good = answer.start_line.starts_with("HTTP/1.1 200");
    ensure!(is_good, "{} {}", answer.start_line, String::from_utf8_lossy(answer.body));
    Ok((took, serde_json::from_slice(answer.body)?))
}
