//! How a program is entered: as a script from its first line, or by a handler that is called.
//! Calls nothing; the names are Cortex's, from whose users handlers come.

use serde_json::{Map, Value};

/// How a program is entered.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Entrypoint {
    /// As the language has it, from the first line.
    #[default]
    Script,
    /// Its class `Handler` is made and called once.
    Handler(Box<HandlerCall>),
}

/// What a handler is made and called with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HandlerCall {
    /// What its constructor is given.
    pub config: Map<String, Value>,
    /// What its input is given as.
    pub payload: PayloadKind,
    /// What the call is known as to it; none is the id of the execution.
    pub request_id: Option<String>,
}

/// What the input of a handler is given to it as. The input itself is the standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadKind {
    /// As what its JSON says.
    #[default]
    Json,
    /// As a text.
    Text,
    /// As bytes, which the standard input has in base64.
    Bytes,
}

impl PayloadKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Json, Self::Text, Self::Bytes];

    /// The name in the database and to the program that calls the handler.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Entrypoint {
    /// The name in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Handler(_) => "handler",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_payload_read_back_from_their_names() {
        for kind in PayloadKind::ALL {
            assert_eq!(PayloadKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(PayloadKind::from_name("xml"), None);
    }
}
