//! Reads a configuration file: its settings with their lines, its unknown keys, its syntax.
//! Never quotes a line of the file, since it may hold a secret.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use toml_edit::{Document, Item, TableLike};

use super::error::ConfigError;
use super::key::{KeyPath, RUNTIMES};
use super::layers::{Layer, Setting};
use super::origin::{Origin, one_line, shown};
use super::schema::{Node, Schema, is_secret};
use super::suggest::{nearest_key, nearest_section};
use super::value::Value;

/// No configuration is larger than 1 MiB; whoever names a log or a device by mistake is told so.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads one file as a layer. An error means that nothing of it could be used.
pub(super) fn read(path: &Path, schema: &Schema) -> Result<Layer, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: shown(path), source };
    let (bytes, mode) = read_bytes(path, FILE_BYTES_MAX).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        ConfigError::NotUtf8 { path: shown(path), line: line_breaks(valid) + 1 }
    })?;
    let document = Document::parse(text.as_str()).map_err(|error| syntax(path, &text, &error))?;

    let mut walk = Walk { path, schema, lines: Lines::of(&text), layer: Layer::default() };
    walk.table(&KeyPath::root(), document.as_table());
    let mut layer = walk.layer;
    layer.warnings.extend(open_secret(path, mode, &layer.settings));
    Ok(layer)
}

/// The bytes of a file of limited size, and who may read it.
///
/// Reads to the end instead of trusting the size: what is named may be a pipe.
pub(super) fn read_bytes(path: &Path, bytes_max: u64) -> io::Result<(Vec<u8>, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let reason = format!("it is larger than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok((bytes, mode))
}

/// One way through a document.
struct Walk<'a> {
    path: &'a Path,
    schema: &'a Schema,
    lines: Lines,
    layer: Layer,
}

impl Walk<'_> {
    fn table(&mut self, parent: &KeyPath, table: &dyn TableLike) {
        for (word, item) in table.iter() {
            let span = table.get_key_value(word).and_then(|(key, _)| key.span());
            let line = self.lines.line_at(span.map_or(0, |span| span.start));
            self.item(parent.child(word), item, Origin::file(self.path, line));
        }
    }

    fn item(&mut self, key: KeyPath, item: &Item, origin: Origin) {
        match (self.schema.node(&key), item.as_table_like()) {
            (Node::Table, Some(table)) => {
                self.announce_runtime(&key, &origin);
                self.table(&key, table);
            }
            (Node::Table, None) => self.layer.errors.push(ConfigError::Unfit {
                origin,
                key: key.to_string(),
                found: "no table".to_owned(),
                expected: format!("expected a section `[{key}]` with keys"),
            }),
            (Node::Key(_), _) => {
                let value = Value::from_toml(item);
                self.layer.settings.push(Setting { key, value, origin });
            }
            (Node::Unknown, _) => {
                let is_section = !item.is_value() && key.words().len() == 1;
                self.layer.errors.push(self.unknown(&key, is_section, origin));
            }
        }
    }

    fn unknown(&self, key: &KeyPath, is_section: bool, origin: Origin) -> ConfigError {
        let name = key.to_string();
        let (kind, suggestion) = if is_section {
            ("section", nearest_section(&name, self.schema))
        } else {
            ("key", nearest_key(key, self.schema).map(|key| key.to_string()))
        };
        ConfigError::Unknown { origin, kind, name, suggestion }
    }

    /// Makes a language of the user's known by its header alone, so that one without any field is
    /// found to be incomplete instead of being passed over.
    fn announce_runtime(&mut self, key: &KeyPath, origin: &Origin) {
        if let [RUNTIMES, language] = key.words()[..]
            && !self.schema.has_runtime(language)
        {
            let (key, value) = (KeyPath::of_runtime(language, "enabled"), Value::Flag(true));
            self.layer.settings.push(Setting { key, value, origin: origin.clone() });
        }
    }
}

/// The parser's own text would quote the line; its message alone quotes nothing.
fn syntax(path: &Path, text: &str, error: &toml_edit::TomlError) -> ConfigError {
    const DUPLICATE: &str = "duplicate key";
    let span = error.span().unwrap_or(0..0);
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    let message = match (error.message(), text.get(span)) {
        // A key is no secret, and its name says what to do.
        (DUPLICATE, Some(key)) => format!("{DUPLICATE} `{}`", one_line(key)),
        // The parser guesses from the first letter: `text` without quotes looks like `true` to it.
        (message, _)
            if message.starts_with("invalid boolean") || message.starts_with("invalid float") =>
        {
            format!("{}, or a text in quotes", one_line(message))
        }
        (message, _) => one_line(message),
    };
    ConfigError::Syntax {
        path: shown(path),
        line: line_breaks(before.as_bytes()) + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

/// A warning when a file with a secret may be read by everybody on the machine.
///
/// Files that hold nothing but a secret are not judged: container managers mount those readable by
/// all, in a place where there is nobody else.
fn open_secret(path: &Path, mode: u32, settings: &[Setting]) -> Option<String> {
    const READABLE_BY_ALL: u32 = 0o004;
    let holds_secret =
        |setting: &&Setting| is_secret(&setting.key) && !setting.value.is_empty_text();
    let secret = settings.iter().find(holds_secret).filter(|_| mode & READABLE_BY_ALL != 0)?;
    let (origin, key) = (&secret.origin, &secret.key);
    let file = shown(path);
    Some(format!(
        "{origin}: `{key}` is a secret in a file that everybody on this machine may read; \
         chmod 600 {file}, or name a file in `{key}_file`"
    ))
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(line_break, _)| line_break).collect())
    }

    /// The line of a byte, counted from 1.
    fn line_at(&self, offset: usize) -> usize {
        self.0.partition_point(|&line_break| line_break < offset) + 1
    }
}

fn line_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}
