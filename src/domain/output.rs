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
}
