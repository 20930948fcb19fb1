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
        let mut languages: Vec<String> = Vec::new();
        for language in self.0.iter().filter_map(|setting| setting.key.language()) {
            if !languages.iter().any(|known| known == language) {
                languages.push(language.to_owned());
            }
        }
        languages
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
