//! Reads a JSON object field by field and collects everything that is wrong with it, so that a
//! client is told all of it at once. Knows no meaning of any field.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::{FieldError, Problem, shown};

/// How many unknown fields are looked at for what may have been meant.
const UNKNOWN_MAX: usize = 20;

/// An object that is being read. Each field is taken once; what is left over is unknown.
pub(super) struct Fields {
    left: Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Fields {
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self { left: object, known: Vec::new(), errors: Vec::new() }
    }

    /// A field's value; null is the same as nothing.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.swap_remove(name).filter(|value| !value.is_null())
    }

    /// Whether there is such a field, and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn string(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(name, "a string", &other),
        }
    }

    /// A string that is shown, searched for or looked up, and so has no control characters in it.
    pub(super) fn line(&mut self, name: &'static str) -> Option<String> {
        let text = self.string(name)?;
        self.check_line(name, &text).then_some(text)
    }

    /// Whether a text has no control characters, which is said if it has.
    pub(super) fn check_line(&mut self, field: &str, text: &str) -> bool {
        let is_line = !text.contains(char::is_control);
        if !is_line {
            let detail = format!("`{field}` must not contain control characters.");
            self.wrong(field, "invalid", detail);
        }
        is_line
    }

    /// What is wrong with an object inside this one, under the name that it has here.
    pub(super) fn wrong_inside(&mut self, name: &'static str, problem: Problem) {
        for error in problem.errors {
            let detail = error.detail.replacen('`', &format!("`{name}."), 1);
            self.wrong(&format!("{name}.{}", error.field), error.code, detail);
        }
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(value) => Some(value),
            other => self.wrong_type(name, "true or false", &other),
        }
    }

    /// A string of a text field that must be there and not be empty.
    pub(super) fn required_string(&mut self, name: &'static str) -> Option<String> {
        let there = self.has(name);
        let text = self.string(name);
        if !there {
            self.wrong(name, "required", format!("`{name}` is missing."));
        } else if text.as_deref() == Some("") {
            self.wrong(name, "empty", format!("`{name}` must not be empty."));
            return None;
        }
        text
    }

    /// A number of seconds, more than nothing and at most `max`.
    pub(super) fn seconds(&mut self, name: &'static str, max: Duration) -> Option<Duration> {
        let value = self.take(name)?;
        let Some(seconds) = value.as_f64() else {
            return self.wrong_type(name, "a number of seconds", &value);
        };
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) if !duration.is_zero() && duration <= max => Some(duration),
            _ => {
                let max = max.as_secs_f64();
                let detail = format!(
                    "`{name}` must be more than 0 and at most {max} seconds, and is {value}."
                );
                self.wrong(name, "out_of_range", detail);
                None
            }
        }
    }

    /// A whole number within a range.
    pub(super) fn count(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(name)?;
        match value.as_u64() {
            Some(count) if range.contains(&count) => Some(count),
            _ => {
                let (min, max) = range.into_inner();
                let detail =
                    format!("`{name}` must be a whole number from {min} to {max}, and is {value}.");
                self.wrong(name, "out_of_range", detail);
                None
            }
        }
    }

    pub(super) fn object(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(object) => Some(object),
            other => self.wrong_type(name, "an object", &other),
        }
    }

    /// An object whose values are strings.
    pub(super) fn strings(&mut self, name: &'static str) -> BTreeMap<String, String> {
        let mut strings = BTreeMap::new();
        for (key, value) in self.object(name).unwrap_or_default() {
            match value {
                Value::String(text) => {
                    strings.insert(key, text);
                }
                _ => {
                    let field = format!("{name}.{}", shown(&key));
                    let detail = format!("`{field}` must be a string.");
                    self.wrong(&field, "wrong_type", detail);
                }
            }
        }
        strings
    }

    /// A list of strings.
    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        self.texts_if_any(name).unwrap_or_default()
    }

    /// A list of strings that must be there.
    pub(super) fn required_texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        if !self.has(name) {
            self.wrong(name, "required", format!("`{name}` is missing."));
        }
        self.texts_if_any(name)
    }

    fn texts_if_any(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect());
        if texts.is_none() {
            self.wrong(name, "wrong_type", format!("`{name}` must be a list of strings."));
        }
        texts
    }

    pub(super) fn wrong(&mut self, field: &str, code: &'static str, detail: String) {
        self.errors.push(FieldError { field: field.to_owned(), code, detail });
    }

    /// Whether all that was read was right; fields that nobody asked for are refused, because a
    /// silent typo in `timeout` costs an hour.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<String> = self.left.keys().map(|name| shown(name)).collect();
        for name in unknown.into_iter().take(UNKNOWN_MAX) {
            let hint = match nearest(&name, &self.known) {
                Some(known) => format!("; did you mean `{known}`?"),
                None => ".".to_owned(),
            };
            self.wrong(&name, "unknown_field", format!("There is no field `{name}`{hint}"));
        }
        self.finish_leniently()
    }

    /// Whether all that was read was right; fields that nobody asked for are ignored.
    pub(super) fn finish_leniently(self) -> Result<(), Problem> {
        // A test compares this with the document.
        log::trace!("a body was asked for these fields: {}", self.known.join(" "));
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }

    fn wrong_type<T>(&mut self, name: &str, expected: &str, found: &Value) -> Option<T> {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.wrong(name, "wrong_type", format!("`{name}` must be {expected}, and is {found}."));
        None
    }
}

fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(json: &str, read: impl FnOnce(&mut Fields)) -> Vec<(String, &'static str)> {
        let mut fields = Fields::new(serde_json::from_str(json).unwrap());
        read(&mut fields);
        let errors = fields.finish().err().map(|problem| problem.errors).unwrap_or_default();
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    fn timeout(json: &str) -> Vec<(String, &'static str)> {
        errors(json, |fields| {
            fields.seconds("timeout", Duration::from_secs(10));
        })
    }

    #[test]
    fn seconds_are_positive_numbers_up_to_a_limit() {
        for good in ["1", "0.5", "10", "1e1", "null"] {
            assert_eq!(timeout(&format!(r#"{{"timeout":{good}}}"#)), [], "{good}");
        }
        for bad in ["0", "-1", "10.5", "1e300", "-0.0", "1e-300"] {
            let expected = [("timeout".to_owned(), "out_of_range")];
            assert_eq!(timeout(&format!(r#"{{"timeout":{bad}}}"#)), expected, "{bad}");
        }
        for bad in [r#""5""#, "true", "[1]", "{}"] {
            let expected = [("timeout".to_owned(), "wrong_type")];
            assert_eq!(timeout(&format!(r#"{{"timeout":{bad}}}"#)), expected, "{bad}");
        }
    }

    #[test]
    fn an_unknown_field_is_named_and_the_nearest_suggested() {
        let mut fields = Fields::new(serde_json::from_str(r#"{"timeuot": 1, "x": 2}"#).unwrap());
        fields.take("timeout");
        let problem = fields.finish().unwrap_err();
        assert_eq!(
            problem.errors[0].detail,
            "There is no field `timeuot`; did you mean `timeout`?"
        );
        assert_eq!(problem.errors[1].detail, "There is no field `x`.");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let found = errors(r#"{"env": {"A": 1}, "b": "", "c": 1}"#, |fields| {
            fields.strings("env");
            fields.required_string("a");
            fields.required_string("b");
            fields.string("c");
        });
        let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["env.A", "a", "b", "c"]);
    }
}
