//! The contract of the HTTP API, row by row: each test is called after its row, and says what a client
//! is promised there. The corners of each promise are looked into elsewhere.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod auth;
mod back_pressure;
mod calls;
mod deliveries;
mod errors;
mod fields;
mod payload;
mod record;
mod rules;
mod sizes;

use serde_json::{Value, json};

/// A program that ends when its test has gone: it runs until it is killed, and not for ever.
fn long() -> Value {
    json!({"language": "sh", "code": "sleep 300"})
}

/// The words of the fields that a refusal names.
fn fields_of(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["field"].as_str()).collect()
}
