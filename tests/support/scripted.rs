//! What a receiver answers: well, badly, slowly, too much, or not at all.
//! Writes to a connection; accepts none and reads nothing.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::wait::DEADLINE;

/// One scripted answer.
#[derive(Debug, Clone)]
pub struct Scripted {
    kind: Kind,
    headers: Vec<(String, String)>,
    held_by: Option<Gate>,
    delay: Duration,
}

/// What kind of answer it is.
#[derive(Debug, Clone)]
enum Kind {
    /// A whole answer.
    Whole { status: u16, body: Vec<u8> },
    /// A body of this many bytes, all of them sent.
    Huge { status: u16, bytes: u64 },
    /// A body that promises more than comes before the connection closes.
    Cut { status: u16 },
    /// A body that comes byte by byte and never ends.
    Dripping { status: u16 },
    /// A head that comes byte by byte and never ends.
    DrippingHead { status: u16 },
    /// Bytes that are no HTTP.
    Raw(Vec<u8>),
    /// Bytes, and then nothing for as long as the other side waits.
    RawHeld(Vec<u8>),
    /// Bytes while the request's body is still coming, and then a reset.
    RawReset(Vec<u8>),
    /// Nothing for as long as the other side waits.
    Silence,
    /// The connection is closed in good order without a byte.
    Close,
    /// The connection is reset in the middle of the request.
    Reset,
}

impl Scripted {
    /// A whole answer with an empty body.
    pub fn status(status: u16) -> Self {
        Self::of(Kind::Whole { status, body: Vec::new() })
    }

    /// A redirect to somewhere else.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// An answer whose body has so many bytes.
    pub fn huge(status: u16, bytes: u64) -> Self {
        Self::of(Kind::Huge { status, bytes })
    }

    /// An answer whose connection breaks within the body.
    pub fn cut(status: u16) -> Self {
        Self::of(Kind::Cut { status })
    }

    /// An answer whose body comes byte by byte and never ends.
    pub fn dripping(status: u16) -> Self {
        Self::of(Kind::Dripping { status })
    }

    /// An answer whose head comes byte by byte and never ends.
    pub fn dripping_head(status: u16) -> Self {
        Self::of(Kind::DrippingHead { status })
    }

    /// Bytes as they stand, and the connection stays open.
    pub fn raw_held(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Kind::RawHeld(bytes.into()))
    }

    /// Bytes as they stand, before the request has been read to its end, then a reset.
    pub fn raw_reset(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Kind::RawReset(bytes.into()))
    }

    /// Bytes as they stand, then the end of the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Kind::Raw(bytes.into()))
    }

    /// No answer, ever.
    pub fn silence() -> Self {
        Self::of(Kind::Silence)
    }

    /// The connection closes without an answer.
    pub fn close() -> Self {
        Self::of(Kind::Close)
    }

    /// The connection is reset without an answer.
    pub fn reset() -> Self {
        Self::of(Kind::Reset)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives a whole answer this body.
    pub fn body(mut self, text: &str) -> Self {
        if let Kind::Whole { body, .. } = &mut self.kind {
            *body = text.as_bytes().to_vec();
        }
        self
    }

    /// Answers only once the gate is open.
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.held_by = Some(gate.clone());
        self
    }

    /// Answers only after this time, as a busy endpoint does.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The status of a whole answer.
    pub fn status_code(&self) -> Option<u16> {
        match self.kind {
            Kind::Whole { status, .. } | Kind::Huge { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Whether the request's body is not read. A socket that is closed with bytes unread is
    /// reset: that is what TCP has for this.
    pub(super) fn leaves_the_body_unread(&self) -> bool {
        matches!(self.kind, Kind::Reset | Kind::RawReset(_))
    }

    /// Answers; true when the connection can take another request.
    pub(super) fn write_to(&self, stream: &mut TcpStream) -> io::Result<bool> {
        if let Some(gate) = &self.held_by {
            gate.wait();
        }
        std::thread::sleep(self.delay);
        match &self.kind {
            Kind::Whole { status, body } => {
                self.write_head(stream, *status, body.len() as u64)?;
                stream.write_all(body)?;
                return Ok(true);
            }
            Kind::Huge { status, bytes } => {
                self.write_head(stream, *status, *bytes)?;
                write_zeros(stream, *bytes)?;
                return Ok(true);
            }
            Kind::Cut { status } => {
                self.write_head(stream, *status, 1000)?;
                stream.write_all(b"only this")?;
            }
            Kind::Dripping { status } => {
                self.write_head(stream, *status, 1_000_000)?;
                drip(stream)?;
            }
            Kind::DrippingHead { status } => {
                stream.write_all(format!("HTTP/1.1 {status} Scripted\r\nx-drip: ").as_bytes())?;
                drip(stream)?;
            }
            Kind::Raw(bytes) | Kind::RawReset(bytes) => stream.write_all(bytes)?,
            Kind::RawHeld(bytes) => {
                stream.write_all(bytes)?;
                wait_for_the_other_side_to_leave(stream)?;
            }
            Kind::Silence => wait_for_the_other_side_to_leave(stream)?,
            Kind::Close | Kind::Reset => {}
        }
        Ok(false)
    }

    fn of(kind: Kind) -> Self {
        Self { kind, headers: Vec::new(), held_by: None, delay: Duration::ZERO }
    }

    fn write_head(&self, stream: &mut TcpStream, status: u16, length: u64) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {length}\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())
    }
}

/// Holds answers back until it is opened.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Lets everything pass from now on.
    pub fn open(&self) {
        *self.0.0.lock().expect("nobody panics with the lock") = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let open = self.0.0.lock().expect("nobody panics with the lock");
        // A test that forgot to open it shall fail by itself and not hang here.
        let _ = self.0.1.wait_timeout_while(open, DEADLINE, |open| !*open);
    }
}

fn write_zeros(stream: &mut TcpStream, bytes: u64) -> io::Result<()> {
    let piece = [b'0'; 64 * 1024];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
        stream.write_all(&piece[..length])?;
        left -= length as u64;
    }
    Ok(())
}

/// Writes until the other side has had enough; that is how the caller learns of it.
fn drip(stream: &mut TcpStream) -> io::Result<()> {
    loop {
        stream.write_all(b".")?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_for_the_other_side_to_leave(stream: &mut TcpStream) -> io::Result<()> {
    io::copy(stream, &mut io::sink())?;
    stream.shutdown(Shutdown::Both)
}
