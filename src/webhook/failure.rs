//! Why an attempt failed, in a class that programs can count and a sentence that people can read.
//! Tells nothing that was not already known to whoever set the URL.

use std::io;
use std::time::Duration;

use actix_web::error::ParseError;
use awc::error::{ConnectError, SendRequestError};

use super::address::Refusal;
use crate::domain::{AttemptOutcome, ErrorClass};

/// A failure that is not an answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) class: ErrorClass,
    sentence: String,
}

impl Failure {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self::new(ErrorClass::Refused, refusal.to_string())
    }

    pub(super) fn dns(host: &str, why: &str) -> Self {
        Self::new(ErrorClass::Dns, format!("The address of {host} could not be found: {why}."))
    }

    pub(super) fn timeout(deadline: Duration) -> Self {
        let sentence = format!("There was no answer within {} s.", deadline.as_secs_f64());
        Self::new(ErrorClass::Timeout, sentence)
    }

    /// What a request that brought no answer ran into.
    pub(super) fn sending(error: &SendRequestError) -> Self {
        let class = class_of(error);
        let sentence = match class {
            ErrorClass::Connect => format!("No connection could be made: {error}."),
            ErrorClass::Tls => format!("The TLS handshake failed: {error}."),
            ErrorClass::Timeout => "No connection could be made in time.".to_owned(),
            ErrorClass::Reset => "The connection was closed before there was an answer.".to_owned(),
            _ => format!("The answer was not HTTP: {error}."),
        };
        Self::new(class, sentence)
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

    fn new(class: ErrorClass, sentence: String) -> Self {
        Self { class, sentence }
    }
}

fn class_of(error: &SendRequestError) -> ErrorClass {
    match error {
        SendRequestError::Connect(ConnectError::Io(error)) => class_of_io(error),
        SendRequestError::Connect(ConnectError::Timeout) | SendRequestError::Timeout => {
            ErrorClass::Timeout
        }
        SendRequestError::Connect(ConnectError::Disconnected) | SendRequestError::Send(_) => {
            ErrorClass::Reset
        }
        SendRequestError::Connect(_) => ErrorClass::Connect,
        SendRequestError::Response(ParseError::Io(_)) => ErrorClass::Reset,
        SendRequestError::Response(ParseError::Incomplete) => ErrorClass::Reset,
        _ => ErrorClass::Protocol,
    }
}

/// rustls reports through `io::Error`; what is inside tells its failures from TCP's.
fn class_of_io(error: &io::Error) -> ErrorClass {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    match error.kind() {
        _ if is_tls => ErrorClass::Tls,
        // A peer that hangs up during the TLS handshake.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => ErrorClass::Tls,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ErrorClass::Reset,
        io::ErrorKind::TimedOut => ErrorClass::Timeout,
        _ => ErrorClass::Connect,
    }
}
