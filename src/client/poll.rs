//! Follows an execution by asking again and again, where a server has no events: how it stands, and
//! what there is of its output behind what is known. Hands on the same as the events would.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::events::{Event, Piece, Position};
use super::{Client, Error, Stream};
use crate::bodies::Record;
use crate::domain::Status;

/// How long the server holds its answer back for the end, and so how often it is asked.
const HELD: Duration = Duration::from_millis(250);

/// What is known of an execution so far.
#[derive(Debug)]
pub(super) struct Poll {
    position: Position,
    status: Option<Status>,
    attempt: u32,
    ready: VecDeque<Event>,
}

impl Poll {
    pub(super) fn from(position: Position) -> Self {
        Self { position, status: None, attempt: 1, ready: VecDeque::new() }
    }

    /// The next event, however often must be asked.
    pub(super) async fn next(&mut self, client: &Client, id: &str) -> Result<Event, Error> {
        loop {
            match self.ready.pop_front() {
                Some(event) => return Ok(event),
                None => self.look(client, id).await?,
            }
        }
    }

    async fn look(&mut self, client: &Client, id: &str) -> Result<(), Error> {
        // The first look is for what there is.
        let held = if self.status.is_some() { HELD } else { Duration::ZERO };
        let record: Record = client.held(id, held).await?;
        if record.attempt != self.attempt {
            // It runs anew, and writes anew.
            (self.position, self.attempt, self.status) =
                (Position::default(), record.attempt, None);
        }
        self.tell_status(record.status);
        if record.status != Status::Queued {
            // The record was read first: what had been written by its end is there now.
            let stdout = piece(client, id, Stream::Stdout, self.position.stdout).await?;
            let stderr = piece(client, id, Stream::Stderr, self.position.stderr).await?;
            self.position.stdout += stdout.bytes.len() as u64;
            self.position.stderr += stderr.bytes.len() as u64;
            let written = [Event::Stdout(stdout), Event::Stderr(stderr)];
            self.ready.extend(written.into_iter().filter(has_bytes));
        }
        if record.status.is_terminal() {
            self.ready.push_back(Event::End(Box::new(record)));
        }
        Ok(())
    }

    /// An end is told by its record alone.
    fn tell_status(&mut self, status: Status) {
        if self.status.replace(status) != Some(status) && !status.is_terminal() {
            let (status, attempt) = (status.as_str().into(), self.attempt);
            self.ready.push_back(Event::Status { status, attempt });
        }
    }
}

fn has_bytes(event: &Event) -> bool {
    match event {
        Event::Stdout(piece) | Event::Stderr(piece) => !piece.bytes.is_empty(),
        Event::Status { .. } | Event::End(_) => true,
    }
}

/// What there is from `offset` on.
async fn piece(client: &Client, id: &str, stream: Stream, offset: u64) -> Result<Piece, Error> {
    let bytes = match client.output_part(id, stream, offset..).await {
        Ok(output) => output.bytes,
        // Less is kept than was there before: its middle has been given up meanwhile.
        Err(error) if error.status() == Some(416) => Bytes::new(),
        Err(error) => return Err(error),
    };
    Ok(Piece { offset, bytes, skipped: 0 })
}
