//! What is known of an attempt while it goes on, and after its deadline has cut it off.
//! Judges nothing of it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::domain::{AttemptOutcome, Timings};

/// What an attempt is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// Finding the address.
    #[default]
    Dns,
    /// The TCP handshake.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request and waiting for the head of its answer.
    Answer,
}

/// How far an attempt has come.
#[derive(Default)]
pub(super) struct Progress {
    phase: Cell<Phase>,
    pub(super) address: Cell<Option<SocketAddr>>,
    pub(super) dns: Cell<Option<Duration>>,
    pub(super) connect: Cell<Option<Duration>>,
    pub(super) tls: Cell<Option<Duration>>,
    pub(super) first_byte: Cell<Option<Duration>>,
    /// The status of an interim answer that no final one has followed yet.
    pub(super) interim: Cell<Option<u16>>,
    pub(super) answer: RefCell<Option<AttemptOutcome>>,
    pub(super) body: RefCell<Vec<u8>>,
}

impl Progress {
    /// What it is at.
    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// A phase begins.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    /// The answer as far as it has come; once.
    pub(super) fn take_answer(&self) -> Option<AttemptOutcome> {
        let mut answer = self.answer.take()?;
        answer.response_body = String::from_utf8_lossy(&self.body.take()).into_owned();
        Some(answer)
    }

    /// How long the phases took that are over.
    pub(super) fn timings(&self, began: Instant) -> Timings {
        Timings {
            dns: self.dns.get(),
            connect: self.connect.get(),
            tls: self.tls.get(),
            first_byte: self.first_byte.get(),
            total: began.elapsed(),
        }
    }
}
