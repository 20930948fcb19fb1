//! What is kept of a program's output: its head and its tail, and how long it truly was.
//! Never holds more than it was told to, however much the program writes.

use std::collections::VecDeque;

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

/// How bytes are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As text.
    Utf8,
    /// In standard base64, because they are no text.
    Base64,
}

impl Encoding {
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

/// Takes in a stream piece by piece and keeps its first half and its last half.
#[derive(Debug)]
pub struct OutputKeeper {
    half_max: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl OutputKeeper {
    /// Keeps at most `bytes_max` bytes, half of them from the beginning.
    pub fn new(bytes_max: u64) -> Self {
        let half_max = usize::try_from(bytes_max / 2).unwrap_or(usize::MAX);
        Self { half_max, head: Vec::new(), tail: VecDeque::new(), total: 0 }
    }

    /// Takes in the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.total += piece.len() as u64;
        let room = self.half_max - self.head.len();
        let (first, rest) = piece.split_at(room.min(piece.len()));
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(self.half_max)..];
        let excess = (self.tail.len() + rest.len()).saturating_sub(self.half_max);
        self.tail.drain(..excess);
        self.tail.extend(rest);
    }

    /// How many bytes have come so far.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// What was kept.
    pub fn finish(self) -> Captured {
        Captured { head: self.head, tail: self.tail.into(), total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(bytes_max: u64, pieces: &[&[u8]]) -> Captured {
        let mut keeper = OutputKeeper::new(bytes_max);
        pieces.iter().for_each(|piece| keeper.push(piece));
        keeper.finish()
    }

    #[test]
    fn what_fits_is_kept_whole() {
        for pieces in
            [&[b"0123456789".as_slice()][..], &[b"01234", b"56789"], &[b"0".as_slice(); 10]]
        {
            let kept = keep(10, pieces);
            assert!(!kept.is_truncated());
            assert_eq!(kept.bytes().0, pieces.concat());
        }
    }

    #[test]
    fn the_middle_is_left_out_and_counted() {
        let kept = keep(4, &[b"ab", b"cdefg", b"h", b"ij"]);
        assert_eq!((kept.head.as_slice(), kept.tail.as_slice()), (&b"ab"[..], &b"ij"[..]));
        assert_eq!((kept.total, kept.left_out()), (10, 6));
        assert_eq!(kept.bytes().0, b"ab\n[... 6 bytes left out ...]\nij");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let text = "€".repeat(10);
        for bytes_max in 2..30 {
            let (bytes, encoding) = keep(bytes_max, &[text.as_bytes()]).bytes();
            assert_eq!(encoding, Encoding::Utf8, "{bytes_max}");
            assert!(String::from_utf8(bytes).unwrap().contains("bytes left out"));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        assert_eq!(Captured::whole([0xff, 0xfe]).bytes().1, Encoding::Base64);
        assert_eq!(Captured::whole("ok").bytes().1, Encoding::Utf8);
    }

    proptest::proptest! {
        #[test]
        fn never_more_than_allowed_and_never_a_byte_uncounted(
            bytes_max in 0u64..64,
            pieces in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..40), 0..12),
        ) {
            let mut keeper = OutputKeeper::new(bytes_max);
            for piece in &pieces {
                keeper.push(piece);
                let held = keeper.head.len() + keeper.tail.len();
                proptest::prop_assert!(held as u64 <= bytes_max);
            }
            let all = pieces.concat();
            let kept = keeper.finish();
            proptest::prop_assert_eq!(kept.total, all.len() as u64);
            proptest::prop_assert!(all.starts_with(&kept.head));
            proptest::prop_assert!(all.ends_with(&kept.tail));
        }
    }
}
