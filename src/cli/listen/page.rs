//! A callback in words for people, and as a line of JSON for machines.
//! Prints nothing, and decides nothing.

use serde_json::{Map, Value, json};

use crate::cli::receiver::{Callback, Told, Verdict};
use crate::cli::terminal::{Colour, Paint, shortened, tame};
use crate::domain::Timestamp;

/// Everything that is known of a callback.
pub(super) struct Entry<'a> {
    pub(super) came_at: Timestamp,
    pub(super) callback: &'a Callback,
    pub(super) verdict: &'a Verdict,
    /// How many callbacks with this id have come, this one included.
    pub(super) attempt: u32,
}

/// What people want to see beside the usual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) headers: bool,
    pub(super) body: bool,
    pub(super) paint: Paint,
}

/// Where all lines but the first of an entry begin.
const INDENT: &str = "           ";

/// How much of a program's output is shown, in characters.
const SHOWN_CHARS_MAX: usize = 200;

impl Entry<'_> {
    /// A few lines: what came, whether it verified and why not, which attempt it is.
    pub(super) fn text(&self, wanted: Wanted) -> String {
        let told = self.callback.json().as_ref().map(Told::by).unwrap_or_default();
        let mut lines = vec![self.headline(&told, wanted.paint)];
        lines.push(outcome(&told));
        if let Some(error) = &self.verdict.error {
            lines.push(wanted.paint.text(Colour::Red, &tame(error)));
        }
        if let (2.., Some(id)) = (self.attempt, self.callback.id()) {
            let text = format!("attempt {} of {}", self.attempt, tame(id));
            lines.push(wanted.paint.text(Colour::Yellow, &text));
        }
        if let Some(stdout) = &told.stdout {
            lines.push(format!("stdout: {}", first_line(stdout)));
        }
        if wanted.headers {
            lines.push(format!("POST {}", tame(&self.callback.target)));
            let headers = self.callback.headers.iter();
            let shown = |(name, value): &(String, String)| format!("{name}: {}", tame(value));
            lines.extend(headers.map(shown));
        }
        if wanted.body {
            lines.extend(self.pretty_body().lines().map(tame));
        }
        lines.retain(|line| !line.is_empty());
        lines.join(&format!("\n{INDENT}")) + "\n"
    }

    /// One JSON object, with everything.
    pub(super) fn json(&self) -> Value {
        let body = self.callback.json();
        let told = body.as_ref().map(Told::by).unwrap_or_default();
        let text = || String::from_utf8_lossy(&self.callback.body).into_owned();
        json!({
            "time": self.came_at,
            "event_type": told.event_type,
            "execution_id": told.execution_id,
            "status": told.status,
            "webhook_id": self.callback.id(),
            "attempt": self.attempt,
            "verified": self.verdict.is_verified(),
            "error": self.verdict.error,
            "signatures": self.verdict.signatures,
            "answered": self.callback.answer.status,
            "path": self.callback.target,
            "headers": self.headers(),
            "body_bytes": self.callback.body.len(),
            "body": body.unwrap_or_else(|| Value::String(text())),
        })
    }

    fn headline(&self, told: &Told, paint: Paint) -> String {
        // The day is the reader's; the time is UTC, as in every record.
        let time = self.came_at.to_string().chars().skip(11).take(8).collect::<String>();
        let event = told.event_type.as_deref().unwrap_or("callback");
        let verdict = match self.verdict.is_verified() {
            true => paint.text(Colour::Green, &format!("verified: {}", self.verdict.by())),
            false => paint.text(Colour::Red, "NOT VERIFIED"),
        };
        let size = grouped(self.callback.body.len());
        let answer = &self.callback.answer;
        let late = match answer.delay.is_zero() {
            true => String::new(),
            false => format!(" after {:?}", answer.delay),
        };
        let time = paint.text(Colour::Dim, &format!("{time}Z"));
        let event = paint.text(Colour::Bold, &tame(event));
        format!("{time}  {event}  {verdict}  {size} bytes  answered {}{late}", answer.status)
    }

    /// Every header, those with several values as lists.
    fn headers(&self) -> Map<String, Value> {
        let mut headers = Map::new();
        for (name, value) in &self.callback.headers {
            match headers.get_mut(name) {
                None => drop(headers.insert(name.clone(), value.clone().into())),
                Some(Value::Array(values)) => values.push(value.clone().into()),
                Some(first) => *first = json!([first.take(), value]),
            }
        }
        headers
    }

    fn pretty_body(&self) -> String {
        match self.callback.json() {
            Some(body) => format!("{body:#}"),
            None => String::from_utf8_lossy(&self.callback.body).into_owned(),
        }
    }
}

/// Which execution, and how it ended.
fn outcome(told: &Told) -> String {
    let error = told.error.as_deref().map(first_line);
    let status = told.status.as_deref().map(tame);
    let ended = match (status, error) {
        (Some(status), Some(error)) => format!("{status}: {error}"),
        (status, error) => status.or(error).unwrap_or_default(),
    };
    match &told.execution_id {
        Some(id) => format!("{} {ended}", tame(id)).trim_end().to_owned(),
        None => ended,
    }
}

fn first_line(text: &str) -> String {
    let text = text.trim_end();
    let line = text.lines().next().unwrap_or_default();
    let more = if line.len() < text.len() { " …" } else { "" };
    tame(&shortened(line, SHOWN_CHARS_MAX)) + more
}

/// A number with a comma between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_can_be_read() {
        let expected = ["0", "999", "1,000", "123,456", "16,777,216"];
        assert_eq!([0, 999, 1000, 123_456, 16 << 20].map(grouped), expected);
    }
}
