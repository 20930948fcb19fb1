//! An execution as it goes on: its states, what it writes, and its end. A connection that breaks is
//! made again where it broke; a server that has no events is asked again and again instead.
//! Keeps nothing of what it has handed on.

use std::collections::VecDeque;
use std::fmt;
use std::fmt::Display;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{Stream as Futures, stream};
use serde::Deserialize;

use super::exchange::{ANSWER_BYTES_MAX, Ask, Opened};
use super::poll::Poll;
use super::retry::Retry;
use super::sse::{Message, Parser};
use super::{Client, Error};
use crate::bodies::{Record, Word};

/// How long a server may say nothing at all. It sends a comment every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// Something that happened to an execution.
#[derive(Debug, Clone)]
pub enum Event {
    /// It stands so now.
    Status {
        /// `queued`, `running`, …
        status: Word,
        /// Which run of it that is, from 1. What a later run writes begins anew.
        attempt: u32,
    },
    /// It has written to standard output.
    Stdout(Piece),
    /// It has written to standard error.
    Stderr(Piece),
    /// It has ended, and this is its record. Nothing comes after it.
    End(Box<Record>),
}

/// A piece of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins in what is kept.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Bytes,
    /// How many bytes before it were not kept.
    pub skipped: u64,
}

/// Where to go on: how many bytes of each stream are known already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Of standard output.
    pub stdout: u64,
    /// Of standard error.
    pub stderr: u64,
}

impl Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stdout, self.stderr)
    }
}

/// The events of an execution, one after the other. What has come is not lost when `next` is dropped.
pub struct Events {
    client: Client,
    id: String,
    source: Source,
    /// The place to resume at, in the server's own words.
    place: Option<String>,
    from: Position,
    retry: Retry,
    is_reached: bool,
    last_status: Option<(Word, u32)>,
    is_over: bool,
}

enum Source {
    None,
    Connection(Box<Connection>),
    Poll(Poll),
}

struct Connection {
    opened: Opened,
    parser: Parser,
    messages: VecDeque<Message>,
}

/// The data of `status`.
#[derive(Deserialize)]
struct StatusData {
    status: Word,
    /// Said only of later attempts than the first.
    attempt: Option<u32>,
}

/// The data of `stdout` and `stderr`.
#[derive(Deserialize)]
struct PieceData {
    offset: u64,
    text: Option<String>,
    base64: Option<String>,
    #[serde(default)]
    skipped: u64,
}

impl Client {
    /// Follows an execution from its beginning, or from a place on, until its end. The first question
    /// is asked by the first `next`.
    ///
    /// ```no_run
    /// # use ringback::client::{Client, Error, Event};
    /// # async fn example(client: &Client, id: &str) -> Result<(), Error> {
    /// let mut events = client.events(id, None);
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         Event::Stdout(piece) => print!("{}", String::from_utf8_lossy(&piece.bytes)),
    ///         Event::End(record) => println!("{}", record.status),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self, id: impl Display, from: Option<Position>) -> Events {
        Events {
            client: self.clone(),
            id: id.to_string(),
            source: Source::None,
            place: from.map(|from| from.to_string()),
            from: from.unwrap_or_default(),
            retry: Retry::of_a_wait(),
            is_reached: false,
            last_status: None,
            is_over: false,
        }
    }
}

impl Events {
    /// The next event; none after the end, and after an error that is not going to pass.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        while !self.is_over {
            match self.step().await {
                Ok(Some(event)) => {
                    self.is_over = matches!(event, Event::End(_));
                    return Some(Ok(event));
                }
                Ok(None) => {}
                Err(error) => match self.pause_after(&error) {
                    Some(pause) => {
                        if !matches!(self.source, Source::Poll(_)) {
                            self.source = Source::None;
                        }
                        tokio::time::sleep(pause).await;
                    }
                    None => {
                        self.is_over = true;
                        return Some(Err(error));
                    }
                },
            }
        }
        None
    }

    /// The same for whoever prefers a stream.
    pub fn into_stream(self) -> impl Futures<Item = Result<Event, Error>> {
        stream::unfold(self, async |mut events| events.next().await.map(|event| (event, events)))
    }

    fn pause_after(&mut self, error: &Error) -> Option<Duration> {
        match error {
            // Nobody waits for a server that was not there in the first place.
            Error::Unreachable { .. } if !self.is_reached => None,
            error => self.retry.pause_after(error),
        }
    }

    /// One step further: a connection, a piece of it, an event that is news.
    async fn step(&mut self) -> Result<Option<Event>, Error> {
        let event = match &mut self.source {
            Source::None => {
                self.source = self.begin().await?;
                self.is_reached = true;
                None
            }
            Source::Poll(poll) => {
                let event = poll.next(&self.client, &self.id).await?;
                self.retry.succeeded();
                Some(event)
            }
            Source::Connection(connection) => match connection.messages.pop_front() {
                Some(message) => event(&self.client, &message)?,
                None => {
                    connection.read(&self.client).await?;
                    let parser = &connection.parser;
                    self.place = parser.last_id().map(str::to_owned).or(self.place.take());
                    if !connection.messages.is_empty() {
                        self.retry.succeeded();
                    }
                    if let Some(pause) = parser.retry() {
                        self.retry.begin_with(pause);
                    }
                    None
                }
            },
        };
        Ok(event.filter(|event| self.is_news(event)))
    }

    /// Whoever comes back is told again how it stands.
    fn is_news(&mut self, event: &Event) -> bool {
        let Event::Status { status, attempt } = event else { return true };
        let now = (status.clone(), *attempt);
        self.last_status.replace(now.clone()) != Some(now)
    }

    async fn begin(&self) -> Result<Source, Error> {
        let ask = Ask::get(&["v1", "executions", &self.id, "events"]);
        let ask = ask.header("accept", "text/event-stream".to_owned());
        let ask = match &self.place {
            Some(place) => ask.header("last-event-id", place.clone()),
            None => ask,
        };
        let opened = match self.client.open(ask).await {
            // Either there is no such execution, or a server that has no events yet.
            Err(error) if error.status() == Some(404) => {
                self.client.get(&self.id).await?;
                return Ok(Source::Poll(Poll::from(self.from)));
            }
            opened => opened?,
        };
        let (parser, messages) = (Parser::default(), VecDeque::new());
        Ok(Source::Connection(Box::new(Connection { opened, parser, messages })))
    }
}

impl Connection {
    /// Reads on, which brings events or not.
    async fn read(&mut self, client: &Client) -> Result<(), Error> {
        let Some(piece) = client.piece(&mut self.opened, SILENCE_MAX).await? else {
            return Err(client.broken_off("it ended before the execution did"));
        };
        self.messages.extend(self.parser.take(&piece));
        match self.parser.pending_bytes() > ANSWER_BYTES_MAX {
            true => Err(client.foreign(b"an event that does not end")),
            false => Ok(()),
        }
    }
}

/// What a message says; nothing when only a later client would know.
fn event(client: &Client, message: &Message) -> Result<Option<Event>, Error> {
    let bad = || client.foreign(message.data.as_bytes());
    let event = match message.event.as_str() {
        "status" => serde_json::from_str(&message.data).map(|data: StatusData| Event::Status {
            status: data.status,
            attempt: data.attempt.unwrap_or(1),
        }),
        "stdout" => return Ok(Some(Event::Stdout(piece(&message.data).ok_or_else(bad)?))),
        "stderr" => return Ok(Some(Event::Stderr(piece(&message.data).ok_or_else(bad)?))),
        "end" => serde_json::from_str(&message.data).map(|record| Event::End(Box::new(record))),
        _ => return Ok(None),
    };
    event.map(Some).map_err(|_| bad())
}

fn piece(data: &str) -> Option<Piece> {
    let PieceData { offset, text, base64, skipped } = serde_json::from_str(data).ok()?;
    let bytes = match (text, base64) {
        (Some(text), _) => text.into_bytes(),
        (None, Some(base64)) => STANDARD.decode(base64).ok()?,
        (None, None) => return None,
    };
    Some(Piece { offset, bytes: bytes.into(), skipped })
}
