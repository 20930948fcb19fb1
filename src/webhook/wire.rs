//! The stream that the HTTP library reads answers from: interim heads are taken out, a head that
//! is none is not let through, and nothing is read beyond an answer whose end is known.
//! Opens no connection and knows nothing of requests but when one begins.

mod notes;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use actix_rt::net::{ActixStream, Ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

pub(super) use self::notes::{Broken, Notes};

use self::notes::Stage;
use super::head::{self, Framing, HEAD_BYTES_MAX, Head};

/// A connection with TLS or without.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// How many bytes are read at a time.
const PIECE_BYTES: usize = 8 * 1024;

/// A connection, and what was read from it and not yet handed on.
pub(super) struct Wire {
    stream: Stream,
    notes: Rc<Notes>,
    kept: Vec<u8>,
    /// How much of the heads before this one has come, which counts too.
    interim_bytes: usize,
}

impl Wire {
    pub(super) const fn new(stream: Stream, notes: Rc<Notes>) -> Self {
        Self { stream, notes, kept: Vec::new(), interim_bytes: 0 }
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Either::Left(tcp) => tcp,
            Either::Right(tls) => tls.get_ref().0,
        }
    }

    /// Reads until the final head is there.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.notes.stage.get() == Stage::Head {
            let before = self.kept.len();
            match ready!(self.poll_more(cx)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(self.notes.end(Broken::Ended))),
                Ok(_) => self.notes.has_come(),
            }
            self.look(before).map_err(|why| self.notes.end(Broken::NotHttp(why)))?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; PIECE_BYTES];
        let mut read = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        self.kept.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Looks at what has come since `seen`, and goes past every interim head in it.
    fn look(&mut self, mut seen: usize) -> Result<(), String> {
        loop {
            head::check_beginning(&self.kept)?;
            let end = head::end_of(&self.kept, seen);
            if self.interim_bytes + end.unwrap_or(self.kept.len()) > HEAD_BYTES_MAX {
                let most = HEAD_BYTES_MAX / 1024;
                return Err(format!("The head of the answer is longer than {most} KiB."));
            }
            let Some(end) = end else { return Ok(()) };
            let head = head::read(&self.kept[..end])?;
            if !head.is_interim() {
                self.settle(head);
                return Ok(());
            }
            if head.status == 101 {
                return Err(
                    "The receiver switched to another protocol (101), which was not asked \
                            for."
                        .to_owned(),
                );
            }
            self.notes.interim.set(Some(head.status));
            self.interim_bytes += head.length;
            self.kept.drain(..head.length);
            seen = 0;
        }
    }

    /// Lets the final head through.
    fn settle(&mut self, head: Head) {
        if head.framing == Framing::UntilClose {
            // The library takes a body that ends with the connection only from HTTP/1.0: for it,
            // anything else without a length has none.
            let version = b"HTTP/1.0";
            self.kept[..version.len()].copy_from_slice(version);
        }
        let left = match head.framing {
            Framing::Empty => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let beyond = (self.kept.len() - head.length) as u64;
        if left.is_some_and(|left| beyond > left) {
            // A second answer to one request, of which nothing may reach the next one.
            self.notes.is_spoilt.set(true);
        }
        self.notes.head.set(Some(head));
        self.notes.stage.set(Stage::Body(left.map(|left| left + head.length as u64)));
    }

    /// Hands on what is kept, then what comes, and no byte more than belongs to the answer.
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
        left: Option<u64>,
    ) -> Poll<io::Result<()>> {
        let room = into.remaining().min(PIECE_BYTES);
        let room = left.map_or(room, |left| usize::try_from(left).map_or(room, |l| l.min(room)));
        if room > 0 && self.kept.is_empty() {
            let mut piece = [0; PIECE_BYTES];
            let mut read = ReadBuf::new(&mut piece[..room]);
            let came = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read));
            if came.is_err() || read.filled().is_empty() {
                self.notes.is_cut.set(came.is_err() || self.is_owed_more());
                return Poll::Ready(came);
            }
            self.kept.extend_from_slice(read.filled());
        }
        let taken = room.min(self.kept.len());
        into.put_slice(&self.kept[..taken]);
        self.kept.drain(..taken);
        self.notes.stage.set(Stage::Body(left.map(|left| left - taken as u64)));
        Poll::Ready(Ok(()))
    }

    /// Sends nothing more, and says that it was sent.
    fn give_up_sending(&self, bytes: &[u8]) -> usize {
        self.notes.is_spoilt.set(true);
        bytes.len()
    }

    /// Whether a connection that ends now ends too early.
    fn is_owed_more(&self) -> bool {
        self.notes.head.get().is_some_and(|head| head.framing != Framing::UntilClose)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(wire.poll_head(cx))?;
        match wire.notes.stage.get() {
            // Whoever reads now wants to know whether the connection still stands.
            Stage::Resting | Stage::Head | Stage::Body(Some(0)) => {
                Pin::new(&mut wire.stream).poll_read(cx, into)
            }
            Stage::Body(left) => wire.poll_answer(cx, into, left),
        }
    }
}

/// A receiver may answer before it has read the whole request, and close. What it said counts, and
/// not that the rest could not be sent: whatever becomes of a write, the answer is read.
impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if matches!(wire.notes.stage.get(), Stage::Resting | Stage::Body(Some(0))) {
            wire.notes.begin();
            wire.kept.clear();
            wire.interim_bytes = 0;
        }
        let is_sent = !wire.notes.is_spoilt.get();
        if is_sent && let Poll::Ready(written) = Pin::new(&mut wire.stream).poll_write(cx, bytes) {
            return Poll::Ready(Ok(written.unwrap_or_else(|_| wire.give_up_sending(bytes))));
        }
        if is_sent && wire.poll_head(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(wire.give_up_sending(bytes)))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if !wire.notes.is_spoilt.get() && ready!(Pin::new(&mut wire.stream).poll_flush(cx)).is_err()
        {
            wire.notes.is_spoilt.set(true);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The library wants to be able to wait for a socket; it never does.
impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(self.tcp(), cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(self.tcp(), cx)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Drop for Wire {
    /// Takes leave of a receiver with TLS, which would otherwise call it an attack. There is always
    /// room for so few bytes, or else it does not matter.
    fn drop(&mut self) {
        if let Either::Right(tls) = &mut self.stream {
            let _ = Pin::new(tls).poll_shutdown(&mut Context::from_waker(Waker::noop()));
        }
    }
}
