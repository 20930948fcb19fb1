//! The document as tests read it: its operations, and the schemas that references lead to.
//! Asserts nothing but that it can be read.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// The document, as every server of this version has it.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(ringback::http::openapi_json()).expect("the document is JSON")
});

/// An operation of the document.
#[derive(Clone, Copy)]
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub says: &'static Value,
}

/// All operations.
pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().into_iter().flatten() {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let says = &item[method.to_lowercase()];
            if says.is_object() {
                all.push(Operation { method, path, says });
            }
        }
    }
    assert!(all.len() > 30, "there are operations");
    all
}

impl Operation {
    /// `METHOD path`.
    pub fn name(self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it is one of ours, and not of another system's.
    pub fn is_ours(self) -> bool {
        let tag = self.says["tags"][0].as_str().expect("an operation has a tag");
        !["HopX", "Fetch Hive", "Cortex"].contains(&tag)
    }

    /// The path with examples in its places.
    pub fn example_path(self) -> String {
        let mut path = self.path.to_owned();
        for parameter in self.parameters() {
            if parameter["in"] == "path" {
                let name = parameter["name"].as_str().expect("it has a name");
                let schema = resolved(&parameter["schema"]);
                let example = schema["examples"][0].as_str().or(schema["enum"][0].as_str());
                path = path.replace(&format!("{{{name}}}"), example.unwrap_or("example"));
            }
        }
        path
    }

    pub fn parameters(self) -> impl Iterator<Item = &'static Value> {
        self.says["parameters"].as_array().into_iter().flatten().map(resolved)
    }

    /// The schema of a body that takes no field that it does not name.
    pub fn strict_body(self) -> Option<&'static Map<String, Value>> {
        let schema = resolved(&self.says["requestBody"]["content"]["application/json"]["schema"]);
        schema
            .as_object()
            .filter(|schema| schema.get("additionalProperties") == Some(&false.into()))
    }
}

/// Where a reference leads to, or the value itself.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
        Some(to) => DOCUMENT.pointer(to).unwrap_or_else(|| panic!("{to} is nowhere")),
        None => value,
    }
}

/// The schema of a field, behind references and without the choice of null.
pub fn of_field(field: &'static Value) -> &'static Value {
    let chosen = field["oneOf"].as_array().into_iter().flatten();
    let chosen = chosen.into_iter().find(|one| one["type"] != "null").unwrap_or(field);
    resolved(chosen)
}
