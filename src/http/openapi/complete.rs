//! What the derived schemas do not say by themselves: that an answer has every field, and null where
//! nothing is known. Requests are left as they are.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

const SCHEMAS: &str = "#/components/schemas/";

/// The document, with all fields required that an answer has even when they are null.
pub(super) fn complete(document: OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document can be written");
    let asked = asked_for(&document);
    let components = &mut document["components"];
    each(&mut components["schemas"], &mut |name, schema| {
        if !asked.contains(name) {
            require_nullable(schema);
        }
    });
    require_nullable(&mut components["responses"]);

    each(&mut document["paths"], &mut |_, path| {
        each(path, &mut |_, operation| require_nullable(&mut operation["responses"]));
    });
    tidy(&mut document);
    document
}

/// Makes lines of comments paragraphs, and says of a field that may be null what it is in front of that.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                let paragraphs = text.split("\n\n").map(|text| text.replace('\n', " "));
                *text = paragraphs.collect::<Vec<_>>().join("\n\n");
            }
            let inner = object.get_mut("oneOf").and_then(|all| all.get_mut(0));
            let about = inner.and_then(Value::as_object_mut).filter(|one| one.contains_key("$ref"));
            if let Some(about) = about.and_then(|one| one.remove("description")) {
                object.entry("description").or_insert(about);
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// The names of the schemas of requests, and of what is in them.
fn asked_for(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flat_map(Map::values);
    for operation in paths.filter_map(Value::as_object).flat_map(Map::values) {
        follow(&operation["requestBody"], document, &mut names);
    }
    names
}

fn follow(value: &Value, document: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|to| to.strip_prefix(SCHEMAS))
                && names.insert(name.to_owned())
            {
                follow(&document["components"]["schemas"][name], document, names);
            }
            object.values().for_each(|inner| follow(inner, document, names));
        }
        Value::Array(list) => list.iter().for_each(|inner| follow(inner, document, names)),
        _ => {}
    }
}

/// Requires every property that may be null, of this schema and of all inside it.
fn require_nullable(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                let nullable = properties.iter().filter(|(_, schema)| is_nullable(schema));
                let mut required: Vec<Value> = match object.get("required") {
                    Some(Value::Array(required)) => required.clone(),
                    _ => Vec::new(),
                };
                let more: Vec<Value> = nullable.map(|(name, _)| json!(name)).collect();
                required.extend(
                    more.into_iter().filter(|name| !required.contains(name)).collect::<Vec<_>>(),
                );
                if !required.is_empty() {
                    object.insert("required".to_owned(), required.into());
                }
            }
            object.values_mut().for_each(require_nullable);
        }
        Value::Array(list) => list.iter_mut().for_each(require_nullable),
        _ => {}
    }
}

fn is_nullable(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null";
    let by_type = schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null));
    let by_choice = schema["oneOf"].as_array();
    by_type || by_choice.is_some_and(|all| all.iter().any(|one| is_null(&one["type"])))
}

fn each(value: &mut Value, change: &mut dyn FnMut(&str, &mut Value)) {
    for (name, inner) in value.as_object_mut().into_iter().flatten() {
        change(name, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_null_in_an_answer_is_there() {
        let mut schema = json!({"properties": {
            "a": {"type": ["string", "null"]},
            "b": {"oneOf": [{"type": "null"}, {"$ref": "#/x"}]},
            "c": {"type": "string"},
            "d": {"type": "string"},
        }, "required": ["d"]});
        require_nullable(&mut schema);
        assert_eq!(schema["required"], json!(["d", "a", "b"]));
    }
}
