//! Judges answers by the document: the status, the type, the headers and the body, in which nothing may
//! be that the document does not name. Sends nothing by itself.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::document::{DOCUMENT, Operation, operations, resolved};
use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};

/// Headers that only some of the answers have that the document names them for.
const SOMETIMES: [&str; 1] = ["Idempotency-Replayed"];

/// A server whose every answer is judged.
pub struct Tour {
    pub app: TestApp,
    seen: RefCell<BTreeSet<(String, u16)>>,
}

impl Tour {
    pub fn of(app: TestApp) -> Self {
        Self { app, seen: RefCell::default() }
    }

    /// Sends a request with the admin key, and judges the answer.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, body: Option<Value>, status: u16) -> Answer {
        let request = self.app.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        self.send(request, (method, path), status)
    }

    /// Sends any request, and judges the answer.
    #[track_caller]
    pub fn send(&self, request: Request, (method, path): (&str, &str), status: u16) -> Answer {
        let answer = request.send().expect(status);
        self.judge((method, path), &answer);
        answer
    }

    #[track_caller]
    fn judge(&self, (method, path): (&str, &str), answer: &Answer) {
        let operation = operation_of(method, path);
        let what = format!("{} {}", operation.name(), answer.status);
        let response = resolved(&operation.says["responses"][answer.status.to_string()]);
        assert!(response.is_object(), "the document has no {what}: {}", answer.text());
        for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            let is_there = answer.header(name).is_some() || SOMETIMES.contains(&name.as_str());
            assert!(is_there, "{what} has no `{name}`");
        }
        match response["content"].as_object() {
            None => assert!(answer.body.is_empty(), "{what} has a body"),
            Some(content) => {
                let kind = answer.header("content-type").unwrap_or_default();
                let kind = kind.split(';').next().unwrap_or_default();
                let content = content.get(kind);
                let content = content.unwrap_or_else(|| panic!("{what} is not to be `{kind}`"));
                if kind.ends_with("json") {
                    fits(&what, &content["schema"], &answer.json());
                }
            }
        }
        self.seen.borrow_mut().insert((operation.name(), answer.status));
    }

    /// The operations that were answered well.
    pub fn answered_well(&self) -> BTreeSet<String> {
        let seen = self.seen.borrow();
        let well = seen.iter().filter(|(_, status)| (200..400).contains(status));
        well.map(|(name, _)| name.clone()).collect()
    }
}

/// The operation that a request is for.
#[track_caller]
fn operation_of(method: &str, path: &str) -> Operation {
    let path = path.split('?').next().unwrap_or_default();
    let is_place = |part: &str| part.starts_with('{');
    let fits = |operation: &Operation| {
        let (parts, own) = (operation.path.split('/'), path.split('/'));
        operation.method == method
            && operation.path.matches('/').count() == path.matches('/').count()
            && parts.zip(own).all(|(part, own)| part == own || is_place(part))
    };
    let places = |operation: &Operation| operation.path.matches('{').count();
    let found = operations().into_iter().filter(fits).min_by_key(places);
    found.unwrap_or_else(|| panic!("the document has no {method} {path}"))
}

/// Fails the test unless a value is what a schema of the document says, and has nothing beside.
#[track_caller]
pub fn fits(what: &str, schema: &Value, value: &Value) {
    let validator = validator(schema);
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
}

fn validator(schema: &Value) -> Validator {
    let mut whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "schema": schema,
        "$ref": "#/schema",
        "components": {"schemas": DOCUMENT["components"]["schemas"]},
    });
    let mut parts = BTreeSet::new();
    parts_of_others(&whole, &mut parts);
    close(&mut whole["schema"], false);
    for (name, schema) in whole["components"]["schemas"].as_object_mut().into_iter().flatten() {
        close(schema, parts.contains(name));
    }
    jsonschema::options().should_validate_formats(true).build(&whole).expect("they are schemas")
}

/// The names of schemas that others have inside them, beside fields of their own.
fn parts_of_others(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
                let name = part["$ref"].as_str().and_then(|to| to.rsplit('/').next());
                names.extend(name.map(str::to_owned));
            }
            object.values().for_each(|inner| parts_of_others(inner, names));
        }
        Value::Array(list) => list.iter().for_each(|inner| parts_of_others(inner, names)),
        _ => {}
    }
}

/// Lets objects have only the fields that are named, unless they are part of another.
fn close(schema: &mut Value, is_part: bool) {
    match schema {
        Value::Object(object) => {
            let is_named = object.contains_key("properties") || object.contains_key("allOf");
            let is_free = object.contains_key("additionalProperties");
            if is_named && !is_free && !is_part {
                object.insert("unevaluatedProperties".to_owned(), false.into());
            }
            for (key, inner) in object.iter_mut() {
                match (key.as_str(), inner) {
                    ("allOf", Value::Array(list)) => {
                        list.iter_mut().for_each(|part| close(part, true));
                    }
                    ("properties", Value::Object(fields)) => {
                        fields.values_mut().for_each(|field| close(field, false));
                    }
                    (_, inner) => close(inner, false),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| close(inner, false)),
        _ => {}
    }
}

#[test]
fn what_a_schema_does_not_name_is_noticed() {
    let schema = json!({"$ref": "#/components/schemas/FieldError"});
    let good = json!({"field": "a", "code": "b", "detail": "c"});
    assert!(validator(&schema).is_valid(&good));
    let more = json!({"field": "a", "code": "b", "detail": "c", "more": 1});
    let less = json!({"field": "a", "code": "b"});
    let other = json!({"field": "a", "code": "b", "detail": 1});
    for bad in [more, less, other] {
        assert!(!validator(&schema).is_valid(&bad), "{bad}");
    }
}
