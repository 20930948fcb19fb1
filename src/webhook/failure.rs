//! Why an attempt failed, in a class that programs can count and a sentence that people can read.
//! Tells nothing that was not already known to whoever set the URL.

mod tls;

use std::io;
use std::time::Duration;

use awc::error::SendRequestError;

use super::address::Refusal;
use super::progress::Phase;
use super::wire::{Broken, Notes};
use crate::domain::{AttemptOutcome, ErrorClass};

/// A failure that is not an answer.
#[derive(Debug)]
pub(super) struct Failure {
    class: ErrorClass,
    sentence: String,
    /// The connection ended, and not a byte had come.
    is_unanswered: bool,
}

impl Failure {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::new(ErrorClass::Refused, refusal.to_string())
    }

    pub(super) fn dns(host: &str, why: &str) -> Self {
        Self::new(ErrorClass::Dns, format!("The address of {host} could not be found: {why}."))
    }

    /// A phase that was not over within `wait`: the attempt's deadline, or the phase's own. Name
    /// lookup and TLS have classes of their own, whichever clock it was that ran out.
    pub(super) fn too_slow(phase: Phase, wait: Duration, interim: Option<u16>) -> Self {
        let seconds = wait.as_secs_f64();
        let (class, sentence) = match (phase, interim) {
            (Phase::Dns, _) => {
                (ErrorClass::Dns, format!("The name lookup was not answered within {seconds} s."))
            }
            (Phase::Connect, _) => {
                (ErrorClass::Timeout, format!("No connection could be made within {seconds} s."))
            }
            (Phase::Tls, _) => {
                (ErrorClass::Tls, format!("The TLS handshake was not over within {seconds} s."))
            }
            (Phase::Answer, Some(status)) => (
                ErrorClass::Timeout,
                format!("There was only an interim answer ({status}) within {seconds} s."),
            ),
            (Phase::Answer, None) => {
                (ErrorClass::Timeout, format!("There was no answer within {seconds} s."))
            }
        };
        Self::new(class, sentence)
    }

    /// Why no TCP connection came about.
    pub(super) fn connecting(error: &io::Error) -> Self {
        let (class, why) = match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                (ErrorClass::Connect, "nothing listens there (connection refused)".to_owned())
            }
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                (ErrorClass::Connect, "there is no way to that address from here".to_owned())
            }
            io::ErrorKind::TimedOut => (ErrorClass::Timeout, "nobody answered".to_owned()),
            _ => (ErrorClass::Connect, error.to_string()),
        };
        Self::new(class, format!("No connection could be made: {why}."))
    }

    /// Why no TLS connection came about.
    pub(super) fn shaking_hands(host: &str, error: &io::Error) -> Self {
        Self::new(ErrorClass::Tls, format!("The TLS handshake failed: {}.", tls::why(host, error)))
    }

    /// Why a request that was being sent has no answer.
    pub(super) fn sending(error: &SendRequestError, notes: &Notes) -> Self {
        match notes.take_broken() {
            Some(Broken::NotHttp(sentence)) => Self::new(ErrorClass::Protocol, sentence),
            Some(Broken::Ended) => match (notes.first_byte(), notes.interim()) {
                (None, _) => Self {
                    is_unanswered: true,
                    ..Self::reset("The connection was closed before there was an answer.")
                },
                (_, Some(status)) => Self::reset(&format!(
                    "The connection was closed after an interim answer ({status}) and before the \
                     final one."
                )),
                (_, None) => Self::reset("The connection was closed in the head of the answer."),
            },
            // The library found the connection closed before it sent anything.
            None if matches!(error, SendRequestError::Connect(_)) => Self {
                is_unanswered: true,
                ..Self::reset("The connection was closed before the request was sent.")
            },
            None => {
                Self::new(ErrorClass::Protocol, format!("The request could not be sent: {error}."))
            }
        }
    }

    /// Whether the connection ended without a byte of an answer. On one that was used before, that
    /// says nothing of the receiver but that it closes what is idle.
    pub(super) const fn is_unanswered(&self) -> bool {
        self.is_unanswered
    }

    /// The failure of an address that was dialled after so many others.
    pub(super) fn after_others(mut self, others: usize) -> Self {
        if others > 0 {
            let tried = others + 1;
            let said = &self.sentence;
            self.sentence = format!("{said} It was the last of {tried} addresses that were tried.");
        }
        self
    }

    /// Its class and its sentence.
    pub(super) fn into_parts(self) -> (ErrorClass, String) {
        (self.class, self.sentence)
    }

    pub(super) fn into_outcome(self) -> AttemptOutcome {
        AttemptOutcome {
            error_class: Some(self.class),
            error: Some(self.sentence),
            ..AttemptOutcome::default()
        }
    }

    fn reset(sentence: &str) -> Self {
        Self::new(ErrorClass::Reset, sentence.to_owned())
    }

    const fn new(class: ErrorClass, sentence: String) -> Self {
        Self { class, sentence, is_unanswered: false }
    }
}
