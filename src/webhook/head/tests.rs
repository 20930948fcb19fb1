//! Heads of answers: those that are taken, and what is said about each that is not.
//! What the client makes of them is tested over sockets.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn head(text: &str) -> Head {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let error = read(text.as_bytes()).unwrap_err();
    assert!(error.contains(why), "{text:?}: {error}");
}

#[test]
fn the_end_of_a_body_is_known_from_its_head() {
    for (text, framing, is_kept) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", Framing::Length(5), true),
        ("HTTP/1.1 200 OK\r\nContent-Length:  0 \r\n\r\n", Framing::Length(0), true),
        ("HTTP/1.1 200\r\ntransfer-encoding: Chunked\r\n\r\n", Framing::Chunked, true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n", Framing::UntilClose, true),
        ("HTTP/1.1 200 OK\n\n", Framing::UntilClose, true),
        ("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n", Framing::Length(5), false),
        (
            "HTTP/1.1 200 OK\r\nconnection: X, Close\r\ncontent-length: 1\r\n\r\n",
            Framing::Length(1),
            false,
        ),
        ("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", Framing::Empty, true),
        ("HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n", Framing::Empty, true),
        ("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", Framing::Empty, true),
    ] {
        let read = head(text);
        assert_eq!((read.framing, read.is_kept), (framing, is_kept), "{text:?}");
        assert_eq!(read.length, text.len(), "{text:?}");
    }
}

#[test]
fn only_what_comes_before_200_is_interim() {
    for (status, is_interim) in [(100, true), (103, true), (199, true), (200, false), (999, false)]
    {
        assert_eq!(head(&format!("HTTP/1.1 {status} X\r\n\r\n")).is_interim(), is_interim);
    }
}

#[test]
fn a_head_that_can_be_understood_in_two_ways_is_none() {
    let framed = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n");
    for length in ["-1", "+1", "", "5, 5", "0x5", "1e3", "99999999999999999999", "5 5"] {
        refused(&framed(&format!("content-length: {length}")), "not a number of bytes");
    }
    refused(&framed("content-length: 5\r\nContent-Length: 5"), "more than one content-length");
    refused(&framed("content-length: 5\r\ncontent-length: 6"), "more than one content-length");
    refused(
        &framed("content-length: 5\r\ntransfer-encoding: chunked"),
        "a content-length and a transfer-encoding",
    );
    refused(
        &framed("transfer-encoding: chunked\r\ntransfer-encoding: chunked"),
        "more than one transfer-encoding",
    );
    refused(&framed("transfer-encoding: gzip, chunked"), "not `chunked`");
    refused("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "not `chunked`");
}

#[test]
fn what_is_wrong_with_a_head_is_said() {
    refused("HTTP/1.1 abc OK\r\n\r\n", "no status of three digits");
    refused("HTTP/1.1 99 OK\r\n\r\n", "no status of three digits");
    refused("HTTP/1.1 000 OK\r\n\r\n", "not from 100 to 999");
    refused("HTTP/1.2 200 OK\r\n\r\n", "no version");
    refused("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "name of a header");
    refused("HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n", "control character");
    refused(
        &format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(97)),
        "more than 96 header lines",
    );
}

#[test]
fn what_is_no_answer_at_all_is_seen_at_its_first_bytes() {
    for bytes in [&b""[..], b"H", b"HTTP/1.", b"HTTP/1.1 200 OK\r\n"] {
        assert_eq!(check_beginning(bytes), Ok(()));
    }
    for (bytes, why) in [
        (&b"S"[..], "did not begin with a status line"),
        (b"<html>", "did not begin with a status line"),
        (b"\r\nHTTP/1.1 200 OK", "did not begin with a status line"),
        (b"HTTP/2 200", "another version"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "HTTP/2"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "https://"),
    ] {
        let error = check_beginning(bytes).unwrap_err();
        assert!(error.contains(why), "{bytes:?}: {error}");
    }
}

proptest! {
    /// However the bytes come in pieces, the end is where it is in one piece.
    #[test]
    fn the_end_is_found_in_pieces_too(text in "[a\r\n]{0,24}", cut in 0_usize..24) {
        let bytes = text.as_bytes();
        let cut = cut.min(bytes.len());
        let whole = end_of(bytes, 0);
        prop_assert_eq!(end_of(&bytes[..cut], 0).or_else(|| end_of(bytes, cut)), whole);
    }

    #[test]
    fn any_bytes_are_a_head_or_a_sentence(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
        head.extend_from_slice(&bytes);
        head.extend_from_slice(b"\r\n\r\n");
        match read(&head) {
            Ok(read) => prop_assert!(read.length <= head.len()),
            Err(sentence) => prop_assert!(sentence.ends_with('.')),
        }
    }
}
