//! Takes in one output stream of a child without ever holding more than was asked for.
//! Knows nothing of processes: it reads a pipe until it is told that no more counts.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use tokio::net::unix::pipe;

use crate::domain::{Captured, OutputKeeper};

/// How much is read at once: what a pipe holds unless it is made larger.
const PIECE_BYTES: usize = 64 * 1024;

/// Enlarging a pipe pays 2.7 times in throughput, but an unprivileged user gets only 64 large
/// ones (pipe-user-pages-soft), so only streams that have shown that they are long get one.
const LONG_STREAM_BYTES: u64 = 256 * 1024;
const LARGE_PIPE_BYTES: usize = 1024 * 1024;

thread_local! {
    /// One buffer for all streams of a thread: a read never awaits while it is borrowed.
    static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE_BYTES]);
}

/// The reading end of one stream and what was kept of it.
#[derive(Debug)]
pub(super) struct Capture {
    pipe: Option<pipe::Receiver>,
    kept: OutputKeeper,
    enlarged: bool,
}

impl Capture {
    /// A capture that keeps up to `bytes_max`, and the end that the child writes to.
    pub(super) fn new(bytes_max: u64) -> io::Result<(Self, OwnedFd)> {
        let (reading, writing) = pipe_with(PipeFlags::CLOEXEC)?;
        let pipe = pipe::Receiver::from_owned_fd(reading)?;
        let kept = OutputKeeper::new(bytes_max);
        Ok((Self { pipe: Some(pipe), kept, enlarged: false }, writing))
    }

    /// Reads until every writer has gone. Nothing is lost when this future is dropped.
    pub(super) async fn until_closed(&mut self) {
        while let Some(pipe) = &self.pipe {
            if pipe.readable().await.is_err() {
                self.pipe = None;
            }
            self.read_piece();
        }
    }

    /// Takes what is in the pipe right now and is done. A process that was left behind may hold
    /// the pipe open for ever and may even write on: what had been written when the program
    /// ended fits into the pipe, so no more than a pipe's size is taken.
    pub(super) fn finish(mut self) -> Captured {
        let enough = self.kept.total() + LARGE_PIPE_BYTES as u64;
        while self.kept.total() < enough && self.read_piece() {}
        self.kept.finish()
    }

    /// Reads once; false when there was nothing to read.
    fn read_piece(&mut self) -> bool {
        let Some(pipe) = &self.pipe else { return false };
        let read = PIECE.with_borrow_mut(|piece| {
            let read = pipe.try_read(piece);
            if let Ok(length) = read {
                self.kept.push(&piece[..length]);
            }
            read
        });
        match read {
            Ok(0) => self.pipe = None,
            Ok(_) => self.enlarge_when_long(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => self.pipe = None,
        }
        self.pipe.is_some()
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
