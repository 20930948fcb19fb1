//! Takes in one output stream of a child without ever holding more than was asked for, and has it
//! recorded meanwhile. Knows nothing of processes: it reads a pipe until it is told that no more
//! counts.

use std::cell::RefCell;
use std::future;
use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until};

use super::recorder::Recorder;
use crate::domain::{Captured, OutputKeeper};

/// How much is read at once: what a pipe holds unless it is made larger.
const PIECE_BYTES: usize = 64 * 1024;

/// Enlarging a pipe pays 2.7 times in throughput, but an unprivileged user gets only 64 large
/// ones (pipe-user-pages-soft), so only streams that have shown that they are long get one.
const LONG_STREAM_BYTES: u64 = 256 * 1024;
const LARGE_PIPE_BYTES: usize = 1024 * 1024;

thread_local! {
    /// One buffer for all streams of a thread: a read never awaits while it is borrowed. It grows
    /// with the first long stream.
    static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE_BYTES]);
}

/// The reading end of one stream and what was kept of it.
#[derive(Debug)]
pub(super) struct Capture {
    pipe: Option<pipe::Receiver>,
    kept: OutputKeeper,
    recorder: Option<Recorder>,
    stop_at: Option<u64>,
    enlarged: bool,
}

/// Why a stream is read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// Every writer has gone.
    Closed,
    /// More has come than the program was allowed to write. It may write on, but nobody reads.
    TooMuch,
}

/// What a read has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Taken,
    Nothing,
    Closed,
}

impl Capture {
    /// A capture that keeps up to `bytes_max`, and the end that the child writes to. With
    /// `stop_at` the stream must not be longer than that; without, it may be of any length. Without
    /// a `recorder`, nothing is on disk.
    pub(super) fn new(
        bytes_max: u64,
        stop_at: Option<u64>,
        recorder: Option<Recorder>,
    ) -> io::Result<(Self, OwnedFd)> {
        let (reading, writing) = pipe_with(PipeFlags::CLOEXEC)?;
        let pipe = Some(pipe::Receiver::from_owned_fd(reading)?);
        let kept = OutputKeeper::new(bytes_max);
        Ok((Self { pipe, kept, recorder, stop_at, enlarged: false }, writing))
    }

    /// Reads another pipe, before anything was read: that of a program whose streams are older than
    /// its order.
    pub(super) fn read_from(&mut self, reading: OwnedFd) -> io::Result<()> {
        self.pipe = Some(pipe::Receiver::from_owned_fd(reading)?);
        Ok(())
    }

    /// Reads until every writer has gone and all is recorded, or until too much has come. Nothing
    /// is lost when this future is dropped; it may be asked for again.
    pub(super) async fn until_closed(&mut self) -> StreamEnd {
        loop {
            if self.stop_at.is_some_and(|most| self.kept.total() > most) {
                return StreamEnd::TooMuch;
            }
            let due = self.recorder.as_ref().and_then(|recorder| recorder.due(&self.kept));
            if self.pipe.is_none() && due.is_none() {
                return StreamEnd::Closed;
            }
            tokio::select! {
                biased;
                () = self.next_piece(), if self.pipe.is_some() => {}
                () = reached(due) => {}
            }
            if let Some(recorder) = &mut self.recorder {
                recorder.record_when_due(&self.kept);
            }
        }
    }

    /// Takes what is in the pipe right now and is done. A process that was left behind may hold
    /// the pipe open for ever and may even write on: what had been written when the program
    /// ended fits into the pipe, so no more than a pipe's size is taken.
    pub(super) fn finish(mut self) -> Captured {
        let enough = self.kept.total() + LARGE_PIPE_BYTES as u64;
        // The kernel is asked, not the reactor, which may not have heard of the last bytes yet.
        let read = |pipe: &pipe::Receiver, piece: &mut [u8]| Ok(rustix::io::read(pipe, piece)?);
        while self.kept.total() < enough && self.read_piece(read) == Piece::Taken {}
        if let Some(recorder) = &mut self.recorder {
            recorder.finish(&self.kept);
        }
        self.kept.finish()
    }

    /// Waits for something to read and takes it in.
    async fn next_piece(&mut self) {
        let Some(pipe) = &self.pipe else { return };
        if pipe.readable().await.is_err() {
            // The reactor has gone, and nobody will ever say again that there is something.
            self.pipe = None;
            return;
        }
        let piece = self.read_piece(|pipe, piece| pipe.try_read(piece));
        if piece == Piece::Taken && self.enlarged {
            // A flood leaves the others on this thread their turn.
            tokio::task::yield_now().await;
        }
    }

    /// Reads once.
    fn read_piece(
        &mut self,
        read: impl FnOnce(&pipe::Receiver, &mut [u8]) -> io::Result<usize>,
    ) -> Piece {
        let Some(pipe) = &self.pipe else { return Piece::Closed };
        let read = PIECE.with_borrow_mut(|piece| {
            if self.enlarged && piece.len() < LARGE_PIPE_BYTES {
                piece.resize(LARGE_PIPE_BYTES, 0);
            }
            let read = read(pipe, piece);
            if let Ok(length) = read {
                self.kept.push(&piece[..length]);
            }
            read
        });
        match read {
            Ok(1..) => {
                self.enlarge_when_long();
                Piece::Taken
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Piece::Nothing,
            Ok(0) | Err(_) => {
                self.pipe = None;
                Piece::Closed
            }
        }
    }

    fn enlarge_when_long(&mut self) {
        if !self.enlarged && self.kept.total() > LONG_STREAM_BYTES {
            self.enlarged = true;
            if let Some(pipe) = &self.pipe {
                // Without the larger pipe the stream is only slower.
                let _ = fcntl_setpipe_size(pipe, LARGE_PIPE_BYTES);
            }
        }
    }
}

async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => future::pending().await,
    }
}

#[cfg(test)]
#[path = "capture/tests.rs"]
mod tests;
