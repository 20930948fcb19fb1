//! What the doctor finds: a topic, a mark, a sentence, and facts for machines.
//! Looks for nothing and prints nothing.

use serde::Serialize;
use serde_json::{Map, Value};

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// As it should be.
    Ok,
    /// Ringback does without, and something is weaker for it.
    Weak,
    /// Ringback cannot do what it is for.
    Bad,
}

impl Mark {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Weak => "weak",
            Self::Bad => "bad",
        }
    }

    /// `Ok`, or else this mark.
    pub(super) const fn unless(self, is_good: bool) -> Self {
        if is_good { Self::Ok } else { self }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) topic: &'static str,
    pub(super) mark: Mark,
    /// A fragment of a sentence, without a full stop.
    pub(super) text: String,
    /// What explains it.
    pub(super) details: Vec<String>,
    /// The same for machines.
    pub(super) facts: Map<String, Value>,
}

impl Finding {
    pub(super) fn new(topic: &'static str, mark: Mark, text: impl Into<String>) -> Self {
        Self { topic, mark, text: text.into(), details: Vec::new(), facts: Map::new() }
    }

    pub(super) fn detail(mut self, sentence: impl Into<String>) -> Self {
        self.details.push(sentence.into());
        self
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}
