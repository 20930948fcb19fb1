//! Whether the client of a request is still there, while its answer is being held back.
//! Reads and writes nothing of what it says.
//!
//! actix drops a handler's future when reading from its connection fails, as after a reset. A client
//! that closes in order it takes for one that has said all that it wants to say, and waits for the
//! answer (`h1_allow_half_closed`). That is right for most; whoever must know looks here.

use std::any::Any;
use std::future::pending;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use actix_rt::net::TcpStream;
use actix_rt::time::Instant;
use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use rustix::net::{Shutdown, sockopt};
use tokio::io::{Interest, Ready};

/// How long a client may be silent before it is asked whether it is there, and how often that is
/// repeated in the same time before it is not. One whose machine is gone closes nothing.
const PROBE_AFTER: Duration = Duration::from_secs(15);
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBES_MAX: u32 = 3;

/// How often it is looked whether a client sends more than is taken in, and how often in a row it must
/// have been so.
const FLOOD_LOOK: Duration = Duration::from_millis(500);
const FLOODS_FROM: usize = 2;

/// Whether a client sends more than is taken in, as far as has been looked.
pub(super) struct Flood {
    seen: usize,
    next_look: Instant,
}

impl Default for Flood {
    fn default() -> Self {
        Self { seen: 0, next_look: Instant::now() + FLOOD_LOOK }
    }
}

/// A second hold on a connection.
struct Socket(OwnedFd);

/// Lets held answers know when their clients go away; for `HttpServer::on_connect`. Without it, and
/// over TLS, only a reset connection is noticed.
pub fn on_connect(io: &dyn Any, data: &mut Extensions) {
    let socket = io.downcast_ref::<TcpStream>().map(|stream| stream.as_fd().try_clone_to_owned());
    if let Some(Ok(socket)) = socket {
        data.insert(Socket(socket));
    }
}

/// The client of one request.
pub(super) struct Client(Option<TcpStream>);

impl Client {
    /// Whoever has sent this request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let watched = request.conn_data::<Socket>().map(watch);
        Self(watched.and_then(|watched| {
            watched.inspect_err(|error| log::warn!("a client cannot be watched: {error}")).ok()
        }))
    }

    /// Waits until it has closed its side of the connection, if not both: it may still read, but
    /// nothing tells it from one that does not.
    pub(super) async fn closed(&self) {
        self.ready(Interest::READABLE, Ready::is_read_closed).await;
    }

    /// Waits until there is nobody any more who could read an answer.
    pub(super) async fn gone(&self) {
        self.ready(Interest::WRITABLE, Ready::is_write_closed).await;
    }

    /// Waits until it has sent more behind its request than the server takes in before it has answered.
    /// With that much in its hands, actix asks itself without a pause whether it may go on.
    pub(super) async fn floods(&self, flood: &mut Flood) {
        let Some(socket) = &self.0 else { return pending().await };
        while flood.seen < FLOODS_FROM {
            actix_rt::time::sleep_until(flood.next_look).await;
            // What can be taken in has been by then.
            let is_left = rustix::io::ioctl_fionread(socket).is_ok_and(|bytes| bytes > 0);
            flood.seen = if is_left { flood.seen + 1 } else { 0 };
            flood.next_look = Instant::now() + FLOOD_LOOK;
        }
    }

    /// Takes its word that it says nothing more. The server then ends the connection as soon as it has
    /// said all itself, and does not wait a second for whatever may still come.
    pub(super) fn has_said_all(&self) {
        if let Some(socket) = &self.0 {
            // It may have gone altogether by now.
            let _ = rustix::net::shutdown(socket, Shutdown::Read);
        }
    }

    async fn ready(&self, interest: Interest, wanted: fn(Ready) -> bool) {
        let Some(socket) = &self.0 else { return pending().await };
        while let Ok(ready) = socket.ready(interest).await {
            if wanted(ready) {
                return;
            }
            // What there is to be read or written is for the server. This only says that we have
            // seen it; what is closed stays so.
            let _ = socket.try_io(interest, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        // The runtime ends.
        pending().await
    }
}

/// Watches a connection through a descriptor of this watch's own: the server has registered the
/// first one, and an earlier request may have been watched over the second.
fn watch(Socket(socket): &Socket) -> io::Result<TcpStream> {
    let socket = socket.try_clone()?;
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, PROBE_AFTER)?;
    sockopt::set_tcp_keepintvl(&socket, PROBE_EVERY)?;
    sockopt::set_tcp_keepcnt(&socket, PROBES_MAX)?;
    TcpStream::from_std(socket.into())
}
