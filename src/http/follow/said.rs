//! What a program has written, cut into pieces that can be told: none ends inside a character, and where
//! something was left out it says how much. Reads nothing itself.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;

use crate::domain::Piece;

/// A piece of a stream, as it is told to everybody who follows it.
#[derive(Debug)]
pub(in crate::http) struct Said {
    from: u64,
    piece: Piece,
    json: OnceLock<Bytes>,
}

/// The bytes of a piece, as text where they are some.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Told<'a> {
    Text(&'a str),
    Base64(String),
}

impl Said {
    const fn new(from: u64, piece: Piece) -> Self {
        Self { from, piece, json: OnceLock::new() }
    }

    /// Up to where in the stream all has been told before this.
    pub(in crate::http) const fn from(&self) -> u64 {
        self.from
    }

    /// How many bytes were left out before it.
    pub(in crate::http) const fn skipped(&self) -> u64 {
        self.piece.offset - self.from
    }

    /// Up to where in the stream all has been told with it.
    pub(in crate::http) fn until(&self) -> u64 {
        self.piece.end()
    }

    /// Its bytes, whatever they are.
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        &self.piece.bytes
    }

    /// It as JSON, made once for all.
    pub(in crate::http) fn json(&self) -> Bytes {
        #[derive(Serialize)]
        struct Data<'a> {
            offset: u64,
            #[serde(flatten)]
            told: Told<'a>,
            #[serde(skip_serializing_if = "is_none")]
            skipped: u64,
        }
        let made = self.json.get_or_init(|| {
            let data =
                Data { offset: self.piece.offset, told: self.told(), skipped: self.skipped() };
            serde_json::to_vec(&data).expect("plain fields can always be written").into()
        });
        made.clone()
    }

    fn told(&self) -> Told<'_> {
        match std::str::from_utf8(&self.piece.bytes) {
            Ok(text) => Told::Text(text),
            Err(_) => Told::Base64(STANDARD.encode(&self.piece.bytes)),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_none(skipped: &u64) -> bool {
    *skipped == 0
}

/// What comes after `from`. A character of which the rest is still to come is held back, unless the
/// stream is over.
pub(super) fn next(from: u64, is_over: bool, read: impl Fn(u64) -> Option<Piece>) -> Option<Said> {
    let mut piece = read(from)?;
    loop {
        if piece.offset > from {
            piece = piece.without_rest_of_character();
        }
        let whole = piece.clone().without_half_character();
        if !whole.bytes.is_empty() {
            return Some(Said::new(from, without_text_behind_a_rest(whole)));
        }
        // The rest of a character may also be what was left out.
        match read(piece.end()).filter(|behind| behind.offset > piece.end()) {
            Some(behind) => piece = behind,
            None => {
                let is_rest = is_over && !piece.bytes.is_empty();
                return is_rest.then(|| Said::new(from, piece));
            }
        }
    }
}

/// Somebody who goes on from inside a character is told its rest alone, so that what follows is text.
fn without_text_behind_a_rest(mut piece: Piece) -> Piece {
    let text = piece.clone().without_rest_of_character();
    let rest = piece.bytes.len() - text.bytes.len();
    if rest > 0 && !text.bytes.is_empty() && std::str::from_utf8(&text.bytes).is_ok() {
        piece.bytes.truncate(rest);
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is told of a stream that has these pieces, from a place on.
    fn all(pieces: &[(u64, &[u8])], mut from: u64, is_over: bool) -> Vec<Said> {
        let read = |from: u64| {
            pieces.iter().find_map(|(offset, bytes)| {
                let skipped = usize::try_from(from.saturating_sub(*offset)).unwrap();
                let bytes = bytes.get(skipped..).filter(|bytes| !bytes.is_empty())?;
                Some(Piece { offset: from.max(*offset), bytes: bytes.to_vec() })
            })
        };
        let mut told = Vec::new();
        while let Some(said) = next(from, is_over, read) {
            from = said.until();
            told.push(said);
        }
        told
    }

    fn jsons(pieces: &[(u64, &[u8])], from: u64, is_over: bool) -> Vec<String> {
        let all = all(pieces, from, is_over);
        all.iter().map(|said| String::from_utf8(said.json().to_vec()).unwrap()).collect()
    }

    #[test]
    fn half_a_character_waits_for_its_rest_until_the_end() {
        let euro = "€".as_bytes();
        assert_eq!(jsons(&[(0, &euro[..2])], 0, false), [""; 0]);
        assert_eq!(jsons(&[(0, euro)], 0, false), [r#"{"offset":0,"text":"€"}"#]);
        assert_eq!(jsons(&[(0, &euro[..2])], 0, true), [r#"{"offset":0,"base64":"4oI="}"#]);
        let told = all(&[(0, b"a\xff\xe2\x82")], 0, false);
        assert_eq!(told.iter().map(Said::bytes).collect::<Vec<_>>(), [b"a\xff"]);
    }

    #[test]
    fn what_was_left_out_is_counted_and_cuts_no_character() {
        let euro = "€".as_bytes();
        let [head, tail] =
            [r#"{"offset":0,"text":"ab"}"#, r#"{"offset":9,"text":"yz","skipped":7}"#];
        assert_eq!(jsons(&[(0, b"ab"), (9, b"yz")], 0, false), [head, tail]);
        let (head, tail) = ([b"a", &euro[..1]].concat(), [&euro[1..], b"z"].concat());
        for is_over in [false, true] {
            let told = all(&[(0, &head), (9, &tail)], 0, is_over);
            let told: Vec<_> = told.iter().map(|s| (s.bytes(), s.skipped(), s.until())).collect();
            assert_eq!(told, [(&b"a"[..], 0, 1), (&b"z"[..], 10, 12)]);
        }
    }

    #[test]
    fn whoever_goes_on_from_inside_a_character_is_told_its_rest_and_then_text() {
        let text = "a€b".as_bytes();
        let b = r#"{"offset":4,"text":"b"}"#;
        assert_eq!(jsons(&[(0, text)], 1, true), [r#"{"offset":1,"text":"€b"}"#]);
        assert_eq!(jsons(&[(0, text)], 2, true), [r#"{"offset":2,"base64":"gqw="}"#, b]);
        assert_eq!(jsons(&[(0, text)], 3, true), [r#"{"offset":3,"base64":"rA=="}"#, b]);
        assert_eq!(jsons(&[(0, text)], 5, true), [""; 0]);
        let binary = all(&[(0, b"\x82\xff\xfe")], 0, true);
        assert_eq!(binary.len(), 1, "what is no text anyway is told in one go");
    }
}
