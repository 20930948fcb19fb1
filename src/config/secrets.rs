//! The secrets of the configuration: given as they are, or in a file that a key names.
//! Encrypts nothing; the key is only checked to be one.

use std::cmp::Ordering;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::Secret;

use super::error::ConfigError;
use super::file::read_bytes;
use super::key::KeyPath;
use super::layers::Setting;
use super::origin::{Origin, shown};
use super::reader::{Reader, Rule};
use super::value::Value;

/// `[secrets]`: how secrets at rest are encrypted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SecretsConfig {
    /// 32 bytes in standard base64; without it the data directory has the key.
    pub key: Option<Secret>,
    /// One or more such keys, with spaces, commas or line breaks between them, that `key` has taken
    /// the place of. They only open. Only with `key`.
    pub previous_keys: Option<Secret>,
}

/// Secret files are a line long; more than 64 KiB is a mistake.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

impl SecretsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let key = reader.secret("secrets.key", &KEY);
        let previous_keys = reader.secret("secrets.previous_keys", &PREVIOUS_KEYS);
        if key.is_none() && previous_keys.is_some() {
            reader.refuse_previous_keys();
        }
        Self { key, previous_keys }
    }
}

const KEY: Rule = Rule {
    expected: "expected 32 bytes in base64, as `openssl rand -base64 32` prints them",
    fits: is_key,
};

const PREVIOUS_KEYS: Rule = Rule {
    expected: "expected keys of 32 bytes in base64 with spaces, commas or line breaks between them",
    fits: |text| {
        let words = text.split([' ', ',', '\t', '\r', '\n']).filter(|word| !word.is_empty());
        text.is_empty() || words.clone().count() > 0 && words.clone().all(is_key)
    },
};

fn is_key(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

impl Reader<'_> {
    /// A secret: what `key` says, or what the file says that `key` with `_file` names, whichever was
    /// set in the stronger layer. Nothing when both are empty.
    pub(super) fn secret(&mut self, key: &str, rule: &Rule) -> Option<Secret> {
        let (key, file_key) = (KeyPath::from(key), KeyPath::from(format!("{key}_file").as_str()));
        let (text, file) = (self.find::<String>(&key), self.find::<String>(&file_key));
        let (text, file) = (text?, file?);
        let (origin, file_origin) = (self.origin_of(&key), self.origin_of(&file_key));
        let rank = |text: &str, origin: &Origin| (!text.is_empty()).then(|| origin.strength());
        match rank(&text, &origin).cmp(&rank(&file, &file_origin)) {
            Ordering::Greater => {
                self.put_out(file_key, origin);
                self.secret_in_text(&key, text, rule)
            }
            Ordering::Less => {
                self.put_out(key, file_origin);
                self.secret_in_file(&file_key, &file, rule)
            }
            Ordering::Equal if text.is_empty() => None,
            Ordering::Equal => {
                self.report(ConfigError::SecretTwice { origin: file_origin, key: key.to_string() });
                None
            }
        }
    }

    /// Notes that there are keys which only open and none that seals, unless that one is wrong.
    fn refuse_previous_keys(&mut self) {
        let [text, file] =
            ["secrets.previous_keys", "secrets.previous_keys_file"].map(KeyPath::from);
        let is_text =
            self.layers().get(&text).is_some_and(|setting| !setting.value.is_empty_text());
        let expected = "expected `secrets.key` beside it: these only open, and that one seals";
        self.refuse(if is_text { &text } else { &file }, expected);
    }

    fn secret_in_text(&mut self, key: &KeyPath, text: String, rule: &Rule) -> Option<Secret> {
        if !(rule.fits)(&text) {
            self.refuse(key, rule.expected);
        }
        Some(Secret::new(text))
    }

    fn secret_in_file(&mut self, key: &KeyPath, file: &str, rule: &Rule) -> Option<Secret> {
        let secret = match read_secret(Path::new(file)) {
            Ok(secret) => secret,
            Err(source) => {
                let (origin, path) = (self.origin_of(key), shown(Path::new(file)));
                let key = key.to_string();
                self.report(ConfigError::SecretUnreadable { origin, key, path, source });
                return None;
            }
        };
        if !(rule.fits)(secret.expose()) {
            let found = format!(
                "{}, and what that file holds does not fit",
                Value::Text(file.to_owned()).shown()
            );
            self.refuse_as(key, found, rule.expected.to_owned());
        }
        Some(secret)
    }

    /// Empties the one of a secret's two keys that lost, so that what is shown is what is in effect.
    fn put_out(&mut self, key: KeyPath, origin: Origin) {
        if self.layers().get(&key).is_some_and(|setting| !setting.value.is_empty_text()) {
            let value = Value::Text(String::new());
            self.replace(Setting { key, value, origin });
        }
    }
}

/// What a file holds, without the line break that editors leave at its end.
fn read_secret(path: &Path) -> io::Result<Secret> {
    let (bytes, _) = read_bytes(path, SECRET_BYTES_MAX)?;
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8");
    let text = String::from_utf8(bytes).map_err(not_text)?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}
