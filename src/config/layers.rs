//! The layers of the configuration, merged key by key, each value with the place that set it.
//! Does not judge values.

use super::error::ConfigError;
use super::key::KeyPath;
use super::origin::Origin;
use super::schema::{SECRETS, Schema};
use super::value::Value;

/// One key, its value and who set it.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) key: KeyPath,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// What one layer says, and what is wrong with how it says it.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) settings: Vec<Setting>,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<String>,
}

/// The settings in effect, in the order of the defaults and then as they came.
pub(super) struct Layers(Vec<Setting>);

/// What stands for a secret wherever it would be shown.
pub(super) const MASK: &str = "[secret]";

impl Layers {
    /// The weakest layer alone.
    pub(super) fn new(schema: &Schema) -> Self {
        let setting = |(key, value): &(KeyPath, Value)| Setting {
            key: key.clone(),
            value: value.clone(),
            origin: Origin::Default,
        };
        Self(schema.defaults().iter().map(setting).collect())
    }

    /// Puts a stronger layer on top.
    pub(super) fn merge(&mut self, settings: Vec<Setting>) {
        for setting in settings {
            match self.0.iter_mut().find(|known| known.key == setting.key) {
                Some(known) => *known = setting,
                None => self.0.push(setting),
            }
        }
    }

    /// What a key is set to, if it is.
    pub(super) fn get(&self, key: &KeyPath) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.key == *key)
    }

    /// All settings.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// The languages that anybody has described, each once.
    pub(super) fn languages(&self) -> Vec<String> {
        self.names(KeyPath::language)
    }

    /// The tenants of which anything was said, each once.
    pub(super) fn tenants(&self) -> Vec<String> {
        self.names(KeyPath::tenant)
    }

    fn names(&self, of: fn(&KeyPath) -> Option<&str>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.0.iter().filter_map(|setting| of(&setting.key)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Forgets the secrets, once they have been read.
    pub(super) fn mask(&mut self) {
        for secret in SECRETS.map(KeyPath::from) {
            let setting = self.0.iter_mut().find(|setting| setting.key == secret);
            if let Some(setting) = setting.filter(|setting| !setting.value.is_empty_text()) {
                setting.value = Value::Text(MASK.to_owned());
            }
        }
    }
}
