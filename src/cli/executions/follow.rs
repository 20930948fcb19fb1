//! An execution as it goes on, on our own stdout and stderr: what it writes comes out where it was
//! written, in its own bytes. Changes nothing about it.

use std::io;

use crate::bodies::Record;
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::terminal::write;
use crate::client::{Event, Piece, Stream};

/// Which streams are shown, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Each on our own.
    Both,
    /// Only one, on our stdout.
    Only(Stream),
}

impl Shown {
    /// Whether a stream is shown at all.
    pub(super) fn has(self, stream: Stream) -> bool {
        self == Self::Both || self == Self::Only(stream)
    }

    /// Writes what a stream has, byte for byte.
    pub(super) fn write(self, stream: Stream, bytes: &[u8]) -> Result<(), Failure> {
        match (self, stream) {
            (Self::Both, Stream::Stderr) => write(&mut io::stderr().lock(), bytes),
            _ => write(&mut io::stdout().lock(), bytes),
        }
    }
}

/// Shows what it writes until it has ended, and gives its record.
pub(super) async fn follow(client: &Client, id: &str, shown: Shown) -> Result<Record, Failure> {
    let mut events = client.typed().events(id, None);
    let mut run = None;
    while let Some(event) = events.next().await {
        match event? {
            Event::Stdout(piece) => show(shown, Stream::Stdout, &piece)?,
            Event::Stderr(piece) => show(shown, Stream::Stderr, &piece)?,
            Event::End(record) => return Ok(*record),
            Event::Status { attempt, .. } => {
                // What comes now has been written by another run, from its beginning on.
                if run.replace(attempt).is_some_and(|before| before != attempt) {
                    eprintln!("ringback: it was interrupted and begins anew, attempt {attempt}");
                }
            }
        }
    }
    Err(Failure::failed("the server stopped telling of it before its end"))
}

fn show(shown: Shown, stream: Stream, piece: &Piece) -> Result<(), Failure> {
    if !shown.has(stream) {
        return Ok(());
    }
    if piece.skipped > 0 {
        let (bytes, name) = (piece.skipped, stream.as_str());
        eprintln!("ringback: {bytes} bytes of its {name} were not kept");
    }
    shown.write(stream, &piece.bytes)
}
