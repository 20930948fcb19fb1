//! A value before anybody has judged it: what was written in a file, a variable or a flag.
//! Knows no keys; whether a value fits its key is decided where it is read.

use std::fmt;

use super::origin::one_line;

/// What somebody wrote. Prints as TOML. Has no `Debug`, since it may be a secret.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<String>),
    /// A table, for keys that have more to say than one value can.
    Table(Vec<(String, Value)>),
    /// Anything that no key takes, such as a date or a mixed list, as it was written.
    Other(String),
}

/// What a key takes. The environment and flags have only texts, which are read by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Flag,
    List,
}

/// The longest value that a message repeats, in characters.
const SHOWN_CHARS_MAX: usize = 80;

impl Value {
    /// A value of a TOML document.
    pub(super) fn from_toml(item: &toml_edit::Item) -> Self {
        if let Some(table) = item.as_table_like() {
            let entry = |(key, item): (&str, &_)| (key.to_owned(), Self::from_toml(item));
            return Self::Table(table.iter().map(entry).collect());
        }
        match item.as_value() {
            Some(toml_edit::Value::String(text)) => Self::Text(text.value().clone()),
            Some(toml_edit::Value::Integer(number)) => Self::Number(*number.value()),
            Some(toml_edit::Value::Boolean(flag)) => Self::Flag(*flag.value()),
            Some(toml_edit::Value::Array(array)) => texts(array)
                .map_or_else(|| Self::Other(array.to_string().trim().to_owned()), Self::List),
            Some(other) => Self::Other(other.to_string().trim().to_owned()),
            None => Self::Other("a list of tables".to_owned()),
        }
    }

    /// A text from outside of TOML, read as what its key takes. What cannot be read so stays a text:
    /// the key will refuse it, and the message can repeat it.
    pub(super) fn from_text(text: &str, shape: Shape) -> Self {
        let read = match shape {
            Shape::Text => None,
            Shape::Number => text.trim().parse().ok().map(Self::Number),
            Shape::Flag => text.trim().parse().ok().map(Self::Flag),
            Shape::List if text.trim().is_empty() => Some(Self::List(Vec::new())),
            Shape::List => {
                Some(Self::List(text.split(',').map(|entry| entry.trim().to_owned()).collect()))
            }
        };
        read.unwrap_or_else(|| Self::Text(text.to_owned()))
    }

    /// What the value is like, if it has one of these shapes.
    pub(super) const fn shape(&self) -> Option<Shape> {
        match self {
            Self::Text(_) => Some(Shape::Text),
            Self::Number(_) => Some(Shape::Number),
            Self::Flag(_) => Some(Shape::Flag),
            Self::List(_) => Some(Shape::List),
            Self::Table(_) | Self::Other(_) => None,
        }
    }

    /// Whether this is the text of nothing, which means "not given" to keys that may be so.
    pub(super) fn is_empty_text(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// The value as a message repeats it: on one line and not too long.
    pub(super) fn shown(&self) -> String {
        if matches!(self, Self::Table(_)) {
            return "a table".to_owned();
        }
        let line = one_line(self.to_string().trim());
        match line.char_indices().nth(SHOWN_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => toml_edit::Value::from(text).fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::List(entries) => toml_edit::Value::from_iter(entries).fmt(f),
            Self::Table(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma} {} = {value}", toml_edit::Key::new(key))?;
                }
                f.write_str(" }")
            }
            Self::Other(written) => f.write_str(written),
        }
    }
}

/// The texts of a list, if it has nothing else.
fn texts(array: &toml_edit::Array) -> Option<Vec<String>> {
    array.iter().map(|entry| entry.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Value {
        Value::List(entries.iter().map(|&entry| entry.to_owned()).collect())
    }

    #[test]
    fn a_text_is_read_as_what_its_key_takes() {
        let check = |text: &str, shape, expected: Value| {
            assert!(Value::from_text(text, shape) == expected, "{text:?} as {shape:?}");
        };
        check(" 16 ", Shape::Number, Value::Number(16));
        check("-1", Shape::Number, Value::Number(-1));
        check("many", Shape::Number, Value::Text("many".into()));
        check("99999999999999999999", Shape::Number, Value::Text("99999999999999999999".into()));
        check("true", Shape::Flag, Value::Flag(true));
        check("yes", Shape::Flag, Value::Text("yes".into()));
        check(" as it is ", Shape::Text, Value::Text(" as it is ".into()));
        check("", Shape::List, list(&[]));
        check("  ", Shape::List, list(&[]));
        check("100ms, 200ms", Shape::List, list(&["100ms", "200ms"]));
        check("a,,b", Shape::List, list(&["a", "", "b"]));
    }

    #[test]
    fn a_value_prints_as_toml_that_reads_back() {
        let check = |value: Value| {
            let document = toml_edit::Document::parse(format!("key = {value}  # default")).unwrap();
            assert!(Value::from_toml(&document["key"]) == value, "{value}");
        };
        check(Value::Text(
            "with \"quotes\", 'both', a \\ and\na line\r\n\u{0}\u{7f} # no comment".into(),
        ));
        check(Value::Number(i64::MIN));
        check(Value::Flag(false));
        check(list(&["a,b", "", "\n"]));
        check(list(&[]));
        let entries = [("a b".to_owned(), list(&["x"])), ("c".to_owned(), Value::Flag(true))];
        check(Value::Table(entries.into()));
        check(Value::Table(Vec::new()));
    }

    #[test]
    fn a_message_repeats_one_line_of_a_value() {
        assert_eq!(Value::Text("a\nb".into()).shown(), r#""""\na\nb""""#);
        let long = Value::Text("ü".repeat(200)).shown();
        assert_eq!(long.chars().count(), SHOWN_CHARS_MAX + 1);
        assert!(long.ends_with('…'));
    }
}
