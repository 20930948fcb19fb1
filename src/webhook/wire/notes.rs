//! What a wire tells whoever made it: how far an exchange has come, and why it goes no further.
//! Reads and writes nothing.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, Instant};

use super::super::head::Head;

/// What a wire tells whoever made it. One request is on it at a time.
#[derive(Default)]
pub(in super::super) struct Notes {
    pub(super) stage: Cell<Stage>,
    pub(super) asked: Cell<Option<Instant>>,
    pub(super) first_byte: Cell<Option<Duration>>,
    pub(super) interim: Cell<Option<u16>>,
    pub(super) head: Cell<Option<Head>>,
    pub(super) broken: RefCell<Option<Broken>>,
    /// The answer ended before its own end.
    pub(super) is_cut: Cell<bool>,
    /// The request was not sent whole, or more than one answer came to it.
    pub(super) is_spoilt: Cell<bool>,
}

/// Where an exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    /// Nobody waits for anything: what comes now belongs to no answer.
    #[default]
    Resting,
    /// A request is being sent, or the head of its answer is awaited.
    Head,
    /// The head has come, and of the body so many bytes are still to come, if that is known.
    Body(Option<u64>),
}

/// Why there is no answer.
#[derive(Debug)]
pub(in super::super) enum Broken {
    /// The connection ended, in good order or not.
    Ended,
    /// What came is no answer; the sentence says why.
    NotHttp(String),
}

impl Notes {
    /// How long the first byte took, once the request was being sent.
    pub(in super::super) fn first_byte(&self) -> Option<Duration> {
        self.first_byte.get()
    }

    /// The status of the last interim answer.
    pub(in super::super) fn interim(&self) -> Option<u16> {
        self.interim.get()
    }

    /// The final head.
    pub(in super::super) fn head(&self) -> Option<Head> {
        self.head.get()
    }

    /// Why there is no answer; once.
    pub(in super::super) fn take_broken(&self) -> Option<Broken> {
        self.broken.take()
    }

    /// Whether the connection ended before the body did.
    pub(in super::super) fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Whether the answer has been read to its last byte, and not one more has come. Where chunks
    /// end, only the HTTP library knows.
    pub(in super::super) fn is_at_rest(&self) -> bool {
        let is_kept = self.head.get().is_some_and(|head| head.is_kept);
        is_kept && self.stage.get() == Stage::Body(Some(0)) && !self.is_spoilt.get()
    }

    /// A request begins.
    pub(super) fn begin(&self) {
        self.stage.set(Stage::Head);
        self.asked.set(Some(Instant::now()));
        self.first_byte.set(None);
        self.interim.set(None);
        self.head.set(None);
        self.broken.take();
        self.is_cut.set(false);
        self.is_spoilt.set(false);
    }

    pub(super) fn end(&self, broken: Broken) -> io::Error {
        self.broken.replace(Some(broken));
        // What is said is in the notes; the library only has to stop.
        io::Error::from(io::ErrorKind::UnexpectedEof)
    }

    pub(super) fn has_come(&self) {
        if self.first_byte.get().is_none() {
            self.first_byte.set(self.asked.get().map(|asked| asked.elapsed()));
        }
    }
}
