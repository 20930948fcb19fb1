//! What was kept of a program's output: its head and its tail, and how long it truly was.
//! Does not do the keeping.

/// What was kept of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// The first bytes; all of them when nothing was left out.
    pub head: Vec<u8>,
    /// The last bytes, when the middle was left out.
    pub tail: Vec<u8>,
    /// How many bytes the program wrote in all.
    pub total: u64,
}

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Where in the stream it begins.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Piece {
    /// Where in the stream the next one begins.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// The piece without a character at its end of which the rest is still to come.
    pub fn without_half_character(mut self) -> Self {
        let half = half_character(&self.bytes);
        self.bytes.truncate(self.bytes.len() - half);
        self
    }

    /// The piece without what is left at its beginning of a character that began before it.
    pub fn without_rest_of_character(mut self) -> Self {
        let rest = self.bytes.len() - without_cut_start(&self.bytes).len();
        self.bytes.drain(..rest);
        self.offset += rest as u64;
        self
    }
}

/// How bytes are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As text.
    Utf8,
    /// In standard base64, because they are no text.
    Base64,
}

impl Encoding {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Utf8, Self::Base64];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Base64 => "base64",
        }
    }
}

impl Captured {
    /// Everything a stream had, when that is known from the start.
    pub fn whole(bytes: impl Into<Vec<u8>>) -> Self {
        let head = bytes.into();
        let total = head.len() as u64;
        Self { head, tail: Vec::new(), total }
    }

    /// Bytes between head and tail were left out.
    pub fn is_truncated(&self) -> bool {
        self.total > (self.head.len() + self.tail.len()) as u64
    }

    /// How many bytes were left out.
    pub fn left_out(&self) -> u64 {
        self.total.saturating_sub((self.head.len() + self.tail.len()) as u64)
    }

    /// Of what was kept no more than so many bytes, half of them from the beginning and half from
    /// the end.
    pub fn shortened(&self, bytes_max: usize) -> Self {
        let kept = [self.head.as_slice(), &self.tail].concat();
        if kept.len() <= bytes_max {
            return self.clone();
        }
        let head = (bytes_max / 2).min(self.head.len());
        let tail = kept.len() - (bytes_max - head);
        Self { head: kept[..head].to_vec(), tail: kept[tail..].to_vec(), total: self.total }
    }

    /// What was kept from a place on, so many bytes at most; none when nothing more is there. Where
    /// the middle was left out, it begins behind that, and no character that the gap has cut is in it.
    pub fn piece(&self, from: u64, bytes_max: usize) -> Option<Piece> {
        let (head, tail) = match self.is_truncated() {
            true => (without_cut_end(&self.head), without_cut_start(&self.tail)),
            false => (self.head.as_slice(), self.tail.as_slice()),
        };
        let tail_from = self.total.saturating_sub(tail.len() as u64);
        [(0, head), (tail_from, tail)].into_iter().find_map(|(begin, bytes)| {
            let offset = from.max(begin);
            let rest = bytes.get(usize::try_from(offset - begin).ok()?..)?;
            let bytes = rest[..rest.len().min(bytes_max)].to_vec();
            (!bytes.is_empty()).then_some(Piece { offset, bytes })
        })
    }

    /// What was kept, as text when it is UTF-8, with a mark where the middle is missing.
    pub fn bytes(&self) -> (Vec<u8>, Encoding) {
        let mut bytes = Vec::with_capacity(self.head.len() + self.tail.len() + 64);
        if self.is_truncated() {
            let head = without_cut_end(&self.head);
            let tail = without_cut_start(&self.tail);
            let gap = self.total.saturating_sub((head.len() + tail.len()) as u64);
            bytes.extend_from_slice(head);
            bytes.extend_from_slice(format!("\n[... {gap} bytes left out ...]\n").as_bytes());
            bytes.extend_from_slice(tail);
        } else {
            bytes.extend_from_slice(&self.head);
            bytes.extend_from_slice(&self.tail);
        }
        let encoding = match std::str::from_utf8(&bytes) {
            Ok(_) => Encoding::Utf8,
            Err(_) => Encoding::Base64,
        };
        (bytes, encoding)
    }
}

/// How many bytes at the end begin a character of which the rest is not there, whatever stands
/// before them.
fn half_character(bytes: &[u8]) -> usize {
    // A character has at most four bytes, so three of one that is not whole.
    let lacks = |length: usize| match bytes[bytes.len() - length] {
        0xC2..=0xDF => length < 2,
        0xE0..=0xEF => length < 3,
        0xF0..=0xF4 => length < 4,
        _ => false,
    };
    let is_inside = |length: usize| bytes[bytes.len() - length] & 0xC0 == 0x80;
    let begins_at = (1..=bytes.len().min(3)).find(|length| !is_inside(*length));
    begins_at.filter(|length| lacks(*length)).unwrap_or(0)
}

/// The longest beginning that does not end inside a character.
fn without_cut_end(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// The longest end that does not begin inside a character.
fn without_cut_start(bytes: &[u8]) -> &[u8] {
    // A character has at most three bytes after its first.
    let inside = bytes.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count();
    &bytes[inside..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(head: &[u8], tail: &[u8], total: u64) -> Captured {
        Captured { head: head.to_vec(), tail: tail.to_vec(), total }
    }

    #[test]
    fn a_gap_is_marked_and_counted() {
        let kept = cut(b"ab", b"ij", 10);
        assert_eq!((kept.is_truncated(), kept.left_out()), (true, 6));
        assert_eq!(kept.bytes().0, b"ab\n[... 6 bytes left out ...]\nij");
        let whole = cut(b"ab", b"ij", 4);
        assert_eq!((whole.is_truncated(), whole.left_out()), (false, 0));
        assert_eq!(whole.bytes().0, b"abij");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let text = "€".repeat(10).into_bytes();
        for half in 1..15 {
            let kept = cut(&text[..half], &text[30 - half..], 30 + 1);
            let (bytes, encoding) = kept.bytes();
            assert_eq!(encoding, Encoding::Utf8, "{half}");
            assert!(String::from_utf8(bytes).unwrap().contains("bytes left out"));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        assert_eq!(Captured::whole([0xff, 0xfe]).bytes().1, Encoding::Base64);
        assert_eq!(Captured::whole("ok").bytes().1, Encoding::Utf8);
    }

    #[test]
    fn what_is_shortened_keeps_its_beginning_its_end_and_its_length() {
        let whole = Captured::whole("0123456789");
        assert_eq!(whole.shortened(10), whole);
        assert_eq!(whole.shortened(4), cut(b"01", b"89", 10));
        assert_eq!(whole.shortened(5), cut(b"01", b"789", 10));
        assert_eq!(whole.shortened(0), cut(b"", b"", 10));
        assert_eq!(cut(b"01", b"89", 10).shortened(2), cut(b"0", b"9", 10));
        assert_eq!(cut(b"0", b"6789", 10).shortened(4), cut(b"0", b"789", 10));
    }

    #[test]
    fn a_piece_waits_for_the_rest_of_a_character_and_for_nothing_else() {
        let piece = |bytes: &[u8]| Piece { offset: 7, bytes: bytes.to_vec() };
        let whole = |bytes: &[u8]| piece(bytes).without_half_character().bytes;
        assert_eq!(whole("a€".as_bytes()), "a€".as_bytes());
        assert_eq!(whole(&"a€".as_bytes()[..3]), b"a");
        assert_eq!(whole(b"a\xff"), b"a\xff");
        assert_eq!(whole(b"\xff\xe2\x82"), b"\xff", "whatever stands before it");
        assert_eq!(whole(b"\x82\x82\x82\x82"), b"\x82\x82\x82\x82", "no character begins here");
        assert_eq!(piece(b"abc").end(), 10);
    }

    #[test]
    fn what_was_kept_is_read_piece_by_piece_and_the_gap_is_passed_over() {
        let piece = |offset, bytes: &[u8]| Some(Piece { offset, bytes: bytes.to_vec() });
        let kept = cut(b"0123", b"678", 9);
        assert_eq!(kept.piece(0, 3), piece(0, b"012"));
        assert_eq!(kept.piece(3, 3), piece(3, b"3"));
        assert_eq!(kept.piece(4, 3), piece(6, b"678"));
        assert_eq!(kept.piece(5, 3), piece(6, b"678"));
        assert_eq!(kept.piece(7, 3), piece(7, b"78"));
        assert_eq!(kept.piece(9, 3), None);
        assert_eq!(kept.piece(10, 3), None);
        assert_eq!(Captured::whole("ab").piece(1, 3), piece(1, b"b"));
        assert_eq!(Captured::default().piece(0, 3), None);
    }

    #[test]
    fn a_character_that_the_gap_has_cut_is_in_no_piece() {
        let text = "€€€".as_bytes();
        let kept = cut(&text[..4], &text[5..], 9);
        assert_eq!(kept.piece(0, 9), Some(Piece { offset: 0, bytes: text[..3].to_vec() }));
        assert_eq!(kept.piece(3, 9), Some(Piece { offset: 6, bytes: text[6..].to_vec() }));
    }
}
