//! What the document says of keys and scopes is what the server asks for.

use serde_json::Value;

use super::document::{Operation, operations};
use super::scoped::add_key;
use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};

const ALL: [&str; 8] = [
    "executions:write",
    "executions:read",
    "executions:cancel",
    "deliveries:read",
    "deliveries:redeliver",
    "functions:write",
    "keys:write",
    "metrics:read",
];

/// What the document says that an operation needs.
#[derive(Debug, PartialEq)]
enum Needs {
    Nothing,
    AnyKey,
    OneOf(Vec<&'static str>),
}

fn needs(operation: Operation) -> Needs {
    let ways = operation.says["security"].as_array().unwrap();
    if ways.contains(&Value::Object(serde_json::Map::new())) {
        return Needs::Nothing;
    }
    let mut scopes: Vec<&str> = ways.iter().filter_map(|way| way["bearer"][0].as_str()).collect();
    scopes.dedup();
    if scopes.is_empty() { Needs::AnyKey } else { Needs::OneOf(scopes) }
}

fn send(request: Request, operation: Operation) -> Answer {
    // What is said of a body comes after who may send one.
    let needs_body = operation.says["requestBody"]["required"] == true;
    let request = if needs_body { request.json(&serde_json::json!({})) } else { request };
    request.send()
}

#[test]
fn who_has_no_key_is_let_in_only_where_the_document_says_so() {
    let app = TestApp::start();
    for operation in operations().into_iter().filter(|operation| operation.path != "/v1/sandboxes")
    {
        let answer = send(app.anonymous(operation.method, &operation.example_path()), operation);
        let is_open = needs(operation) == Needs::Nothing;
        assert_eq!(answer.status != 401, is_open, "{}: {}", operation.name(), answer.text());
    }
}

#[test]
fn a_key_without_the_scope_is_refused_and_the_refusal_names_it() {
    let mut app = TestApp::start();
    let none = add_key(&mut app, &[]);
    for operation in operations() {
        let path = operation.example_path();
        let request = app.anonymous(operation.method, &path).header("x-api-key", &none);
        let answer = send(request, operation);
        match needs(operation) {
            Needs::OneOf(scopes) => {
                assert_eq!(answer.status, 403, "{}: {}", operation.name(), answer.text());
                let names_it = scopes.iter().any(|scope| answer.text().contains(scope));
                assert!(names_it, "{}: {}", operation.name(), answer.text());
            }
            needs => assert_ne!(answer.status, 403, "{}: {needs:?}", operation.name()),
        }
    }
}

/// With a key that has one scope alone, each operation lets in exactly those that it names.
#[test]
fn each_scope_opens_what_the_document_says_and_nothing_else() {
    let mut app = TestApp::start();
    for scope in ALL {
        let key = add_key(&mut app, &[scope]);
        for operation in operations() {
            let Needs::OneOf(scopes) = needs(operation) else { continue };
            let path = operation.example_path();
            let request = app.anonymous(operation.method, &path);
            let request = request.header("authorization", &format!("Bearer {key}"));
            let answer = send(request, operation);
            let is_let_in = answer.status != 403;
            assert_eq!(is_let_in, scopes.contains(&scope), "{} with {scope}", operation.name());
        }
    }
}
