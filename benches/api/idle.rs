//! What a connection costs the server that has answered one request and stays open.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpStream;

use super::Figures;
use super::http::Connection;
use super::server::Server;

/// Measures a server before and while so many connections are idle.
pub async fn measure((program, parent): (&Path, &Path), count: usize) -> Result<Figures> {
    let server = Server::start(1, program, parent)?;
    // What the first connections set up is not the price of the later ones.
    drop(open(&server, 64).await?);
    let before = server.quiet()?;
    let connections = open(&server, count).await?;
    let with_them = server.quiet()?;
    drop(connections);
    let after = server.quiet()?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let each = with_them.saturating_sub(before) as f64 / 1024.0 / count as f64;
    Ok(vec![
        ("resident without them, MiB".to_owned(), mib(before)),
        (format!("resident with {count} idle connections, MiB"), mib(with_them)),
        ("resident when they have gone, MiB".to_owned(), mib(after)),
        ("each, KiB".to_owned(), each),
    ])
}

async fn open(server: &Server, count: usize) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = Connection::new(TcpStream::connect(server.address).await?)?;
        connection.send(b"GET /livez HTTP/1.1\r\nhost: idle\r\n\r\n").await?;
        let answer = connection.next().await?.context("the server closed the connection")?;
        ensure!(answer.start_line.starts_with("HTTP/1.1 200"), "{}", answer.start_line);
        connections.push(connection);
    }
    Ok(connections)
}
