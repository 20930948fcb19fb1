//! A client of server-sent events over a connection of its own, strict about what may come: HTTP/1.1 in
//! chunks, and nothing in it but comments, `retry` and events with a name, an id and one line of JSON.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use serde_json::Value;

use super::options::API_KEY;
use super::wait::DEADLINE;

/// A stream of events.
pub struct EventStream {
    stream: TcpStream,
    /// The answer's head in small letters, without the line breaks at its end.
    pub head: String,
    /// Chunks that have not come whole yet.
    ahead: Vec<u8>,
    /// What the chunks before them have.
    body: Vec<u8>,
    /// How much of it has no end of an event.
    searched: usize,
    is_over: bool,
}

/// What comes over one.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Comment(String),
    Retry(u64),
    Event(Event),
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

impl EventStream {
    /// The events of an execution for the admin, after the event with this id if there is one.
    #[track_caller]
    pub fn of(address: SocketAddr, id: &str, after: Option<&str>) -> Self {
        let after = after.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        Self::open(address, &format!("/v1/executions/{id}/events"), &after)
    }

    /// A stream at a path that must be there, asked for with more header lines.
    #[track_caller]
    pub fn open(address: SocketAddr, path: &str, more: &str) -> Self {
        let opened = Self::begin(address, path, more).answered();
        assert!(opened.head.starts_with("http/1.1 200 "), "{}", opened.head);
        opened
    }

    /// Asks for a stream and does not wait for the answer.
    #[track_caller]
    pub fn begin(address: SocketAddr, path: &str, more: &str) -> Self {
        Self::begin_as(address, path, &format!("Authorization: Bearer {API_KEY}\r\n{more}"))
    }

    /// The same with these header lines alone.
    #[track_caller]
    pub fn begin_as(address: SocketAddr, path: &str, lines: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("the server accepts connections");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout above zero");
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).expect("the server reads");
        let (ahead, body) = (Vec::new(), Vec::new());
        Self { stream, head: String::new(), ahead, body, searched: 0, is_over: false }
    }

    /// Waits for the head of the answer.
    #[track_caller]
    pub fn answered(mut self) -> Self {
        let end = loop {
            if let Some(end) = self.ahead.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            assert!(self.read() > 0, "the connection ended before the head did");
        };
        self.head = String::from_utf8_lossy(&self.ahead[..end]).to_ascii_lowercase();
        self.ahead.drain(..end + 4);
        self
    }

    /// The next event; comments and `retry` are passed over.
    #[track_caller]
    pub fn event(&mut self) -> Event {
        loop {
            match self.item() {
                Some(Item::Event(event)) => return event,
                Some(_) => {}
                None => panic!("the stream ended"),
            }
        }
    }

    /// The rest of the events up to `end`, after which nothing must come.
    #[track_caller]
    pub fn until_end(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while events.last().is_none_or(|event: &Event| event.name != "end") {
            events.push(self.event());
        }
        assert_eq!(self.item(), None, "nothing follows the end");
        events
    }

    /// What comes next, whatever it is; nothing at the end of a stream that was ended in order.
    #[track_caller]
    pub fn item(&mut self) -> Option<Item> {
        loop {
            let begin = self.searched.saturating_sub(1);
            let end = self.body[begin..].windows(2).position(|window| window == b"\n\n");
            self.searched = self.body.len();
            if let Some(end) = end.map(|end| begin + end) {
                self.searched = 0;
                let lines: Vec<u8> = self.body.drain(..end + 2).collect();
                return Some(item(std::str::from_utf8(&lines[..end]).expect("it is UTF-8")));
            }
            if self.is_over {
                assert!(self.body.is_empty(), "half an event: {:?}", self.body);
                return None;
            }
            if !self.unpack() {
                assert!(self.read() > 0, "the connection ended before the stream did");
            }
        }
    }

    /// Whether the server has closed the connection, or does so in time.
    #[track_caller]
    pub fn is_closed(&mut self) -> bool {
        self.read() == 0
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

    /// Takes a whole chunk over; false when more has to be read for that.
    fn unpack(&mut self) -> bool {
        let Some(line_end) = self.ahead.windows(2).position(|window| window == b"\r\n") else {
            return false;
        };
        let line = std::str::from_utf8(&self.ahead[..line_end]).expect("a size in ASCII");
        let size = usize::from_str_radix(line, 16).expect("a size");
        let begin = line_end + 2;
        if self.ahead.len() < begin + size + 2 {
            return false;
        }
        self.body.extend_from_slice(&self.ahead[begin..begin + size]);
        assert_eq!(&self.ahead[begin + size..begin + size + 2], b"\r\n", "a chunk has an end");
        self.ahead.drain(..begin + size + 2);
        self.is_over = size == 0;
        true
    }

    #[track_caller]
    fn read(&mut self) -> usize {
        let mut piece = [0; 64 * 1024];
        let length = match self.stream.read(&mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing came in time: {error}"),
        };
        self.ahead.extend_from_slice(&piece[..length]);
        length
    }
}

fn item(lines: &str) -> Item {
    if let Some(comment) = lines.strip_prefix(": ") {
        assert!(!comment.contains('\n'), "{lines}");
        return Item::Comment(comment.to_owned());
    }
    if let Some(retry) = lines.strip_prefix("retry: ") {
        return Item::Retry(retry.parse().expect("milliseconds"));
    }
    let fields: Vec<_> = lines.lines().map(|line| line.split_once(": ").expect(line)).collect();
    let [("event", name), ("id", id), ("data", data)] = fields[..] else { panic!("{lines}") };
    let data = serde_json::from_str(data).expect("the data is JSON");
    Item::Event(Event { name: name.to_owned(), id: id.to_owned(), data })
}
