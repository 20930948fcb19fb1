//! Which keys there are, what each takes and what it is by default, from `config.default.toml`.
//! Reads no other file.

use super::key::{KeyPath, RUNTIMES, TENANTS};
use super::value::{Shape, Value};

/// The defaults, as they are compiled in.
pub(super) const DEFAULTS: &str = include_str!("../../config.default.toml");

/// Keys whose values are never shown.
pub(super) const SECRETS: [&str; 5] = [
    "server.api_key",
    "auth.jwt.secret",
    "webhook.ed25519_key",
    "secrets.key",
    "secrets.previous_keys",
];

/// The fields of a language; `env` is a table of texts beside them.
pub(super) const RUNTIME_FIELDS: [(&str, Shape); 7] = [
    ("enabled", Shape::Flag),
    ("command", Shape::List),
    ("file", Shape::Text),
    ("aliases", Shape::List),
    ("version", Shape::List),
    ("locate", Shape::List),
    // Also a table, which only a file can write.
    ("warm", Shape::Flag),
];

/// The fields of a tenant.
pub(super) const TENANT_FIELDS: [(&str, Shape); 7] = [
    ("weight", Shape::Number),
    ("slots", Shape::Number),
    ("queue_max", Shape::Number),
    ("submissions_per_second", Shape::Number),
    ("timeout_max", Shape::Text),
    ("network", Shape::Text),
    ("isolation", Shape::Text),
];

/// All keys, with their defaults in the order of the file.
pub(super) struct Schema {
    defaults: Vec<(KeyPath, Value)>,
}

/// What a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// Something that holds keys.
    Table,
    /// A key, and what it takes.
    Key(Shape),
    /// Nothing that is known.
    Unknown,
}

impl Schema {
    /// Reads the compiled-in defaults.
    pub(super) fn new() -> Self {
        let document = toml_edit::Document::parse(DEFAULTS)
            .expect("config.default.toml is TOML: the tests of this module read it");
        let mut schema = Self { defaults: Vec::new() };
        schema.collect(&KeyPath::root(), document.as_table());
        schema
    }

    /// Every key that has a default, with it, in the order of the file.
    pub(super) fn defaults(&self) -> &[(KeyPath, Value)] {
        &self.defaults
    }

    /// What a path stands for. Languages and tenants are open: any name can be one.
    pub(super) fn node(&self, path: &KeyPath) -> Node {
        let field = |fields: &[(&str, Shape)], name: &str| {
            let field = fields.iter().find(|(field, _)| *field == name);
            field.map_or(Node::Unknown, |(_, shape)| Node::Key(*shape))
        };
        match path.words()[..] {
            [RUNTIMES] | [RUNTIMES, _] | [RUNTIMES, _, "env"] => Node::Table,
            [RUNTIMES, _, "env", _] => Node::Key(Shape::Text),
            [RUNTIMES, _, name] => field(&RUNTIME_FIELDS, name),
            [TENANTS] | [TENANTS, _] => Node::Table,
            [TENANTS, _, name] => field(&TENANT_FIELDS, name),
            _ => match self.default_of(path).and_then(Value::shape) {
                Some(shape) => Node::Key(shape),
                None if self.defaults.iter().any(|(key, _)| key.is_inside(path)) => Node::Table,
                None => Node::Unknown,
            },
        }
    }

    /// What a key is by default, if it has one.
    pub(super) fn default_of(&self, path: &KeyPath) -> Option<&Value> {
        self.defaults.iter().find(|(key, _)| key == path).map(|(_, value)| value)
    }

    /// Whether a language is one of ours.
    pub(super) fn has_runtime(&self, language: &str) -> bool {
        self.languages().any(|known| known == language)
    }

    /// Our own languages; one comes up as often as it has fields.
    pub(super) fn languages(&self) -> impl Iterator<Item = &str> {
        self.defaults.iter().filter_map(|(key, _)| key.language())
    }

    /// Every key that somebody could mean by `path`.
    pub(super) fn candidates(&self, path: &KeyPath) -> Vec<KeyPath> {
        let mut keys: Vec<_> = self.defaults.iter().map(|(key, _)| key.clone()).collect();
        if let Some(language) = path.language().filter(|language| !self.has_runtime(language)) {
            keys.extend(RUNTIME_FIELDS.map(|(field, _)| KeyPath::of_runtime(language, field)));
        }
        if let Some(tenant) = path.tenant() {
            keys.extend(TENANT_FIELDS.map(|(field, _)| KeyPath::of_tenant(tenant, field)));
        }
        keys
    }

    /// The sections of the file.
    pub(super) fn sections(&self) -> Vec<&str> {
        let mut sections: Vec<_> =
            self.defaults.iter().filter_map(|(key, _)| key.words().first().copied()).collect();
        sections.dedup();
        sections
    }

    fn collect(&mut self, path: &KeyPath, table: &dyn toml_edit::TableLike) {
        for (word, item) in table.iter() {
            let path = path.child(word);
            match item.as_table_like() {
                Some(table) => self.collect(&path, table),
                None => self.defaults.push((path, Value::from_toml(item))),
            }
        }
    }
}

/// Whether a key's value is never shown.
pub(super) fn is_secret(path: &KeyPath) -> bool {
    SECRETS.iter().any(|secret| *path == KeyPath::from(*secret))
}
