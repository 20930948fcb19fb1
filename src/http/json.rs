//! JSON as it comes in: as strict as JSON is, and no member twice, since one of the two would be passed
//! over in silence. Knows no field.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::error::{FieldError, Kind, Problem, shown};

/// What some systems write before a text, and what JSON does not have.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How serde_json says that something is nested too deeply for it.
const TOO_DEEP: &str = "recursion limit exceeded";

/// The value that a text is; `what` is what it is called to whoever has sent it, such as `The body`.
///
/// # Errors
/// When it is no JSON, and when an object in it has a member twice.
pub(super) fn parse(text: &[u8], what: &str) -> Result<Value, Problem> {
    if let Some(wrong) = obvious(text) {
        return Err(Problem::new(Kind::InvalidJson, format!("{what} {wrong}")));
    }
    let twice = RefCell::new(None);
    let mut from = serde_json::Deserializer::from_slice(text);
    let read = Place { up: None, name: None, twice: &twice }.deserialize(&mut from);
    match read.and_then(|value| from.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => Err(match twice.into_inner() {
            Some(field) => repeated(field),
            None => Problem::new(Kind::InvalidJson, in_words(what, &error)),
        }),
    }
}

/// What can be said more clearly than by where a parser has stopped.
fn obvious(text: &[u8]) -> Option<&'static str> {
    if text.iter().all(u8::is_ascii_whitespace) {
        Some("is not JSON: it is empty.")
    } else if text.starts_with(BYTE_ORDER_MARK) {
        Some("begins with a byte order mark, which JSON does not have.")
    } else if std::str::from_utf8(text).is_err() {
        Some("is not UTF-8, as JSON is.")
    } else {
        None
    }
}

fn in_words(what: &str, error: &serde_json::Error) -> String {
    if error.to_string().starts_with(TOO_DEEP) {
        return format!("{what} is nested more deeply than this server takes.");
    }
    format!("{what} is not JSON: {error}.")
}

fn repeated(field: String) -> Problem {
    let detail = format!("`{field}` is there twice; give it once.");
    Problem::invalid(vec![FieldError { field, code: "repeated", detail }])
}

/// A value at its place in the whole.
#[derive(Clone, Copy)]
struct Place<'a> {
    up: Option<&'a Self>,
    name: Option<&'a str>,
    /// What has been found to be there twice.
    twice: &'a RefCell<Option<String>>,
}

impl Place<'_> {
    fn below<'b>(&'b self, name: &'b str) -> Place<'b> {
        Place { up: Some(self), name: Some(name), twice: self.twice }
    }

    /// The names that lead here, with dots between them.
    fn path(&self) -> String {
        let before = self.up.map(Self::path).unwrap_or_default();
        match self.name.map(shown) {
            None => before,
            Some(name) if before.is_empty() => name,
            Some(name) => format!("{before}.{name}"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let number = list.len().to_string();
            match from.next_element_seed(self.below(&number))? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = from.next_key::<String>()? {
            let place = self.below(&name);
            if object.contains_key(&name) {
                self.twice.replace(Some(place.path()));
                return Err(A::Error::custom("it has a member twice"));
            }
            let value = from.next_value_seed(place)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &[u8]) -> (String, Option<String>) {
        let problem = parse(text, "The body").unwrap_err();
        (problem.detail, problem.errors.into_iter().next().map(|error| error.field))
    }

    #[test]
    fn what_is_json_is_read_as_it_stands() {
        for text in [
            "null",
            "[]",
            r#"{"z":1,"a":[true,-1,1.5,1e300,"\u00e4\u0000"],"b":{"z":{},"a":null}}"#,
            "18446744073709551615",
            "-9223372036854775808",
            "223.95783553697606",
            "1e999999999999999999",
        ] {
            let expected = serde_json::from_str::<Value>(text);
            match (parse(text.as_bytes(), ""), expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(found.to_string(), expected.to_string(), "in the same order");
                }
                (found, expected) => assert!(found.is_err() && expected.is_err(), "{text}"),
            }
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named_wherever_it_is() {
        for (text, field) in [
            (r#"{"a":1,"a":1}"#, "a"),
            (r#"{"a":1,"b":2,"\u0061":1}"#, "a"),
            (r#"{"a":{"b":[0,{"c":1,"d":{},"c":2}]}}"#, "a.b.1.c"),
            (r#"[{"":1,"":2}]"#, "0."),
        ] {
            let (detail, found) = wrong(text.as_bytes());
            assert_eq!((found.as_deref(), detail.contains("twice")), (Some(field), true), "{text}");
        }
        assert!(parse(br#"[{"a":1},{"a":1},{"b":{"a":1}}]"#, "").is_ok());
    }

    #[test]
    fn what_is_no_json_is_told_why() {
        let deep = "[".repeat(100_000);
        for (text, expected) in [
            (&b""[..], "The body is not JSON: it is empty."),
            (b" \r\n", "The body is not JSON: it is empty."),
            (
                b"\xef\xbb\xbf{}",
                "The body begins with a byte order mark, which JSON does not have.",
            ),
            (b"{\"a\": \"\xff\"}", "The body is not UTF-8, as JSON is."),
            (deep.as_bytes(), "The body is nested more deeply than this server takes."),
            (b"{\"a\": 1e400}", "The body is not JSON: number out of range at line 1 column 11."),
            (b"{} {}", "The body is not JSON: trailing characters at line 1 column 4."),
        ] {
            assert_eq!(wrong(text), (expected.to_owned(), None));
        }
        for text in ["{", "{\"a\":1,}", "NaN", "'a'", "{a: 1}", "[1 2]", "\"\\ud800\"", "\"\t\""] {
            assert!(wrong(text.as_bytes()).0.starts_with("The body is not JSON: "), "{text}");
        }
    }
}
