//! The document as people read it: its parts in order, and what is in each, as lines and tables.
//! Knows neither Markdown nor HTML.

use serde_json::{Map, Value};

/// Where schemas are in the document.
const SCHEMAS: &str = "#/components/schemas/";

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// All there is to read.
pub(super) struct Reference {
    pub(super) version: String,
    pub(super) about: String,
    pub(super) sections: Vec<Section>,
    pub(super) webhook: Entry,
    pub(super) objects: Vec<Object>,
}

/// Operations that belong together.
pub(super) struct Section {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) entries: Vec<Entry>,
}

/// One operation.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) about: String,
    /// Who may: a sentence.
    pub(super) access: String,
    pub(super) parameters: Vec<Row>,
    pub(super) body: Option<Vec<Span>>,
    /// The fields of a body that is an object.
    pub(super) fields: Vec<Row>,
    pub(super) answers: Vec<Row>,
    pub(super) curl: String,
}

/// A schema.
pub(super) struct Object {
    pub(super) name: String,
    pub(super) about: String,
    /// What it is, when it has no fields.
    pub(super) kind: Vec<Span>,
    pub(super) fields: Vec<Row>,
}

/// A line of a table.
#[derive(Default)]
pub(super) struct Row {
    pub(super) name: String,
    /// A word beside the name, such as `query` or `required`.
    pub(super) note: String,
    pub(super) kind: Vec<Span>,
    pub(super) about: String,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Span {
    Text(String),
    Code(String),
    /// The name of a schema.
    Link(String),
}

impl Reference {
    pub(super) fn of(document: &Value) -> Self {
        let tags = list(&document["tags"]);
        let sections = tags.iter().map(|tag| section(document, tag)).collect();
        let webhook = &document["webhooks"]["executionEvent"]["post"];
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        Self {
            version: text(&document["info"]["version"]),
            about: text(&document["info"]["description"]),
            sections,
            webhook: entry(document, ("POST", "your URL"), webhook),
            objects: schemas.map(|(name, schema)| object(name, schema)).collect(),
        }
    }
}

fn section(document: &Value, tag: &Value) -> Section {
    let mut entries = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"][0] == tag["name"] && !operation.is_null() {
                entries.push(entry(document, (&method.to_uppercase(), path), operation));
            }
        }
    }
    Section { name: text(&tag["name"]), about: text(&tag["description"]), entries }
}

fn entry(document: &Value, (method, path): (&str, &str), operation: &Value) -> Entry {
    let parameters = list(&operation["parameters"]);
    // What all operations have is said once.
    let own = parameters.iter().filter(|parameter| parameter.get("$ref").is_none());
    let body = body(&operation["requestBody"]);
    Entry {
        id: text(&operation["operationId"]),
        method: method.to_owned(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        about: text(&operation["description"]),
        access: access(list(&operation["security"])),
        parameters: own.clone().map(parameter).collect(),
        curl: super::curl::curl(document, (method, path), operation),
        body,
        fields: fields(document, &operation["requestBody"]),
        answers: answers(document, &operation["responses"]),
    }
}

fn parameter(parameter: &Value) -> Row {
    Row {
        name: text(&parameter["name"]),
        note: text(&parameter["in"]),
        kind: kind(&parameter["schema"]),
        about: text(&parameter["description"]),
    }
}

fn body(body: &Value) -> Option<Vec<Span>> {
    let contents = body["content"].as_object()?;
    let mut spans = Vec::new();
    for (media, content) in contents {
        if !spans.is_empty() {
            spans.push(Span::Text(", or ".to_owned()));
        }
        spans.extend([Span::Code(media.clone()), Span::Text(": ".to_owned())]);
        spans.extend(kind(&content["schema"]));
    }
    if body["required"] != true {
        spans.push(Span::Text("; it may be left out".to_owned()));
    }
    Some(spans)
}

fn fields(document: &Value, body: &Value) -> Vec<Row> {
    let schema = &body["content"]["application/json"]["schema"];
    // What callers are sent is one of several, and linked to.
    if schema.get("$ref").is_none() {
        return Vec::new();
    }
    object("", resolved(document, schema)).fields
}

fn answers(document: &Value, responses: &Value) -> Vec<Row> {
    let rows = responses.as_object().into_iter().flatten().map(|(status, response)| {
        let response = resolved(document, response);
        let mut spans = Vec::new();
        for content in response["content"].as_object().into_iter().flat_map(Map::values) {
            let spelt = kind(&content["schema"]);
            if !spans.is_empty() {
                spans.push(Span::Text(" or ".to_owned()));
            }
            spans.extend(spelt);
        }
        let headers = response["headers"].as_object().into_iter().flat_map(Map::keys);
        let own: Vec<_> = headers.filter(|name| *name != "X-Request-Id").cloned().collect();
        let about = text(&response["description"]);
        Row { name: status.clone(), note: own.join(", "), kind: spans, about }
    });
    rows.collect()
}

fn access(security: &[Value]) -> String {
    let mut is_open = false;
    let mut scopes: Vec<String> = Vec::new();
    for way in security {
        match way.as_object().into_iter().flatten().next() {
            None => is_open = true,
            Some((_, needed)) => {
                let scope = needed.get(0).map(text).unwrap_or_default();
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
    }
    let spelt: Vec<_> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    match (is_open, scopes.first().map(String::as_str)) {
        (true, _) | (false, None) => "Needs no key.".to_owned(),
        (false, Some("")) => "Needs any good key.".to_owned(),
        (false, Some(_)) => format!("Needs a key with the scope {}.", spelt.join(" or ")),
    }
}

fn object(name: &str, schema: &Value) -> Object {
    let required = |of: &Value, field: &str| list(&of["required"]).iter().any(|name| name == field);
    let mut fields = Vec::new();
    for part in std::iter::once(schema).chain(list(&schema["allOf"])) {
        if let Some(reference) = part["$ref"].as_str() {
            let to = reference.trim_start_matches(SCHEMAS).to_owned();
            let about = "All of its fields.".to_owned();
            fields.push(Row { kind: vec![Span::Link(to)], about, ..Row::default() });
        }
        for (name, field) in part["properties"].as_object().into_iter().flatten() {
            let note = if required(part, name) { "" } else { "optional" };
            fields.push(Row {
                name: name.clone(),
                note: note.to_owned(),
                kind: kind(field),
                about: text(&field["description"]),
            });
        }
    }
    let kind = if fields.is_empty() { kind(schema) } else { Vec::new() };
    Object { name: name.to_owned(), about: text(&schema["description"]), kind, fields }
}

/// What a value is, in a few words.
fn kind(schema: &Value) -> Vec<Span> {
    if let Some(reference) = schema["$ref"].as_str() {
        return vec![Span::Link(reference.trim_start_matches(SCHEMAS).to_owned())];
    }
    for (choice, between) in [("oneOf", " or "), ("allOf", " with ")] {
        let all = list(&schema[choice]);
        if !all.is_empty() {
            let named = all.iter().filter(|one| choice == "oneOf" || one.get("$ref").is_some());
            let spelt: Vec<_> = named.map(kind).collect();
            let mut spans = spelt.join(&Span::Text(between.to_owned()));
            spans.extend(default(schema));
            return spans;
        }
    }
    let words = list(&schema["enum"]);
    if !words.is_empty() {
        let words: Vec<_> = words.iter().map(|word| [Span::Code(plain(word))]).collect();
        return words.join(&Span::Text(", ".to_owned()));
    }
    if schema["items"].is_object() {
        let mut spans = vec![Span::Text("list of ".to_owned())];
        spans.extend(kind(&schema["items"]));
        return spans;
    }
    if let Some(Value::Object(fields)) = schema.get("properties") {
        let fields = fields.iter().map(|(name, field)| {
            let named = [Span::Code(name.clone()), Span::Text(": ".to_owned())];
            named.into_iter().chain(kind(field)).collect::<Vec<_>>()
        });
        return fields.collect::<Vec<_>>().join(&Span::Text("; ".to_owned()));
    }
    let mut spans = vec![Span::Text(format!("{}{}", types(schema), bounds(schema)))];
    spans.extend(default(schema));
    spans
}

fn types(schema: &Value) -> String {
    let named = match &schema["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => several.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    };
    match schema["format"].as_str() {
        Some(format) if !["double", "int32", "int64"].contains(&format) => {
            format!("{named}, {format}")
        }
        _ => named,
    }
}

fn bounds(schema: &Value) -> String {
    let said = [
        ("exclusiveMinimum", "more than "),
        ("minimum", "from "),
        ("maximum", "at most "),
        ("maxLength", "characters at most: "),
        ("maxItems", "entries at most: "),
    ];
    let bounds = said.iter().filter_map(|(key, words)| {
        let bound = &schema[*key];
        // That a count is not negative goes without saying.
        let is_told = bound.is_number() && !(*key == "minimum" && bound == 0);
        is_told.then(|| format!(", {words}{bound}"))
    });
    bounds.collect()
}

fn default(schema: &Value) -> Vec<Span> {
    match &schema["default"] {
        Value::Null => Vec::new(),
        default => vec![Span::Text("; default ".to_owned()), Span::Code(plain(default))],
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
    reference.and_then(|to| document.pointer(to)).unwrap_or(value)
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
