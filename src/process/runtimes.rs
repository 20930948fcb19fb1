//! The table of runtimes: which languages there are, and by which names. Runs nothing.

use super::runtime::{Runtime, RuntimeSettings};

/// All runtimes of a server.
#[derive(Debug)]
pub struct Runtimes {
    all: Vec<Runtime>,
}

/// Why a table of runtimes makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimesError {
    /// Two runtimes claim a name.
    #[error("two runtimes are called `{name}`")]
    Twice {
        /// The name.
        name: String,
    },
    /// A runtime has no command.
    #[error("the runtime `{name}` has no command")]
    NoCommand {
        /// Which.
        name: String,
    },
}

impl Runtimes {
    /// A table in which every name and alias stands once.
    ///
    /// # Errors
    /// When a name stands twice or a runtime has no command.
    pub fn new(settings: Vec<RuntimeSettings>) -> Result<Self, RuntimesError> {
        let mut names = std::collections::HashSet::new();
        for runtime in &settings {
            if runtime.command.is_empty() {
                return Err(RuntimesError::NoCommand { name: runtime.name.clone() });
            }
            for name in std::iter::once(&runtime.name).chain(&runtime.aliases) {
                if !names.insert(name.clone()) {
                    return Err(RuntimesError::Twice { name: name.clone() });
                }
            }
        }
        Ok(Self { all: settings.into_iter().map(Runtime::new).collect() })
    }

    /// The runtime with this name or alias.
    pub fn find(&self, name: &str) -> Option<&Runtime> {
        self.all.iter().find(|runtime| {
            runtime.settings().name == name || runtime.settings().aliases.iter().any(|a| a == name)
        })
    }

    /// All runtimes, in the operator's order.
    pub fn iter(&self) -> impl Iterator<Item = &Runtime> {
        self.all.iter()
    }
}
