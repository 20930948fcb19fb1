//! What a program writes, told while it writes it: its recording is read again and again, and the rest is
//! taken from the store when it has ended. Starts and cancels nothing.

use std::pin::pin;
use std::time::Duration;

use super::socket::{Gone, Line, Message};
use crate::actors::ended;
use crate::domain::{Captured, Execution, ExecutionId, Piece, Status, Tenant};
use crate::http::error::{Kind, Problem};
use crate::http::state::Api;
use crate::process::{Launcher, Stream};
use crate::store::StoreError;
use crate::webhook::payload::{hopx_execution_time, hopx_exit_code};

/// How soon a recording is looked at again while something comes; it is not written more often.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// How soon while nothing comes. A look costs two attempts to open a file.
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// How much of a stream one message has, in bytes. The clients take no message beyond a megabyte, and
/// JSON makes six bytes of some.
const PIECE_BYTES_MAX: usize = 32 * 1024;

const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

/// Why there is nothing more to tell.
pub(super) enum Cut {
    /// Nobody listens.
    Gone,
    /// It cannot be told any further.
    Problem(Problem),
}

impl From<Gone> for Cut {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<StoreError> for Cut {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

/// What is to be told of a stream next.
#[derive(Debug, PartialEq, Eq)]
struct Next {
    text: String,
    /// Up to where in the stream all is told then.
    until: u64,
}

/// How far each of both streams has been told.
type Told = [u64; 2];

/// Tells what an execution writes until it has ended, and how; gives whether it was a success.
pub(super) async fn follow(
    api: &Api,
    line: &mut Line,
    of: (&Tenant, ExecutionId),
) -> Result<bool, Cut> {
    let mut told = Told::default();
    let execution = until_ended(api, line, of, &mut told).await?;
    let captured = |stream| captured(&execution, stream);
    for (stream, told) in STREAMS.into_iter().zip(&mut told) {
        let read = |from| captured(stream)?.piece(from, PIECE_BYTES_MAX);
        while let Some(next) = next(*told, true, read) {
            tell(api, line, stream, &next).await?;
            *told = next.until;
        }
    }
    let result = Message::Result {
        execution_id: execution.id,
        exit_code: hopx_exit_code(&execution).unwrap_or_default(),
        execution_time: hopx_execution_time(&execution).unwrap_or_default(),
        timestamp: api.clock.now(),
    };
    line.say(&result).await?;
    Ok(execution.status() == Status::Completed)
}

/// Tells what is recorded until the execution has ended.
async fn until_ended(
    api: &Api,
    line: &mut Line,
    (tenant, id): (&Tenant, ExecutionId),
    told: &mut Told,
) -> Result<Execution, Cut> {
    let mut ending = pin!(ended(&api.supervisor, api.store.as_ref(), (tenant, id)));
    let mut stopping = pin!(waits_in_vain(api, (tenant, id)));
    let mut pause = PAUSE_MIN;
    loop {
        tokio::select! {
            biased;
            ended = &mut ending => return ended?.ok_or_else(|| Cut::Problem(Problem::not_found())),
            problem = &mut stopping => return Err(Cut::Problem(problem)),
            () = actix_rt::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSE_MAX);
        while tell_recorded(api, line, id, told).await? {
            pause = PAUSE_MIN;
        }
    }
}

/// Tells a piece of each stream that has one; whether there was any.
async fn tell_recorded(
    api: &Api,
    line: &mut Line,
    id: ExecutionId,
    told: &mut Told,
) -> Result<bool, Gone> {
    let (launcher, from) = (api.launcher.clone(), *told);
    let read = actix_web::web::block(move || recorded(&launcher, id, from)).await;
    // It fails only when the server is ending.
    let Ok(found) = read else { return Ok(false) };
    let mut is_any = false;
    for ((stream, next), told) in STREAMS.into_iter().zip(found).zip(told) {
        let Some(next) = next else { continue };
        tell(api, line, stream, &next).await?;
        *told = next.until;
        is_any = true;
    }
    Ok(is_any)
}

fn recorded(launcher: &Launcher, id: ExecutionId, from: Told) -> [Option<Next>; 2] {
    let read = |stream: Stream, from| {
        let piece = launcher.recorded_piece(id, stream, (from, PIECE_BYTES_MAX as u64));
        piece.unwrap_or_else(|error| {
            log::debug!(execution:% = id; "its {} cannot be followed: {error}", stream.as_str());
            None
        })
    };
    [0, 1].map(|index| next(from[index], false, |from| read(STREAMS[index], from)))
}

async fn tell(api: &Api, line: &mut Line, stream: Stream, next: &Next) -> Result<(), Gone> {
    let (data, timestamp) = (next.text.as_str(), api.clock.now());
    line.say(&match stream {
        Stream::Stdout => Message::Stdout { data, timestamp },
        Stream::Stderr => Message::Stderr { data, timestamp },
    })
    .await
}

/// Ends when the server stops and the execution still waits in the queue, where it then stays.
async fn waits_in_vain(api: &Api, (tenant, id): (&Tenant, ExecutionId)) -> Problem {
    api.draining.begun().await;
    match api.store.execution(tenant, id).await {
        Ok(Some(execution)) if execution.status() == Status::Queued => {
            let detail = format!("The server is stopping; the next one runs execution {id}.");
            Problem::new(Kind::Draining, detail)
        }
        // What runs has its end soon, and that is told.
        _ => std::future::pending().await,
    }
}

fn captured(execution: &Execution, stream: Stream) -> Option<&Captured> {
    let ended = execution.ended()?;
    Some(match stream {
        Stream::Stdout => &ended.stdout,
        Stream::Stderr => &ended.stderr,
    })
}

/// What comes after `from`, as text, with a mark where something was left out. A character of which
/// the rest is still to come is held back, unless the stream is over.
fn next(from: u64, is_over: bool, read: impl Fn(u64) -> Option<Piece>) -> Option<Next> {
    let mut piece = read(from)?;
    loop {
        if piece.offset > from {
            piece = piece.without_rest_of_character();
        }
        let whole = piece.clone().without_half_character();
        if !whole.bytes.is_empty() {
            return Some(Next::of(from, &whole));
        }
        // The rest of a character may also be what was left out.
        match read(piece.end()).filter(|behind| behind.offset > piece.end()) {
            Some(behind) => piece = behind,
            None => {
                let is_rest = is_over && !piece.bytes.is_empty();
                return is_rest.then(|| Next::of(from, &piece));
            }
        }
    }
}

impl Next {
    fn of(from: u64, piece: &Piece) -> Self {
        let text = String::from_utf8_lossy(&piece.bytes);
        let text = match piece.offset - from {
            0 => text.into_owned(),
            gap => format!("\n[... {gap} bytes left out ...]\n{text}"),
        };
        Self { text, until: piece.end() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is told of a stream that has these pieces, by where they begin.
    fn told(pieces: &[(u64, &[u8])], is_over: bool) -> (String, u64) {
        let read = |from: u64| {
            pieces.iter().find_map(|(offset, bytes)| {
                let skipped = usize::try_from(from.saturating_sub(*offset)).unwrap();
                let bytes = bytes.get(skipped..).filter(|bytes| !bytes.is_empty())?;
                Some(Piece { offset: from.max(*offset), bytes: bytes.to_vec() })
            })
        };
        let (mut text, mut from) = (String::new(), 0);
        while let Some(next) = next(from, is_over, read) {
            text.push_str(&next.text);
            from = next.until;
        }
        (text, from)
    }

    #[test]
    fn half_a_character_waits_for_its_rest_until_the_end() {
        let euro = "€".as_bytes();
        assert_eq!(told(&[(0, &euro[..2])], false), (String::new(), 0));
        assert_eq!(told(&[(0, euro)], false), ("€".to_owned(), 3));
        assert_eq!(told(&[(0, &euro[..2])], true), ("\u{FFFD}".to_owned(), 2));
        assert_eq!(told(&[(0, b"a\xff\xe2\x82")], false), ("a\u{FFFD}".to_owned(), 2));
    }

    #[test]
    fn what_was_left_out_is_marked_and_cuts_no_character() {
        let euro = "€".as_bytes();
        let marked = "ab\n[... 7 bytes left out ...]\nyz".to_owned();
        assert_eq!(told(&[(0, b"ab"), (9, b"yz")], false), (marked, 11));
        let (head, tail) = ([b"a", &euro[..1]].concat(), [&euro[1..], b"z"].concat());
        for is_over in [false, true] {
            let (text, until) = told(&[(0, &head), (9, &tail)], is_over);
            assert_eq!(text, "a\n[... 10 bytes left out ...]\nz");
            assert_eq!(until, 12);
        }
    }
}
