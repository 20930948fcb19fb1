//! The memory of a server with a long backlog for a host that takes nothing.
//! Delivers nothing.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::Result;

use super::server::Server;
use super::{directory, outbox, within};

/// What the server has resident when it has settled, in bytes.
pub fn measure(parent: &Path, program: &Path, count: usize) -> Result<u64> {
    let dir = directory(parent)?;
    within(outbox::fill(dir.path(), &[closed()?], count))?;
    let mut server = Server::start_on(dir, 8, program)?;
    let bytes = server.quiet()?;
    server.stop()?;
    Ok(bytes)
}

/// An address at which nobody listens.
fn closed() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
