//! Reads HTTP/1.1 messages from a socket, requests and responses alike, as cheaply as it can.
//! Knows only what Ringback sends: bodies with a `Content-Length`.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More headers than either side of a load run ever sends.
const HEADERS_MAX: usize = 32;

/// A connection and what has been read from it.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer belongs to the message that was handed out last.
    taken: usize,
}

/// One message; everything in it lies in the connection's buffer.
pub struct Message<'a> {
    pub start_line: &'a str,
    pub body: &'a [u8],
    headers: Vec<httparse::Header<'a>>,
}

impl Connection {
    /// Takes over a socket. Small messages are sent at once.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), taken: 0 })
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next message; none when the other side has closed the connection in between.
    pub async fn next(&mut self) -> io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        loop {
            if let Some(length) = length_of_first(&self.buffer)? {
                self.taken = length;
                break;
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let cut_off = || Err(broken("the connection was closed inside a message"));
                return if self.buffer.is_empty() { Ok(None) } else { cut_off() };
            }
        }
        parse(&self.buffer[..self.taken]).map(|parsed| parsed.map(|(message, _)| message))
    }
}

impl Message<'_> {
    /// The value of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    }
}

/// The length of the first message, once all of it is there.
fn length_of_first(bytes: &[u8]) -> io::Result<Option<usize>> {
    Ok(parse(bytes)?.map(|(_, length)| length))
}

fn parse(bytes: &[u8]) -> io::Result<Option<(Message<'_>, usize)>> {
    let Some(line_end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let start_line = std::str::from_utf8(&bytes[..line_end]).map_err(broken)?.trim_end();
    let mut headers = vec![httparse::EMPTY_HEADER; HEADERS_MAX];
    let rest = &bytes[line_end + 1..];
    let (head, count) = match httparse::parse_headers(rest, &mut headers).map_err(broken)? {
        httparse::Status::Complete((length, found)) => (line_end + 1 + length, found.len()),
        httparse::Status::Partial => return Ok(None),
    };
    headers.truncate(count);
    let mut message = Message { start_line, body: &[], headers };
    let body_length = match message.header("content-length") {
        Some(length) => length.parse().map_err(broken)?,
        None if message.header("transfer-encoding").is_none() => 0_usize,
        None => return Err(broken("a body without a length")),
    };
    let Some(body) = bytes.get(head..head + body_length) else { return Ok(None) };
    message.body = body;
    Ok(Some((message, head + body_length)))
}

fn broken(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
