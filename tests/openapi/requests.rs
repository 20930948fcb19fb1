//! What the document says of the bodies of requests is what the server reads: the same fields, of the
//! same types, with the same words and bounds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::{Operation, of_field, operations};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::wait::{DEADLINE, eventually};

/// What the server says of the fields that a body was asked for.
const ASKED: &str = "a body was asked for these fields: ";

/// Stands in the place of `code` where the operator allows that, which is told there and no schema says.
const REFUSED: &str = "command";

fn with_bodies() -> Vec<(Operation, &'static Map<String, Value>)> {
    let all = operations().into_iter();
    let all: Vec<_> =
        all.filter_map(|operation| Some((operation, operation.strict_body()?))).collect();
    assert!(all.len() > 6, "there are requests with bodies");
    all
}

fn fields(schema: &'static Map<String, Value>) -> Vec<(&'static str, &'static Value)> {
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    fields.map(|(name, field)| (name.as_str(), of_field(field))).collect()
}

/// Objects inside a request that have fields of their own.
fn inner(schema: &'static Map<String, Value>) -> Vec<(&'static str, &'static Map<String, Value>)> {
    let fields = fields(schema).into_iter();
    let inner = fields.filter_map(|(name, field)| Some((name, field.as_object()?)));
    inner.filter(|(_, field)| field.contains_key("properties")).collect()
}

fn names(schema: &'static Map<String, Value>) -> BTreeSet<String> {
    fields(schema).into_iter().map(|(name, _)| name.to_owned()).collect()
}

fn send(app: &TestApp, operation: Operation, body: &Value) -> Answer {
    app.request(operation.method, &operation.example_path()).json(body).send()
}

/// What is said to be wrong with a field.
fn blamed(answer: &Answer, field: &str) -> Option<String> {
    let problem = answer.json();
    let errors = problem["errors"].as_array()?;
    let error = errors.iter().find(|error| error["field"] == field)?;
    Some(error["code"].as_str()?.to_owned())
}

#[test]
fn a_body_is_asked_for_exactly_the_fields_of_its_schema() {
    let app = TestApp::with(|options| options.env("RINGBACK_LOG", "ringback::http::fields=trace"));
    for (operation, schema) in with_bodies() {
        let before = app.stderr().len();
        let mut body = json!({"colour": "red"});
        let inside = inner(schema);
        for (name, _) in &inside {
            body[*name] = json!({});
        }
        let answer = send(&app, operation, &body);
        assert_eq!(
            blamed(&answer, "colour").as_deref(),
            Some("unknown_field"),
            "{}",
            operation.name()
        );
        let asked = eventually(DEADLINE, "the log says what was asked for", || {
            let said = app.stderr();
            let lines = said[before..].lines().filter_map(|line| line.split_once(ASKED));
            let sets = lines.map(|(_, names)| names.split(' ').map(str::to_owned).collect());
            let sets: Vec<BTreeSet<String>> = sets.collect();
            (sets.len() == inside.len() + 1).then_some(sets)
        });
        let mut expected: Vec<_> = inside.iter().map(|(_, schema)| names(schema)).collect();
        expected.push(names(schema));
        for set in asked {
            let set: BTreeSet<String> =
                set.into_iter().filter(|name| !name.is_empty() && name != REFUSED).collect();
            let at = expected.iter().position(|names| *names == set);
            let at = at.unwrap_or_else(|| {
                panic!("{} asks for {set:?}, and the document has {expected:?}", operation.name())
            });
            expected.remove(at);
        }
    }
}

/// A value that is of no type that the schema names; none when everything is.
fn of_another_type(field: &Value) -> Option<Value> {
    let types: Vec<&str> = match &field["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    Some(if types.contains(&"string") { json!(1.5) } else { json!("a text") })
}

#[test]
fn a_field_of_another_type_is_refused_by_its_name() {
    let app = TestApp::start();
    for (operation, schema) in with_bodies() {
        for (name, field) in fields(schema) {
            if let Some(wrong) = of_another_type(field) {
                let answer = send(&app, operation, &json!({name: wrong}));
                assert!(
                    blamed(&answer, name).is_some(),
                    "{} {name}: {}",
                    operation.name(),
                    answer.text()
                );
            }
        }
        for (outer, schema) in inner(schema) {
            for (name, field) in fields(schema) {
                let wrong = of_another_type(field).expect("each has a type");
                let answer = send(&app, operation, &json!({outer: {name: wrong}}));
                let full = format!("{outer}.{name}");
                assert!(blamed(&answer, &full).is_some(), "{} {full}", operation.name());
            }
        }
    }
}

#[test]
fn what_must_be_there_is_missed_and_what_need_not_be_is_not() {
    let app = TestApp::start();
    for (operation, schema) in with_bodies() {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        // With something unknown in it, it is refused whatever it asks for.
        let answer = send(&app, operation, &json!({"colour": "red"}));
        for (name, _) in fields(schema) {
            let is_missed = blamed(&answer, name).as_deref() == Some("required");
            assert_eq!(is_missed, required.contains(&name), "{} {name}", operation.name());
        }
    }
}

/// Words and numbers that the schema allows, and some that it does not.
fn examples(field: &Value) -> (Vec<Value>, Vec<Value>) {
    if let Some(words) = field["enum"].as_array() {
        return (words.clone(), vec![json!("another word")]);
    }
    if field["items"].is_object() {
        let (good, bad) = examples(of_items(field));
        let list = |values: Vec<Value>| values.into_iter().map(|value| json!([value])).collect();
        return (list(good), list(bad));
    }
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    if let Some(min) = field["minimum"].as_i64() {
        good.push(json!(min));
        bad.push(json!(min - 1));
    }
    if let Some(min) = field["exclusiveMinimum"].as_f64() {
        good.push(json!(min + 0.001));
        bad.push(json!(min));
    }
    if let Some(max) = field["maximum"].as_u64() {
        good.push(json!(max));
        bad.push(json!(max + 1));
    }
    (good, bad)
}

fn of_items(field: &Value) -> &Value {
    let items = &field["items"];
    match items["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
        Some(to) => super::document::DOCUMENT.pointer(to).expect("it leads somewhere"),
        None => items,
    }
}

#[test]
fn words_and_numbers_are_taken_as_far_as_the_schema_says_and_no_farther() {
    let app = TestApp::start();
    let mut count = 0;
    for (operation, schema) in with_bodies() {
        let mut check = |name: &str, value: &Value, body: &Value, is_good: bool| {
            // Something unknown keeps it from being carried out.
            let mut body = body.clone();
            body["colour"] = json!("red");
            let refused = blamed(&send(&app, operation, &body), name);
            let is_taken = refused.as_deref().is_none_or(|code| code == "conflict");
            assert_eq!(is_taken, is_good, "{} {name} {value}: {refused:?}", operation.name());
            count += 1;
        };
        for (name, field) in fields(schema) {
            let (good, bad) = examples(field);
            good.iter().for_each(|value| check(name, value, &json!({name: value}), true));
            bad.iter().for_each(|value| check(name, value, &json!({name: value}), false));
        }
        for (outer, schema) in inner(schema) {
            for (name, field) in fields(schema) {
                let (good, bad) = examples(field);
                let full = format!("{outer}.{name}");
                let within = |value: &Value| json!({outer: {name: value}});
                good.iter().for_each(|value| check(&full, value, &within(value), true));
                bad.iter().for_each(|value| check(&full, value, &within(value), false));
            }
        }
    }
    assert!(count > 80, "only {count} values were tried");
}
