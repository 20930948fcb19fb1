//! An example of each operation, to be copied into a shell.
//! Sends nothing.

use serde_json::{Map, Value};

use super::reference::{list, resolved};

/// The operation as a command. `$RINGBACK_SERVER` and `$RINGBACK_TOKEN` are for the reader to set.
pub(super) fn curl(document: &Value, (method, path): (&str, &str), operation: &Value) -> String {
    let mut line = match method {
        "GET" => "curl".to_owned(),
        _ => format!("curl -X {method}"),
    };
    line.push_str(&format!(" \"$RINGBACK_SERVER{}\"", filled(document, path, operation)));
    let is_open = list(&operation["security"]).iter().any(|way| way == &Value::Object(Map::new()));
    if !is_open {
        line.push_str(" \\\n  -H \"Authorization: Bearer $RINGBACK_TOKEN\"");
    }
    if let Some(body) = body(document, operation) {
        line.push_str(" \\\n  -H 'Content-Type: application/json'");
        line.push_str(&format!(" \\\n  -d '{}'", body.replace('\'', r"'\''")));
    }
    line
}

/// The path with an example in each of its places.
fn filled(document: &Value, path: &str, operation: &Value) -> String {
    let mut path = path.to_owned();
    for parameter in list(&operation["parameters"]) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let schema = resolved(document, &parameter["schema"]);
        let example = schema["examples"][0].as_str().or(schema["enum"][0].as_str());
        let example = example.map_or_else(|| name.to_uppercase(), str::to_owned);
        path = path.replace(&format!("{{{name}}}"), &example);
    }
    path
}

/// An example of the body, where one is needed: the schema's own, else what must be there.
fn body(document: &Value, operation: &Value) -> Option<String> {
    let body = &operation["requestBody"];
    if body["required"] != true {
        return None;
    }
    let schema = resolved(document, &body["content"]["application/json"]["schema"]);
    if schema["example"].is_object() {
        return Some(schema["example"].to_string());
    }
    let required = list(&schema["required"]).iter().filter_map(Value::as_str);
    let example = |name: &str| schema["properties"][name]["example"].clone();
    let fields: Map<String, Value> =
        required.map(|name| (name.to_owned(), example(name))).collect();
    Some(Value::Object(fields).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_example_can_be_copied() {
        let document = json!({"ids": {"examples": ["exec_1"]}});
        let operation = json!({
            "security": [{"bearer": []}],
            "parameters": [{"name": "id", "schema": {"$ref": "#/ids"}}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
                "example": {"code": "print('hi')"},
            }}}},
        });
        assert_eq!(
            curl(&document, ("POST", "/x/{id}/{name}"), &operation),
            "curl -X POST \"$RINGBACK_SERVER/x/exec_1/{name}\" \\\n  \
             -H \"Authorization: Bearer $RINGBACK_TOKEN\" \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\"code\":\"print('\\''hi'\\'')\"}'"
        );
    }
}
