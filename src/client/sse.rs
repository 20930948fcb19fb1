//! Server-sent events out of the bytes of a connection, as the HTML standard has them: in pieces that
//! may end anywhere, with any of the three ends of a line. Knows no event by name.

use std::mem;
use std::time::Duration;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Its name; `message` when it has none.
    pub(super) event: String,
    /// Its lines of data.
    pub(super) data: String,
}

/// Takes bytes in, gives events out.
#[derive(Debug, Default)]
pub(super) struct Parser {
    /// The beginning of a line that has not ended.
    line: Vec<u8>,
    /// Whether the last byte was a carriage return: a line feed behind it ends no second line.
    after_return: bool,
    has_begun: bool,
    event: String,
    data: String,
    /// What an event said of its place that is not over yet.
    id: Option<String>,
    /// The place to resume at.
    last_id: Option<String>,
    retry: Option<Duration>,
}

impl Parser {
    /// Reads on.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        for &byte in bytes {
            let follows_return = mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => messages.extend(self.end_line()),
                byte => self.line.push(byte),
            }
        }
        messages
    }

    /// How much is kept of an event that has not ended, in bytes.
    pub(super) const fn pending_bytes(&self) -> usize {
        self.line.len() + self.data.len()
    }

    /// The id of the last event that had one.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// How long the server wants to be left alone before a client comes back.
    pub(super) const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn end_line(&mut self) -> Option<Message> {
        let line = mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = match mem::replace(&mut self.has_begun, true) {
            false => line.strip_prefix('\u{feff}').unwrap_or(&line),
            true => &line,
        };
        if line.is_empty() {
            return self.dispatch();
        }
        // What begins with a colon has no name, and is a comment.
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        self.field(name, value.strip_prefix(' ').unwrap_or(value));
        None
    }

    fn field(&mut self, name: &str, value: &str) {
        match name {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis);
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Message> {
        self.last_id = self.id.take().or(self.last_id.take());
        let (event, mut data) = (mem::take(&mut self.event), mem::take(&mut self.data));
        // The end of the last line is no part of it; without any line there is no event.
        data.pop()?;
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(Message { event, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(event: &str, data: &str) -> Message {
        Message { event: event.to_owned(), data: data.to_owned() }
    }

    fn read(text: &str) -> Vec<Message> {
        Parser::default().take(text.as_bytes())
    }

    #[test]
    fn events_are_read_as_the_standard_has_them() {
        assert_eq!(read("data: a\n\n"), [message("message", "a")]);
        assert_eq!(read("event: x\ndata:a\ndata\ndata:  b\n\n"), [message("x", "a\n\n b")]);
        assert_eq!(read(": a comment\n\n:\n\nevent: x\n\n"), [], "nothing without data");
        assert_eq!(read("data: unfinished\n"), []);
        assert_eq!(read("\u{feff}data: a\n\n"), [message("message", "a")]);
        assert_eq!(read("other: x\nDATA: y\ndata: a\n\n"), [message("message", "a")]);
        for end in ["\n", "\r", "\r\n"] {
            let text = ["event: x", "data: a", "data: b", "", "data: c", "", ""].join(end);
            assert_eq!(read(&text), [message("x", "a\nb"), message("message", "c")], "{end:?}");
        }
    }

    #[test]
    fn a_place_counts_when_its_event_is_whole() {
        let mut parser = Parser::default();
        parser.take(b"id: 1-0\ndata: a\n\nid: 2-0\ndata: half");
        assert_eq!(parser.last_id(), Some("1-0"));
        parser.take(b"\n\ndata: without\n\n");
        assert_eq!(parser.last_id(), Some("2-0"));
        parser.take(b"id: a\0b\nretry: 1500\ndata: x\n\nretry: soon\n\n");
        assert_eq!(parser.last_id(), Some("2-0"), "a NUL is no place");
        assert_eq!(parser.retry(), Some(Duration::from_millis(1500)));
        assert_eq!(parser.pending_bytes(), 0);
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            "data: ?[a-z☃ :]{0,6}",
            Just("event: x".to_owned()),
            Just(": ☃".to_owned()),
            Just("id: 3-4".to_owned()),
            Just(String::new()),
        ];
        let end = prop_oneof![Just("\n"), Just("\r"), Just("\r\n")];
        prop::collection::vec((line, end), 0..20)
            .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
    }

    proptest! {
        #[test]
        fn it_is_all_the_same_where_the_pieces_end(text in text(), cuts in prop::collection::vec(0_usize..200, 0..10)) {
            let mut whole = Parser::default();
            let expected = whole.take(text.as_bytes());
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut parser = Parser::default();
            let mut found = Vec::new();
            for pair in cuts.windows(2) {
                found.extend(parser.take(&text.as_bytes()[pair[0]..pair[1]]));
            }
            prop_assert_eq!(found, expected);
            prop_assert_eq!(parser.last_id(), whole.last_id());
        }
    }
}
