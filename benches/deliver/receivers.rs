//! Receivers of deliveries: answer 200 to every request, and count.
//! Judge nothing, so that they cost the machine as little as they can.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::http::Connection;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const OK_AND_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Nothing takes so long that comes at all.
const PATIENCE: Duration = Duration::from_secs(120);

/// Some receivers on ports of their own.
pub struct Receivers {
    pub addresses: Vec<SocketAddr>,
    counted: Rc<Counted>,
}

#[derive(Default)]
struct Counted {
    count: Cell<usize>,
    wanted: Cell<usize>,
    first: Cell<Option<Instant>>,
    enough: Notify,
}

impl Receivers {
    /// Begins to listen on so many ports. Must be called inside a `LocalSet`.
    pub async fn start(count: usize) -> Result<Self> {
        let counted = Rc::new(Counted::default());
        let mut addresses = Vec::new();
        for _ in 0..count {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            addresses.push(listener.local_addr()?);
            spawn_local(accept(listener, Rc::clone(&counted)));
        }
        Ok(Self { addresses, counted })
    }

    /// Waits for so many requests; answers how many a second came, from the first to the last.
    pub async fn rate_of(&self, wanted: usize) -> Result<f64> {
        self.counted.wanted.set(wanted);
        if self.counted.count.get() < wanted {
            timeout(PATIENCE, self.counted.enough.notified()).await?;
        }
        let first = self.counted.first.take();
        let took = first.map_or(Duration::ZERO, |first| first.elapsed());
        ensure!(self.counted.count.replace(0) == wanted, "more have come than were owed");
        Ok(wanted as f64 / took.as_secs_f64())
    }
}

async fn accept(listener: TcpListener, counted: Rc<Counted>) {
    while let Ok((stream, _)) = listener.accept().await {
        let counted = Rc::clone(&counted);
        spawn_local(async move {
            // A sender that closes its connection is done with it.
            let _ = serve(stream, &counted).await;
        });
    }
}

async fn serve(stream: TcpStream, counted: &Counted) -> Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.next().await? {
        let close = request.header("connection").is_some_and(|value| value == "close");
        connection.send(if close { OK_AND_CLOSE } else { OK }).await?;
        if counted.first.get().is_none() {
            counted.first.set(Some(Instant::now()));
        }
        counted.count.set(counted.count.get() + 1);
        if counted.count.get() == counted.wanted.get() {
            counted.enough.notify_one();
        }
        if close {
            break;
        }
    }
    Ok(())
}
