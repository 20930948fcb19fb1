//! Reads the head of an answer strictly: whether it is one, whether it is the last, and where the
//! body behind it ends. Reads no body, and does no I/O.

use std::str;

/// How much a head may have in bytes, together with all interim ones before it. It is less than
/// the longest name that the HTTP library takes for a header, which ends a program that reads a
/// longer one.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// As many lines as the HTTP library reads.
const HEADER_LINES_MAX: usize = 96;

/// What every answer in HTTP/1 begins with.
const BEGINNING: &[u8] = b"HTTP/1.";

/// A head that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// How many bytes it has, with the empty line at its end.
    pub(super) length: usize,
    /// The status, from 100 to 999.
    pub(super) status: u16,
    /// Where the body ends.
    pub(super) framing: Framing,
    /// Whether the receiver keeps the connection for another request.
    pub(super) is_kept: bool,
}

/// Where the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

impl Head {
    /// Whether a final answer follows.
    pub(super) const fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// Whether what has come so far can be the beginning of an answer.
///
/// # Errors
/// What it looks like instead, in a sentence.
pub(super) fn check_beginning(bytes: &[u8]) -> Result<(), String> {
    let common = bytes.len().min(BEGINNING.len());
    if bytes[..common] == BEGINNING[..common] {
        return Ok(());
    }
    Err(match bytes {
        // An alert or a handshake record of TLS.
        [0x15 | 0x16, 0x03, ..] => {
            "The answer was TLS and not HTTP: the callback URL may have to begin with https://."
        }
        // A SETTINGS frame is what a server of HTTP/2 says first.
        [_, _, _, 0x04, _, 0, 0, 0, 0, ..] => {
            "The answer was HTTP/2, which was not asked for: callbacks are HTTP/1.1."
        }
        bytes if bytes.starts_with(b"HTTP/") => {
            "The answer was in another version of HTTP: callbacks are HTTP/1.1."
        }
        _ => "The answer was not HTTP: it did not begin with a status line.",
    }
    .to_owned())
}

/// Where a head ends, if it does; looks at nothing before `from` but what an end may begin with.
pub(super) fn end_of(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    let lines = bytes[from..].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    for (at, _) in lines {
        let rest = &bytes[from + at + 1..];
        if rest.starts_with(b"\n") {
            return Some(from + at + 2);
        }
        if rest.starts_with(b"\r\n") {
            return Some(from + at + 3);
        }
    }
    None
}

/// Reads a head that [`end_of`] has found the end of.
///
/// # Errors
/// Why it is none, in a sentence.
pub(super) fn read(bytes: &[u8]) -> Result<Head, String> {
    let mut lines = [httparse::EMPTY_HEADER; HEADER_LINES_MAX];
    let mut answer = httparse::Response::new(&mut lines);
    let length = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Err(unreadable("it has no end")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(format!("The answer has more than {HEADER_LINES_MAX} header lines."));
        }
        Err(error) => return Err(unreadable(reason(error))),
    };
    let status = answer.code.filter(|status| (100..=999).contains(status));
    let status = status.ok_or_else(|| unreadable("its status is not from 100 to 999"))?;
    let is_1_1 = answer.version == Some(1);
    let framing = framing_of(answer.headers, status, is_1_1)?;
    let is_kept = is_1_1 && !has_word(answer.headers, "connection", "close");
    Ok(Head { length, status, framing, is_kept })
}

/// Two lengths, or a length beside chunks, are how one answer is smuggled inside another. Whoever
/// sends that cannot be understood in one way only.
fn framing_of(
    lines: &[httparse::Header<'_>],
    status: u16,
    is_1_1: bool,
) -> Result<Framing, String> {
    let length = only(lines, "content-length")?.map(length_in).transpose()?;
    let encoding = only(lines, "transfer-encoding")?.map(str::from_utf8);
    let is_chunked = match encoding {
        None => false,
        Some(Ok(text)) if text.trim().eq_ignore_ascii_case("identity") => false,
        Some(Ok(text)) if text.trim().eq_ignore_ascii_case("chunked") && is_1_1 => true,
        Some(_) => return Err(unreadable("its transfer-encoding is not `chunked`")),
    };
    if is_chunked && length.is_some() {
        return Err(unreadable("it has a content-length and a transfer-encoding"));
    }
    // These have no body, whatever their headers say of one (RFC 9112, 6.3).
    if status < 200 || matches!(status, 204 | 304) {
        return Ok(Framing::Empty);
    }
    Ok(match length {
        _ if is_chunked => Framing::Chunked,
        Some(length) => Framing::Length(length),
        None => Framing::UntilClose,
    })
}

/// The value of a header that may be there once.
fn only<'a>(lines: &[httparse::Header<'a>], name: &str) -> Result<Option<&'a [u8]>, String> {
    let mut values =
        lines.iter().filter(|line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value);
    let value = values.next();
    if values.next().is_some() {
        return Err(unreadable(&format!("it has more than one {name}")));
    }
    Ok(value)
}

fn length_in(value: &[u8]) -> Result<u64, String> {
    let text = str::from_utf8(value).ok().map(str::trim);
    text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unreadable("its content-length is not a number of bytes"))
}

fn has_word(lines: &[httparse::Header<'_>], name: &str, word: &str) -> bool {
    lines
        .iter()
        .filter(|line| line.name.eq_ignore_ascii_case(name))
        .filter_map(|line| str::from_utf8(line.value).ok())
        .any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
}

fn unreadable(why: &str) -> String {
    format!("The answer is not HTTP as it should be: {why}.")
}

const fn reason(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::Status => "its status line has no status of three digits",
        httparse::Error::Version => "its status line names no version of HTTP/1",
        httparse::Error::HeaderName => "the name of a header has a character that no name has",
        httparse::Error::HeaderValue => "the value of a header has a control character",
        httparse::Error::NewLine => "a line ends in the middle",
        httparse::Error::Token | httparse::Error::TooManyHeaders => "it cannot be taken apart",
    }
}

#[cfg(test)]
mod tests;
