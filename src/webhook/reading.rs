//! Reads an answer whose head has come: the beginning of its body, for as long as that makes sense.
//! What the receiver has said by its status counts, whatever becomes of the body: a 2xx is a
//! success though the rest be late, huge or cut off.

use std::time::Duration;

use actix_rt::time::timeout;
use futures_util::StreamExt;

use super::connection::Answer;
use super::head::Framing;
use super::progress::Progress;
use super::response;
use super::wire::Notes;
use crate::domain::{AttemptOutcome, Timestamp};

/// How long a body may pause that ends with its connection. Receivers that forget to say how long
/// their answer is often forget to close the connection too, and have nothing more to say.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The answer, with at most so many bytes of its body. What `progress` has is true at every moment,
/// for the deadline may end this anywhere.
pub(super) async fn read(
    mut answer: Answer,
    bytes_max: usize,
    now: Timestamp,
    notes: &Notes,
    progress: &Progress,
) -> AttemptOutcome {
    let head = response::head_of(answer.status(), answer.headers(), now);
    let framing = notes.head().map(|head| head.framing);
    if framing == Some(Framing::Empty) {
        return head;
    }
    // Truncated until it has ended.
    progress.answer.replace(Some(AttemptOutcome { response_truncated: true, ..head }));
    let mut is_whole = false;
    loop {
        let piece = match framing {
            Some(Framing::UntilClose) => timeout(PAUSE_MAX, answer.next()).await,
            _ => Ok(answer.next().await),
        };
        let Ok(Some(Ok(piece))) = piece else {
            // A connection that is closed too early ends the body as if that were its end.
            is_whole = matches!(piece, Ok(None)) && !notes.is_cut();
            break;
        };
        let mut body = progress.body.borrow_mut();
        let room = bytes_max - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            break;
        }
    }
    let answer = progress.take_answer().unwrap_or_default();
    AttemptOutcome { response_truncated: !is_whole, ..answer }
}
