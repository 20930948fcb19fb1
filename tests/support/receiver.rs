//! `TestReceiver`: an endpoint made of raw sockets that answers what it is told and keeps every
//! request with its bytes. Judges no request.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::scripted::Scripted;
use super::wait::{DEADLINE, within};

/// An endpoint for callbacks on 127.0.0.1.
pub struct TestReceiver {
    address: SocketAddr,
    state: Arc<State>,
    listening: Option<Listening>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Such as `POST`.
    pub method: String,
    /// The request target, query included.
    pub path: String,
    /// Every header in the order and with the spelling in which it was sent.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When its head had been read.
    pub at: SystemTime,
    /// The status that it is about to be answered with; none when it gets no whole answer.
    pub answer: Option<u16>,
    /// Whether its body was read to its end.
    pub is_whole: bool,
}

/// Chooses what the next request is answered.
type Choose = Box<dyn Fn() -> Scripted + Send + Sync>;
/// Is shown each request before it is answered.
type Observe = Box<dyn Fn(&Received) + Send + Sync>;

#[derive(Default)]
struct State {
    accepted: AtomicUsize,
    received: Mutex<Vec<Received>>,
    script: Mutex<VecDeque<Scripted>>,
    otherwise: OnceLock<Choose>,
    observer: OnceLock<Observe>,
}

/// Every open connection, so that all of them can be broken from outside.
type Connections = Arc<Mutex<HashMap<SocketAddr, TcpStream>>>;

struct Listening {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
    connections: Connections,
}

impl TestReceiver {
    /// Answers everything with 200.
    pub fn start() -> Self {
        Self::answering([])
    }

    /// Gives these answers, one per request in the order of arrival, and 200 after the last.
    pub fn answering(script: impl IntoIterator<Item = Scripted>) -> Self {
        let mut receiver = Self::closed_at(SocketAddr::from(([127, 0, 0, 1], 0)));
        receiver.guarded_script().extend(script);
        receiver.up();
        receiver
    }

    /// Answers everything in this way.
    pub fn always(answer: Scripted) -> Self {
        Self::choosing(move || answer.clone())
    }

    /// Answers each request as it is told at that moment.
    pub fn choosing(choose: impl Fn() -> Scripted + Send + Sync + 'static) -> Self {
        let receiver = Self::start();
        let _ = receiver.state.otherwise.set(Box::new(choose));
        receiver
    }

    /// Shows each request to somebody before it answers, and keeps none itself, so that it can go
    /// on for hours.
    pub fn observed_by(self, observe: impl Fn(&Received) + Send + Sync + 'static) -> Self {
        let _ = self.state.observer.set(Box::new(observe));
        self
    }

    /// Has an address at which nobody listens until [`TestReceiver::up`].
    pub fn down() -> Self {
        Self::closed_at(free_address())
    }

    /// Begins to listen.
    pub fn up(&mut self) {
        assert!(self.listening.is_none(), "the receiver is up already");
        let listener = TcpListener::bind(self.address).expect("the receiver's port is free");
        self.address = listener.local_addr().expect("a bound socket has an address");
        self.listening = Some(Listening::start(listener, Arc::clone(&self.state)));
    }

    /// Stops to listen and breaks all connections; what was received stays.
    pub fn take_down(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.stop(self.address);
        }
    }

    /// The URL of a path here.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything received so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no panic with the lock").clone()
    }

    /// The first `count` requests, once there are so many.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_for_within(DEADLINE, count)
    }

    /// The first `count` requests, once there are so many, with a deadline of the test's own.
    #[track_caller]
    pub fn wait_for_within(&self, deadline: Duration, count: usize) -> Vec<Received> {
        let enough = within(deadline, || {
            let received = self.received();
            (received.len() >= count).then(|| received[..count].to_vec())
        });
        enough.unwrap_or_else(|| {
            let came = self.received().len();
            panic!("{came} of {count} requests came within {deadline:?}")
        })
    }

    /// The one request that comes first.
    #[track_caller]
    pub fn first(&self) -> Received {
        self.wait_for(1).remove(0)
    }

    /// How many connections have been made to it.
    pub fn connections(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// How many of them are open.
    pub fn open_connections(&self) -> usize {
        let open = self.listening.as_ref().map(|listening| &listening.connections);
        open.map_or(0, |open| open.lock().expect("no panic with the lock").len())
    }

    fn closed_at(address: SocketAddr) -> Self {
        Self { address, state: Arc::default(), listening: None }
    }

    fn guarded_script(&self) -> MutexGuard<'_, VecDeque<Scripted>> {
        self.state.script.lock().expect("no panic with the lock")
    }
}

impl Drop for TestReceiver {
    fn drop(&mut self) {
        self.take_down();
    }
}

impl Received {
    /// The value of a header, however its name is spelt; the first if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all_headers(name).first().copied()
    }

    /// Every value of a header.
    pub fn all_headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

impl Listening {
    fn start(listener: TcpListener, state: Arc<State>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let connections = Connections::default();
        let (stopped, kept) = (Arc::clone(&stop), Arc::clone(&connections));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let Some(peer) = keep_second_handle(&stream, &kept) else { continue };
                state.accepted.fetch_add(1, Ordering::SeqCst);
                let (state, kept) = (Arc::clone(&state), Arc::clone(&kept));
                std::thread::spawn(move || {
                    serve(&state, stream);
                    // A socket closes with its last handle; only then the other side is told.
                    kept.lock().expect("no panic with the lock").remove(&peer);
                });
            }
        });
        Self { thread, stop, connections }
    }

    fn stop(self, address: SocketAddr) {
        self.stop.store(true, Ordering::SeqCst);
        // Only a connection makes `accept` return and see the flag.
        let _ = TcpStream::connect(address);
        self.thread.join().expect("the accepting thread does not panic");
        for stream in self.connections.lock().expect("no panic with the lock").values() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn keep_second_handle(stream: &TcpStream, open: &Connections) -> Option<SocketAddr> {
    let (peer, handle) = (stream.peer_addr().ok()?, stream.try_clone().ok()?);
    open.lock().expect("no panic with the lock").insert(peer, handle);
    Some(peer)
}

fn serve(state: &State, mut stream: TcpStream) {
    while let Ok(true) = state.serve_one(&mut stream) {}
}

impl State {
    fn serve_one(&self, stream: &mut TcpStream) -> io::Result<bool> {
        let Some(mut request) = read_head(stream)? else { return Ok(false) };
        let answer = self.next_answer();
        let length = request.header("content-length").and_then(|text| text.parse().ok());
        let length: usize = length.unwrap_or(0);
        if answer.leaves_the_body_unread() {
            stream.peek(&mut [0])?;
            self.keep(request);
            answer.write_to(stream)?;
            return Ok(false);
        }
        request.body = vec![0; length];
        stream.read_exact(&mut request.body)?;
        (request.answer, request.is_whole) = (answer.status_code(), true);
        let closing = request.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
        self.keep(request);
        Ok(answer.write_to(stream)? && !closing)
    }

    fn next_answer(&self) -> Scripted {
        if let Some(scripted) = self.script.lock().expect("no panic with the lock").pop_front() {
            return scripted;
        }
        self.otherwise.get().map_or_else(|| Scripted::status(200), |choose| choose())
    }

    fn keep(&self, request: Received) {
        if let Some(observe) = self.observer.get() {
            return observe(&request);
        }
        self.received.lock().expect("no panic with the lock").push(request);
    }
}

/// Reads up to the empty line and not a byte further; nothing when the other side is done.
fn read_head(stream: &mut TcpStream) -> io::Result<Option<Received>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Some(Received {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        headers,
        body: Vec::new(),
        at: SystemTime::now(),
        answer: None,
        is_whole: false,
    }))
}

/// An address that is free now and that the system gives to nobody: its port lies below those
/// that are handed out for port 0 and for outgoing connections, so it is still free later.
fn free_address() -> SocketAddr {
    let random = uuid::Uuid::new_v4().as_u128();
    (0..1000)
        .map(|step| SocketAddr::from(([127, 0, 0, 1], port_below_the_ephemeral(random + step))))
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("one port of a thousand is free")
}

fn port_below_the_ephemeral(number: u128) -> u16 {
    // Between two ports that callbacks may not go to: 11211 and 27017.
    12_000 + u16::try_from(number % 15_000).expect("below 15000")
}
