//! The query of a request: its parameters, each once and each legible. What they mean is for others.

use std::collections::BTreeMap;

use super::error::{FieldError, Problem, shown};

/// The parameters of a query by their names.
///
/// # Errors
/// When one is there twice, since one of the two would be passed over; and when one is not legible.
pub(super) fn parameters(query: &str) -> Result<BTreeMap<String, String>, Problem> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut errors = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(read_name), Some(read_value)) = (decoded(name), decoded(value)) else {
            errors.push(illegible(name));
            continue;
        };
        if found.contains_key(&read_name) {
            let field = shown(&read_name);
            let detail = format!("`{field}` is there twice; give it once.");
            errors.push(FieldError { field, code: "repeated", detail });
            continue;
        }
        found.insert(read_name, read_value);
    }
    if errors.is_empty() { Ok(found) } else { Err(Problem::invalid(errors)) }
}

/// A name or a value as it was meant; none when that cannot be told.
fn decoded(text: &str) -> Option<String> {
    let mut letters = text.bytes();
    let digit = |letters: &mut std::str::Bytes<'_>| char::from(letters.next()?).to_digit(16);
    let mut read = Vec::new();
    while let Some(letter) = letters.next() {
        read.push(match letter {
            b'+' => b' ',
            b'%' => u8::try_from(digit(&mut letters)? * 16 + digit(&mut letters)?).ok()?,
            other => other,
        });
    }
    String::from_utf8(read).ok()
}

fn illegible(name: &str) -> FieldError {
    let field = shown(name);
    let detail = format!("`{field}` is not percent-encoded UTF-8.");
    FieldError { field, code: "invalid", detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Vec<(String, String)> {
        parameters(query).unwrap().into_iter().collect()
    }

    fn blamed(query: &str) -> Vec<(String, &'static str)> {
        let errors = parameters(query).unwrap_err().errors;
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn what_is_encoded_is_read_as_it_was_meant() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read(""), []);
        assert_eq!(read("&a=1&&b"), [pair("a", "1"), pair("b", "")]);
        assert_eq!(read("a=b%20c+d%2Be=f"), [pair("a", "b c d+e=f")]);
        assert_eq!(read("label.gr%C3%B6%C3%9Fe=%E2%98%83"), [pair("label.größe", "☃")]);
    }

    #[test]
    fn what_is_there_twice_or_not_legible_is_named() {
        assert_eq!(blamed("limit=1&limit=1"), [("limit".to_owned(), "repeated")]);
        assert_eq!(blamed("a=1&%61=2"), [("a".to_owned(), "repeated")]);
        for bad in ["a=%", "a=%2", "a=%zz", "a=%ff", "a=%C3", "a=%2%20"] {
            assert_eq!(blamed(bad), [("a".to_owned(), "invalid")], "{bad}");
        }
        assert_eq!(blamed("%zz=1&b=%")[0], ("%zz".to_owned(), "invalid"));
        assert!(blamed(&format!("{}=%", "x".repeat(9999)))[0].0.len() < 99);
    }
}
