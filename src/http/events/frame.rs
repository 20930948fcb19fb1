//! How events are written on the wire, and handed out in small pieces: however large an event is, no
//! connection has more than a little of it to itself. Knows no execution.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::super::follow::Place;
use super::resume;
use crate::domain::Status;

/// How much is handed out at a time, in bytes.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// What is to be sent.
pub(super) struct Frames(VecDeque<Bytes>);

impl Frames {
    /// The beginning of a stream.
    pub(super) fn beginning(retry: Duration) -> Self {
        let mut frames = Self(VecDeque::new());
        frames.retry(retry);
        frames
    }

    /// How soon a client that loses its stream connects again.
    pub(super) fn retry(&mut self, after: Duration) {
        self.0.push_back(format!("retry: {}\n\n", after.as_millis()).into());
    }

    /// What no client is told of.
    pub(super) fn comment(&mut self, text: &str) {
        self.0.push_back(format!(": {text}\n\n").into());
    }

    /// How an execution stands.
    pub(super) fn status(&mut self, place: Place, status: Status, attempt: u32) {
        #[derive(Serialize)]
        struct Data {
            status: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            attempt: Option<u32>,
        }
        let data = Data { status: status.as_str(), attempt: (attempt > 1).then_some(attempt) };
        let data = serde_json::to_vec(&data).expect("plain fields can always be written");
        self.event("status", place, data.into());
    }

    /// An event with JSON, in which there is no line break. It is shared with whoever is told the same.
    pub(super) fn event(&mut self, name: &str, place: Place, json: Bytes) {
        let head = format!("event: {name}\nid: {}\ndata: ", resume::id(place));
        if head.len() + json.len() < PIECE_BYTES_MAX {
            // Some clients, against the standard, take what comes at once for an event.
            self.0.push_back([head.as_bytes(), &json, b"\n\n"].concat().into());
            return;
        }
        self.0.push_back(head.into());
        self.0.push_back(json);
        self.0.push_back(Bytes::from_static(b"\n\n"));
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        let first = self.0.front_mut()?;
        if first.len() > PIECE_BYTES_MAX {
            return Some(first.split_to(PIECE_BYTES_MAX));
        }
        self.0.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut frames: Frames) -> Vec<Bytes> {
        std::iter::from_fn(|| frames.next()).collect()
    }

    #[test]
    fn a_stream_begins_with_how_soon_to_come_again_and_each_event_has_an_id() {
        let mut frames = Frames::beginning(Duration::from_secs(1));
        let place = |attempt| Place { attempt, told: [7, 3] };
        frames.status(place(1), Status::Running, 1);
        frames.comment("keep-alive");
        frames.event("stdout", place(2), Bytes::from_static(b"{}"));
        frames.status(place(2), Status::Queued, 2);
        let text = String::from_utf8(all(frames).concat()).unwrap();
        let expected = "retry: 1000\n\n\
                        event: status\nid: 7-3\ndata: {\"status\":\"running\"}\n\n\
                        : keep-alive\n\n\
                        event: stdout\nid: 7-3-2\ndata: {}\n\n\
                        event: status\nid: 7-3-2\ndata: {\"status\":\"queued\",\"attempt\":2}\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_large_event_is_handed_out_piece_by_piece_and_whole() {
        let mut frames = Frames(VecDeque::new());
        let json = Bytes::from(vec![b'x'; 5 * PIECE_BYTES_MAX / 2]);
        frames.event("end", Place { attempt: 1, told: [0; 2] }, json.clone());
        let pieces = all(frames);
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES_MAX));
        let whole = [b"event: end\nid: 0-0\ndata: ", json.as_ref(), b"\n\n"].concat();
        assert!(pieces.concat() == whole);
    }
}
