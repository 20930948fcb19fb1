//! Tells endpoints that asked for it what happens before the end: that a program was started, and
//! what it has written since. None of it may be told after the end; the store sees to that.

use actix_rt::task::spawn_blocking;

use super::engine::EngineParts;
use super::settle::owed;
use crate::domain::{Endpoint, Epoch, Event, EventId, EventType, Execution, ExecutionId, Piece};
use crate::process::{Launcher, Stream};
use crate::store::{Announcement, Settled};
use crate::webhook::payload::{self, Told};

/// How much of a stream is told at once, in bytes. The rest is told the next time.
const PIECE_BYTES_MAX: u64 = 32 * 1024;

/// How far each stream has been told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offsets {
    stdout: u64,
    stderr: u64,
}

/// Tells that a program was started; answers whether that is owed now.
pub(super) async fn tell_started(parts: EngineParts, execution: Execution, epoch: Epoch) -> bool {
    let Some(endpoint) = execution.endpoint.clone() else { return false };
    let kind = EventType::Started;
    let event = Event { id: EventId::generate(), kind, execution: execution.clone() };
    let body = payload::body(endpoint.payload_format, &event, &parts.settings.payload_room);
    announce(&parts, &endpoint, (kind, body), (&execution, epoch)).await
}

/// Tells what a program has written beyond these offsets; answers up to where that is owed now,
/// or nothing when there is nothing new, or the last of it has not been taken yet.
pub(super) async fn tell_output(
    parts: EngineParts,
    execution: Execution,
    epoch: Epoch,
    from: Offsets,
) -> Option<Offsets> {
    let endpoint = execution.endpoint.clone()?;
    let (launcher, id) = (parts.launcher.clone(), execution.id);
    let read = spawn_blocking(move || {
        (
            piece(&launcher, id, Stream::Stdout, from.stdout),
            piece(&launcher, id, Stream::Stderr, from.stderr),
        )
    });
    let (stdout, stderr) = read.await.ok()?;
    if stdout.is_none() && stderr.is_none() {
        return None;
    }
    let told = Told { stdout, stderr };
    let body = payload::output_body(&execution, &told, parts.clock.now());
    let until = Offsets {
        stdout: told.stdout.as_ref().map_or(from.stdout, Piece::end),
        stderr: told.stderr.as_ref().map_or(from.stderr, Piece::end),
    };
    let event = (EventType::Output, body);
    announce(&parts, &endpoint, event, (&execution, epoch)).await.then_some(until)
}

/// The next piece of a stream, if there is one. That one cannot be read is no reason to fail.
fn piece(launcher: &Launcher, id: ExecutionId, stream: Stream, from: u64) -> Option<Piece> {
    let piece = launcher.recorded_piece(id, stream, (from, PIECE_BYTES_MAX));
    let piece = piece.unwrap_or_else(|error| {
        log::debug!(execution:% = id; "its {} cannot be told: {error}", stream.as_str());
        None
    });
    piece.map(Piece::without_half_character).filter(|piece| !piece.bytes.is_empty())
}

async fn announce(
    parts: &EngineParts,
    endpoint: &Endpoint,
    (kind, body): (EventType, Vec<u8>),
    (execution, epoch): (&Execution, Epoch),
) -> bool {
    let delivery = owed(parts, endpoint, (EventId::generate(), kind), execution, body);
    let announcement = Announcement { execution: execution.id, epoch, delivery };
    match parts.store.announce(announcement).await {
        Ok(settled) => settled == Settled::Written,
        // News of this kind is not worth holding anything up for.
        Err(error) => {
            log::debug!(
                execution:% = execution.id,
                trace_id = execution.trace_id().as_deref();
                "{} cannot be told: {error}",
                kind.as_str()
            );
            false
        }
    }
}
