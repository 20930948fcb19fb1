//! A WebSocket as HopX's clients use one: what is said goes out one message at a time, and what is heard
//! is handed on. Knows no execution.

use std::time::Duration;

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError, Session,
};
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use crate::domain::{ExecutionId, Timestamp};

/// How many messages may wait for the one before them to be answered.
const WAITING_MAX: usize = 4;

/// What a client is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Message<'a> {
    Stdout { data: &'a str, timestamp: Timestamp },
    Stderr { data: &'a str, timestamp: Timestamp },
    Result { execution_id: ExecutionId, exit_code: i32, execution_time: f64, timestamp: Timestamp },
    Error { error: &'a str, message: &'a str, code: &'static str, timestamp: Timestamp },
    Complete { success: bool, timestamp: Timestamp },
}

/// The other side is not there any more.
#[derive(Debug)]
pub(super) struct Gone;

/// How a socket ends.
pub(super) enum Parting {
    /// The other side has closed it.
    Theirs,
    /// We close it, for this reason.
    Ours(CloseReason),
    /// We close it because of what the other side says, and while it says it.
    Refused(CloseReason),
    /// There is nobody any more.
    Lost,
}

impl Parting {
    /// What the other side is told.
    pub(super) fn reason(self) -> Option<CloseReason> {
        match self {
            Self::Theirs => Some(CloseCode::Normal.into()),
            Self::Ours(reason) | Self::Refused(reason) => Some(reason),
            Self::Lost => None,
        }
    }
}

/// The way out.
pub(super) struct Line {
    session: Session,
    pongs: watch::Receiver<u64>,
    said: u64,
}

/// The way in.
pub(super) struct Ear {
    session: Session,
    messages: AggregatedMessageStream,
    pongs: watch::Sender<u64>,
    heard: mpsc::Sender<String>,
    silence_max: Duration,
}

/// Both ways of a socket, and what comes in by them. After so much silence the other side is asked
/// whether it is there; after as much again it has gone.
pub(super) fn socket(
    session: Session,
    messages: AggregatedMessageStream,
    silence_max: Duration,
) -> (Line, Ear, mpsc::Receiver<String>) {
    let (pong, pongs) = watch::channel(0);
    let (hear, heard) = mpsc::channel(WAITING_MAX);
    let line = Line { session: session.clone(), pongs, said: 0 };
    (line, Ear { session, messages, pongs: pong, heard: hear, silence_max }, heard)
}

impl Line {
    /// Sends a message, and waits until the other side has taken it.
    ///
    /// A ping follows each message, and its pong is waited for. One of the published clients looks for
    /// each message anew, and loses whatever comes in one piece with the message before it. It also
    /// means that no more than one message ever waits for a slow reader.
    pub(super) async fn say(&mut self, message: &Message<'_>) -> Result<(), Gone> {
        let text = serde_json::to_string(message).expect("plain fields can always be written");
        self.said += 1;
        let said = self.said;
        self.session.text(text).await.map_err(|_| Gone)?;
        self.session.ping(&said.to_be_bytes()).await.map_err(|_| Gone)?;
        self.pongs.wait_for(|seen| *seen >= said).await.map_err(|_| Gone)?;
        Ok(())
    }
}

impl Ear {
    /// Listens until the other side closes, has gone, or says what it may not.
    pub(super) async fn listen(self) -> Parting {
        self.until_parting().await.unwrap_or(Parting::Lost)
    }

    async fn until_parting(mut self) -> Option<Parting> {
        let mut is_asked = false;
        loop {
            let heard = actix_rt::time::timeout(self.silence_max, self.messages.recv()).await;
            let Ok(heard) = heard else {
                if is_asked {
                    return None;
                }
                is_asked = true;
                self.session.ping(&[]).await.ok()?;
                continue;
            };
            is_asked = false;
            let text = match heard? {
                Ok(AggregatedMessage::Text(text)) => text.to_string(),
                Ok(AggregatedMessage::Binary(bytes)) => match String::from_utf8(bytes.into()) {
                    Ok(text) => text,
                    Err(_) => return Some(Parting::Refused(not_utf_8())),
                },
                Ok(AggregatedMessage::Ping(bytes)) => {
                    self.session.pong(&bytes).await.ok()?;
                    continue;
                }
                Ok(AggregatedMessage::Pong(bytes)) => {
                    self.pong(&bytes);
                    continue;
                }
                Ok(AggregatedMessage::Close(_)) => return Some(Parting::Theirs),
                Err(error) => return refusal(&error).map(Parting::Refused),
            };
            match self.heard.try_send(text) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    let why = "too many requests wait for the one before them";
                    return Some(Parting::Refused(reason(CloseCode::Policy, why)));
                }
                Err(TrySendError::Closed(_)) => return None,
            }
        }
    }

    /// Every pong takes those before it along; one that we did not ask for says nothing.
    fn pong(&self, bytes: &[u8]) {
        let Ok(bytes) = bytes.try_into() else { return };
        let number = u64::from_be_bytes(bytes);
        self.pongs.send_if_modified(|seen| {
            let is_new = number > *seen;
            *seen = number.max(*seen);
            is_new
        });
    }
}

/// A reason to close, with its words.
pub(super) fn reason(code: CloseCode, why: &str) -> CloseReason {
    CloseReason { code, description: Some(why.to_owned()) }
}

fn not_utf_8() -> CloseReason {
    reason(CloseCode::Invalid, "the message is not UTF-8")
}

/// What to close with when this was heard.
fn refusal(error: &ProtocolError) -> Option<CloseReason> {
    Some(match error {
        ProtocolError::Overflow => {
            reason(CloseCode::Size, "the message is longer than this server takes")
        }
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => not_utf_8(),
        ProtocolError::Io(_) => return None,
        other => reason(CloseCode::Protocol, &other.to_string()),
    })
}
