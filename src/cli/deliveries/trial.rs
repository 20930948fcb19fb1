//! `ringback deliveries test`: has the server send a signed ping, and says what came of it.
//! Sends nothing to that URL itself: what counts is what the server can reach, and may.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attempts::of_attempts;
use super::delivery::Attempt;
use crate::cli::args::{TestArgs, TestFormat};
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::terminal::{columns, print, tame, wrapped};

/// What came of a ping, as the API has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tried {
    allowed: bool,
    delivered: bool,
    explanation: String,
    attempt: Attempt,
}

pub(super) async fn trial(args: TestArgs) -> Result<(), Failure> {
    let body = body(&args)?;
    let client = Client::new(args.server)?;
    let answer = client.post(&["v1", "callbacks", "test"], Some(&body)).await?;
    let tried = Tried::deserialize(&answer)
        .map_err(|error| Failure::failed(format!("an answer that is no test: {error}")))?;
    match args.output {
        TestFormat::Json => print(&format!("{answer:#}\n"))?,
        TestFormat::Table => print(&tried.page())?,
    }
    match (tried.allowed, tried.delivered) {
        (_, true) => Ok(()),
        (true, false) => Err(Failure::failed("a callback would not arrive there")),
        (false, false) => Err(Failure::failed("callbacks may not go there")),
    }
}

impl Tried {
    fn page(&self) -> String {
        let told = wrapped(&tame(&self.explanation));
        if !self.allowed {
            return format!("{told}\n");
        }
        format!("{told}\n\n{}", of_attempts(std::slice::from_ref(&self.attempt), columns()))
    }
}

fn body(args: &TestArgs) -> Result<Value, Failure> {
    let mut headers = Map::new();
    for header in &args.header {
        // The value is not repeated in the message: it may be a secret.
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| Failure::usage("--header: expected a name, a colon and a value"))?;
        headers.insert(name.trim().to_owned(), value.trim().into());
    }
    let mut body = json!({ "url": args.url });
    if let Some(secret) = &args.secret {
        body["signature_secret"] = secret.as_str().into();
    }
    if !headers.is_empty() {
        body["headers"] = headers.into();
    }
    Ok(body)
}
