//! Tables of headers that may and that may not go along. Sends none.

use awc::http::header::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn check(name: &str, value: &str, expected: Result<(), HeaderRefusal>) {
    assert_eq!(check_callback_header(name, value), expected, "{name:?}: {value:?}");
}

#[test]
fn reserved_names_are_refused_in_any_case() {
    let exact = "host content-length transfer-encoding connection content-type content-encoding \
                 user-agent te trailer upgrade expect metadata metadata-flavor";
    let prefixed = "webhook-id webhook-signature webhook- x-hopx-signature x-hopx-timestamp \
                    x-fetch-hive-signature x-aws-ec2-metadata-token \
                    x-aws-ec2-metadata-token-ttl-seconds x-amz-date x-goog-api-client \
                    x-google-metadata-request proxy-authorization proxy-connection";
    for name in exact.split_whitespace().chain(prefixed.split_whitespace()) {
        for name in [name.to_owned(), name.to_uppercase(), capitalised(name)] {
            check(&name, "x", Err(HeaderRefusal::Reserved { name: name.clone() }));
        }
    }
}

#[test]
fn other_names_may_go_along() {
    for name in [
        "Authorization",
        "X-Api-Key",
        "x-request-id",
        "hosts",
        "x-host",
        "my-webhook-id",
        "x-hopx",
        "tea",
        "x-content-type",
        "cookie",
        "!#$%&'*+-.^_`|~09",
    ] {
        check(name, "x", Ok(()));
    }
}

#[test]
fn a_name_must_be_a_token() {
    for name in ["", " ", "a b", "a:", ":a", "a\r\nb", "a\0", "ä", "a\tb", "(a)", "a,b", "host "] {
        let shown = name.escape_debug().to_string();
        check(name, "x", Err(HeaderRefusal::Name { name: shown }));
    }
}

#[test]
fn a_value_is_visible_ascii_with_spaces_and_tabs() {
    for value in ["", "x", "Bearer abc.def", "a\tb", "  padded ", "~!\"#"] {
        check("x-a", value, Ok(()));
    }
    for value in ["a\r\nhost: evil", "\n", "a\r", "\0", "\x01", "\x1b[0m", "\x7f", "ä", "\u{2028}"]
    {
        check("x-a", value, Err(HeaderRefusal::Value { name: "x-a".into() }));
    }
}

#[test]
fn name_and_value_have_4_kib_together() {
    check("x-a", &"v".repeat(4093), Ok(()));
    check("x-a", &"v".repeat(4094), Err(HeaderRefusal::TooLong { name: "x-a".into() }));
    check(&"n".repeat(4096), "", Ok(()));
    check(&"n".repeat(4097), "", Err(HeaderRefusal::TooLong { name: "n".repeat(64) }));
}

#[test]
fn sentences_name_the_header_and_never_its_value() {
    for (name, value) in [("Host", "s3cret"), ("a b", "s3cret"), ("x-a", "s3cret\n")] {
        let sentence = check_callback_header(name, value).unwrap_err().to_string();
        assert!(sentence.contains(&format!("`{name}`")), "{sentence}");
        assert!(!sentence.contains("s3cret"), "{sentence}");
    }
    let sentence = check_callback_header("a\r\n\x1b[2J", "x").unwrap_err().to_string();
    assert!(!sentence.contains(char::is_control), "{sentence:?}");
}

proptest! {
    #[test]
    fn what_passes_can_be_sent_by_the_client(name in "[ -~]{1,12}|\\PC{1,6}", value in "[\\t -~]{0,20}|.{0,8}") {
        if check_callback_header(&name, &value).is_ok() {
            prop_assert!(HeaderName::from_bytes(name.as_bytes()).is_ok());
            prop_assert!(HeaderValue::from_str(&value).is_ok());
        }
    }
}

fn capitalised(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    });
    words.collect::<Vec<_>>().join("-")
}
