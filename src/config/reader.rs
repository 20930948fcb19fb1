//! Reads settings as what they mean and notes every mistake instead of stopping at the first.
//! Knows types and ranges, not the keys themselves.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::ConfigError;
use super::key::KeyPath;
use super::layers::{Layers, MASK, Setting};
use super::origin::Origin;
use super::schema::{Schema, is_secret};
use super::typed::{FromValue, duration};
use super::value::Value;

/// What a text has to be.
pub(super) struct Rule {
    /// The end of the sentence that says so, with an example.
    pub(super) expected: &'static str,
    /// Whether a text is that.
    pub(super) fits: fn(&str) -> bool,
}

const WAIT: Rule = Rule {
    expected: "expected durations from 1ms to 8760h, such as [\"5s\", \"30m\"]",
    fits: |text| duration(text).is_some_and(|wait| wait >= WAIT_MIN),
};

/// The shortest wait; anything below would be a busy loop.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// The upper end of a range that has none.
pub(super) const ANY: i64 = i64::MAX;

/// Reads the merged layers.
///
/// After a mistake a method gives back any value of its type, and the configuration is thrown away
/// at the end: only in this way all mistakes are found at once.
pub(super) struct Reader<'a> {
    layers: &'a mut Layers,
    schema: &'a Schema,
    errors: Vec<ConfigError>,
    refused: Vec<KeyPath>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a mut Layers, schema: &'a Schema) -> Self {
        Self { layers, schema, errors: Vec::new(), refused: Vec::new() }
    }

    /// The mistakes that were found.
    pub(super) fn finish(self) -> Vec<ConfigError> {
        self.errors
    }

    /// The settings, for those whose keys are open.
    pub(super) fn layers(&self) -> &Layers {
        self.layers
    }

    /// The keys that there are.
    pub(super) fn schema(&self) -> &Schema {
        self.schema
    }

    /// Replaces a setting.
    pub(super) fn replace(&mut self, setting: Setting) {
        self.layers.merge(vec![setting]);
    }

    /// Notes a mistake.
    pub(super) fn report(&mut self, error: ConfigError) {
        self.errors.push(error);
    }

    /// A key that has a default.
    pub(super) fn get<T: FromValue + Default>(&mut self, key: &str) -> T {
        self.find(&KeyPath::from(key)).unwrap_or_default()
    }

    /// A key that may be unset; nothing as well when it is wrong.
    pub(super) fn find<T: FromValue>(&mut self, key: &KeyPath) -> Option<T> {
        match T::from_value(&self.layers.get(key)?.value) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.refuse(key, &expected);
                None
            }
        }
    }

    /// A text that has to fit a rule.
    pub(super) fn text(&mut self, key: &str, rule: &Rule) -> String {
        let key = KeyPath::from(key);
        let value = self.layers.get(&key).map(|setting| &setting.value);
        let text =
            value.and_then(|value| String::from_value(value).ok()).filter(|text| (rule.fits)(text));
        if text.is_none() {
            self.refuse(&key, rule.expected);
        }
        text.unwrap_or_default()
    }

    /// A list of which each entry has to fit a rule; each one that does not is a mistake of its own.
    pub(super) fn list(&mut self, key: &KeyPath, rule: &Rule) -> Vec<String> {
        let entries: Vec<String> = self.find(key).unwrap_or_default();
        for entry in entries.iter().filter(|entry| !(rule.fits)(entry)) {
            let found = format!("a list with {}", Value::Text(entry.clone()).shown());
            self.refuse_as(key, found, rule.expected.to_owned());
        }
        entries
    }

    /// A whole number in a range.
    pub(super) fn number<T>(&mut self, key: &str, range: RangeInclusive<i64>) -> T
    where
        T: TryFrom<i64> + Default,
    {
        let key = KeyPath::from(key);
        self.number_at(&key, &range).unwrap_or_default()
    }

    /// A whole number in a range that may be unset; nothing as well when it is wrong.
    pub(super) fn find_number<T>(&mut self, key: &KeyPath, range: RangeInclusive<i64>) -> Option<T>
    where
        T: TryFrom<i64>,
    {
        self.layers.get(key)?;
        self.number_at(key, &range)
    }

    fn number_at<T: TryFrom<i64>>(
        &mut self,
        key: &KeyPath,
        range: &RangeInclusive<i64>,
    ) -> Option<T> {
        let number = match self.layers.get(key).map(|setting| &setting.value) {
            Some(Value::Number(number)) if range.contains(number) => T::try_from(*number).ok(),
            _ => None,
        };
        if number.is_none() {
            let expected = number_expected(range, self.schema.default_of(key));
            self.refuse(key, &expected);
        }
        number
    }

    /// A duration that is no instant: 1 ms or more.
    pub(super) fn wait(&mut self, key: &str) -> Duration {
        let path = KeyPath::from(key);
        let wait = self.find::<Duration>(&path);
        if wait.is_some_and(|wait| wait < WAIT_MIN) {
            self.refuse(&path, "expected 1ms or more, such as \"5s\"");
        }
        wait.unwrap_or_default()
    }

    /// A list of durations of 1 ms or more, at most `count_max` of them.
    pub(super) fn waits(&mut self, key: &str, count_max: usize) -> Vec<Duration> {
        let path = KeyPath::from(key);
        let entries = self.list(&path, &WAIT);
        if entries.len() > count_max {
            let found = format!("a list of {} entries", entries.len());
            self.refuse_as(&path, found, format!("expected at most {count_max}"));
        }
        entries.iter().filter_map(|entry| duration(entry)).collect()
    }

    /// A key that must not be more than another; both have been read before.
    pub(super) fn at_most<T: PartialOrd>(
        &mut self,
        (key, value): (&str, T),
        (limit_key, limit): (&str, T),
    ) {
        if value > limit {
            self.refuse_beyond(key, limit_key, self.found(&KeyPath::from(key)));
        }
    }

    /// Notes that a key is more than another allows, with words of one's own for its value; both
    /// have been read before. A bound that is wrong itself bounds nothing.
    pub(super) fn refuse_beyond(&mut self, key: &str, limit_key: &str, found: String) {
        let (path, limit_path) = (KeyPath::from(key), KeyPath::from(limit_key));
        if !self.refused.contains(&path) && !self.refused.contains(&limit_path) {
            let (origin, limit_origin) = (self.origin_of(&path), self.origin_of(&limit_path));
            let limit = self.found(&limit_path);
            self.report(ConfigError::Unfit {
                // Who came last made the two disagree.
                origin: origin.stronger(&limit_origin).clone(),
                key: path.to_string(),
                found,
                expected: format!("expected at most `{limit_path}`, which is {limit}"),
            });
        }
    }

    /// Notes that a key's value does not fit.
    pub(super) fn refuse(&mut self, key: &KeyPath, expected: &str) {
        self.refuse_as(key, self.found(key), expected.to_owned());
    }

    /// The same with words of one's own for the value.
    pub(super) fn refuse_as(&mut self, key: &KeyPath, found: String, expected: String) {
        let (origin, name) = (self.origin_of(key), key.to_string());
        self.errors.push(ConfigError::Unfit { origin, key: name, found, expected });
        self.refused.push(key.clone());
    }

    /// Who set a key.
    pub(super) fn origin_of(&self, key: &KeyPath) -> Origin {
        self.layers.get(key).map_or(Origin::Default, |setting| setting.origin.clone())
    }

    fn found(&self, key: &KeyPath) -> String {
        match self.layers.get(key) {
            Some(_) if is_secret(key) => MASK.to_owned(),
            Some(setting) => setting.value.shown(),
            None => "missing".to_owned(),
        }
    }
}

/// What is expected of a number. The default makes the example, unless it is 0, which often means
/// "find out" and would explain nothing.
fn number_expected(range: &RangeInclusive<i64>, default: Option<&Value>) -> String {
    let example = match default {
        Some(Value::Number(number)) if *number != 0 => *number,
        _ => 8,
    };
    match (range.start(), range.end()) {
        (start, &ANY) => format!("expected a whole number from {start}, such as {example}"),
        (start, end) => format!("expected a whole number from {start} to {end}, such as {example}"),
    }
}
