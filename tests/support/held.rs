//! A client that waits for its answer over a connection of its own, and can go away in every way in
//! which clients do. Judges nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use serde_json::Value;

use super::options::API_KEY;
use super::wait::DEADLINE;

/// A connection over which a request has been sent.
pub struct Held {
    stream: TcpStream,
    /// What has been read and belongs to a later answer.
    ahead: Vec<u8>,
}

impl Held {
    /// Connects and sends bytes.
    #[track_caller]
    pub fn send(address: SocketAddr, bytes: &[u8]) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts connections");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout above zero");
        let mut held = Self { stream, ahead: Vec::new() };
        held.say(bytes);
        held
    }

    /// Sends more over the same connection.
    #[track_caller]
    pub fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// Goes on sending on a thread of its own, for as long as somebody takes it.
    pub fn send_on(&self, bytes: &[u8]) {
        let mut stream = self.stream.try_clone().expect("a descriptor is to be had");
        let bytes = bytes.to_vec();
        std::thread::spawn(move || stream.write_all(&bytes));
    }

    /// Closes the connection in order.
    pub fn close(self) {
        drop(self.stream);
    }

    /// Resets the connection.
    pub fn reset(self) {
        set_socket_linger(&self.stream, Some(Duration::ZERO)).expect("a socket");
        drop(self.stream);
    }

    /// Says that nothing more will be said, and reads on.
    pub fn say_no_more(&self) {
        self.stream.shutdown(Shutdown::Write).expect("a connected socket");
    }

    /// Whether the server has read all that was sent.
    pub fn is_read(&self) -> bool {
        // Bytes that wait to be sent, and those that wait to be read.
        self.at_the_server(4).is_some_and(|queues| queues.ends_with(":00000000"))
    }

    /// Whether the server's kernel will ask after a while if this client is still there.
    pub fn is_probed(&self) -> bool {
        // 02 is the timer of keep-alive.
        self.at_the_server(5).is_some_and(|timer| timer.starts_with("02:"))
    }

    /// What the kernel knows of the server's end of the connection: a field of proc_net_tcp(5).
    fn at_the_server(&self, field: usize) -> Option<String> {
        let port = |address: std::io::Result<SocketAddr>| address.expect("it is connected").port();
        let (ours, theirs) = (port(self.stream.local_addr()), port(self.stream.peer_addr()));
        let sockets = std::fs::read_to_string("/proc/net/tcp").expect("Linux has it");
        let fields = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let is_end = |text: &str, port: u16| text.ends_with(&format!(":{port:04X}"));
        let mut known = fields.filter(|fields| fields.len() > field);
        let found = known.find(|fields| is_end(fields[1], theirs) && is_end(fields[2], ours));
        found.map(|fields| fields[field].to_owned())
    }

    /// Waits for the next answer, and gives its status and its body.
    #[track_caller]
    pub fn answer(&mut self) -> (u16, Value) {
        let head_end = self.read_until(|bytes| {
            bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
        });
        let head = String::from_utf8_lossy(&self.ahead[..head_end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |text| text.trim().parse().expect("a length"));
        let end = head_end + length;
        self.read_until(|bytes| (bytes.len() >= end).then_some(()));
        let body = self.ahead[head_end..end].to_vec();
        self.ahead.drain(..end);
        (status, serde_json::from_slice(&body).expect("a JSON body"))
    }

    #[track_caller]
    fn read_until<T>(&mut self, wanted: impl Fn(&[u8]) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.ahead) {
                return found;
            }
            let mut piece = [0; 16 * 1024];
            let length = self.stream.read(&mut piece).expect("an answer comes in time");
            let so_far = || String::from_utf8_lossy(&self.ahead).into_owned();
            assert!(length > 0, "the connection ended before the answer did: {}", so_far());
            self.ahead.extend_from_slice(&piece[..length]);
        }
    }
}

/// The bytes of a GET with the admin key.
pub fn get(path: &str) -> Vec<u8> {
    head("GET", path, "").into_bytes()
}

/// The bytes of a POST of JSON with the admin key.
pub fn post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    (head("POST", path, &more) + &body).into_bytes()
}

fn head(method: &str, path: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n{more}\r\n")
}
