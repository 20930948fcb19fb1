//! A receiver on the test's own thread: it answers each request with the bytes that it was told,
//! and counts connections. It understands nothing of what it sends.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::*;

use actix_rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What becomes of one request.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// These bytes, and then the next request.
    Say(&'static str),
    /// These bytes, and then the end of the connection.
    SayAndClose(&'static str),
    /// These bytes, with a pause in between so that they come in two pieces, and then the next
    /// request.
    SayInTwo(&'static str, &'static str),
    /// 200, and the first line of the request.
    Echo,
    /// Nothing, for ever.
    Nothing,
}

pub(super) const OK: Act = Act::Say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

/// A receiver.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    port: Cell<u16>,
    script: Rc<RefCell<VecDeque<Act>>>,
    /// The requests of each connection.
    requests: Rc<RefCell<Vec<Vec<String>>>>,
    closed: Rc<Cell<usize>>,
    broken: Rc<Cell<usize>>,
    tls: Option<Arc<rustls::ServerConfig>>,
    /// How long it waits before it begins the TLS handshake, and before each answer.
    pub(super) delay: Duration,
}

impl Receiver {
    /// Acts in this order, and says 200 afterwards.
    pub(super) async fn acting(script: impl IntoIterator<Item = Act>) -> Self {
        Self::default().starting("127.0.0.1:0", script).await
    }

    /// Says 200 at every address of this machine.
    pub(super) async fn everywhere() -> Self {
        Self::default().starting("0.0.0.0:0", []).await
    }

    /// The same behind TLS.
    pub(super) async fn behind_tls(tls: Arc<rustls::ServerConfig>, delay: Duration) -> Self {
        Self { tls: Some(tls), delay, ..Self::default() }.starting("127.0.0.1:0", []).await
    }

    async fn starting(self, at: &str, script: impl IntoIterator<Item = Act>) -> Self {
        self.script.borrow_mut().extend(script);
        let listener = TcpListener::bind(at).await.unwrap();
        self.port.set(listener.local_addr().unwrap().port());
        let receiver = self.clone();
        actix_rt::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                actix_rt::spawn(receiver.clone().take(tcp));
            }
        });
        self
    }

    async fn take(self, tcp: TcpStream) {
        let number = self.requests.borrow().len();
        self.requests.borrow_mut().push(Vec::new());
        match &self.tls {
            None => self.serve(number, tcp).await,
            Some(tls) => {
                actix_rt::time::sleep(self.delay).await;
                if let Ok(tls) = TlsAcceptor::from(Arc::clone(tls)).accept(tcp).await {
                    self.serve(number, tls).await;
                }
            }
        }
        self.closed.set(self.closed.get() + 1);
    }

    async fn serve(&self, number: usize, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(request) = self.read_request(&mut stream).await {
            let first_line = request.lines().next().unwrap_or_default().to_owned();
            self.requests.borrow_mut()[number].push(request);
            let act = self.script.borrow_mut().pop_front().unwrap_or(OK);
            actix_rt::time::sleep(self.delay).await;
            let (bytes, goes_on) = match act {
                Act::Say(bytes) => (bytes.to_owned(), true),
                Act::SayAndClose(bytes) => (bytes.to_owned(), false),
                Act::SayInTwo(bytes, rest) => {
                    let _ = stream.write_all(bytes.as_bytes()).await;
                    actix_rt::time::sleep(Duration::from_millis(3)).await;
                    (rest.to_owned(), true)
                }
                Act::Echo => {
                    let length = first_line.len();
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                    (head + &first_line, true)
                }
                Act::Nothing => std::future::pending().await,
            };
            if stream.write_all(bytes.as_bytes()).await.is_err() || !goes_on {
                break;
            }
        }
        let _ = stream.shutdown().await;
    }

    /// A URL that leads here, by a name.
    pub(super) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://hooks.test:{}/hook?a=b", self.port.get())
    }

    /// How many requests came on each connection.
    pub(super) fn requests_by_connection(&self) -> Vec<usize> {
        self.requests.borrow().iter().map(Vec::len).collect()
    }

    /// Every request.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.borrow().concat()
    }

    /// Waits until so many connections have ended.
    pub(super) async fn closed(&self, count: usize) {
        let closed = async {
            while self.closed.get() < count {
                actix_rt::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(LONG, closed).await.expect("so many connections end");
    }

    /// How many connections ended in another way than in good order.
    pub(super) fn broken(&self) -> usize {
        self.broken.get()
    }

    /// Reads a request to its end; none when the other side has gone.
    async fn read_request(&self, stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
        let mut bytes = Vec::new();
        // The body of every request here is `{}`.
        while !bytes.ends_with(b"\r\n\r\n{}") {
            let mut byte = [0];
            match stream.read(&mut byte).await {
                Ok(0) => return None,
                Ok(_) => bytes.push(byte[0]),
                Err(_) => {
                    self.broken.set(self.broken.get() + 1);
                    return None;
                }
            }
        }
        Some(String::from_utf8(bytes).unwrap())
    }
}
