//! The name of a setting: a path of words, such as `execution.slots`.
//! Does not know which names exist.

use std::fmt;

/// A path into the configuration. Prints as TOML writes it, with quotes where a word needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyPath(Vec<String>);

/// The table of languages, whose sections are named by users.
pub(super) const RUNTIMES: &str = "runtimes";

/// The table of tenants, whose sections are named by users as well.
pub(super) const TENANTS: &str = "tenants";

impl KeyPath {
    /// The path of nothing: the document itself.
    pub(super) const fn root() -> Self {
        Self(Vec::new())
    }

    /// A field of a language.
    pub(super) fn of_runtime(language: &str, field: &str) -> Self {
        Self(vec![RUNTIMES.to_owned(), language.to_owned(), field.to_owned()])
    }

    /// A field of a tenant.
    pub(super) fn of_tenant(tenant: &str, field: &str) -> Self {
        Self(vec![TENANTS.to_owned(), tenant.to_owned(), field.to_owned()])
    }

    /// The path of something inside this.
    pub(super) fn child(&self, word: &str) -> Self {
        let mut words = self.0.clone();
        words.push(word.to_owned());
        Self(words)
    }

    /// The words of the path.
    pub(super) fn words(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    /// Whether this lies inside `other`.
    pub(super) fn is_inside(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// The words without the last, and the last.
    pub(super) fn split_last(&self) -> (Self, &str) {
        match self.0.split_last() {
            Some((last, section)) => (Self(section.to_vec()), last),
            None => (Self::root(), ""),
        }
    }

    /// The header of the section that lists this, and the key below it: `runtimes.python` and
    /// `env.TZ`, or `server` and `listen`.
    pub(super) fn split_section(&self) -> (Self, Self) {
        let is_named_by_users = |word: &String| word == RUNTIMES || word == TENANTS;
        let depth = if self.0.first().is_some_and(is_named_by_users) { 2 } else { 1 };
        let (section, key) = self.0.split_at(depth.min(self.0.len()));
        (Self(section.to_vec()), Self(key.to_vec()))
    }

    /// The language that this is a field of, if it is one's.
    pub(super) fn language(&self) -> Option<&str> {
        match self.words()[..] {
            [RUNTIMES, _, _, ..] => self.0.get(1).map(String::as_str),
            _ => None,
        }
    }

    /// The tenant that this is a field of, if it is one's.
    pub(super) fn tenant(&self) -> Option<&str> {
        match self.words()[..] {
            [TENANTS, _, _, ..] => self.0.get(1).map(String::as_str),
            _ => None,
        }
    }
}

/// From words with dots between them; only for names without quotes.
impl From<&str> for KeyPath {
    fn from(dotted: &str) -> Self {
        Self(dotted.split('.').map(str::to_owned).collect())
    }
}

impl From<Vec<String>> for KeyPath {
    fn from(words: Vec<String>) -> Self {
        Self(words)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{}", toml_edit::Key::new(word))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prints_as_toml_writes_it() {
        assert_eq!(KeyPath::from("execution.slots").to_string(), "execution.slots");
        let odd = KeyPath::of_runtime("c sharp", "env").child("a.b\n");
        assert_eq!(odd.to_string(), r#"runtimes."c sharp".env."a.b\n""#);
    }

    #[test]
    fn a_path_splits_into_its_section_and_its_key() {
        let check = |path: KeyPath, section: &str, key: &str| {
            let (found_section, found_key) = path.split_section();
            assert_eq!((&*found_section.to_string(), &*found_key.to_string()), (section, key));
        };
        check(KeyPath::from("server.listen"), "server", "listen");
        check(KeyPath::of_runtime("python", "env").child("TZ"), "runtimes.python", "env.TZ");
        check(KeyPath::of_tenant("*", "slots"), "tenants.\"*\"", "slots");
        check(KeyPath::root(), "", "");
    }

    #[test]
    fn only_the_fields_of_a_language_belong_to_it() {
        assert_eq!(KeyPath::of_runtime("go", "file").language(), Some("go"));
        assert_eq!(KeyPath::from("runtimes.go").language(), None);
        assert_eq!(KeyPath::from("server.listen.x").language(), None);
        assert_eq!(KeyPath::of_tenant("acme", "slots").tenant(), Some("acme"));
        assert_eq!(KeyPath::of_tenant("acme", "slots").language(), None);
        assert_eq!(KeyPath::from("tenants.acme").tenant(), None);
    }
}
