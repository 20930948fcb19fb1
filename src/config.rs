//! The configuration: its keys, the layers they come from, and every mistake in them at once.
//! Reads the files it is told to, never the environment or the command line of the process.

mod auth;
mod compat;
mod environment;
mod error;
mod execution;
mod file;
mod isolation;
mod key;
mod layers;
mod limits;
mod logging;
mod origin;
mod queue;
mod reader;
mod retention;
mod runtimes;
mod schema;
mod secrets;
mod server;
mod show;
mod suggest;
mod tenants;
mod typed;
mod value;
mod warm;
mod webhook;

#[cfg(test)]
mod default_tests;
#[cfg(test)]
mod environment_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod layer_tests;
#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod mistake_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tenant_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod warm_tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

pub use auth::{AuthConfig, JwtConfig, JwtConfigKey};
pub use compat::CompatConfig;
pub use error::{ConfigError, ConfigErrors};
pub use execution::ExecutionConfig;
pub use isolation::{Containment, Isolation, Network};
pub use limits::{LimitConfig, LimitsConfig};
pub use logging::{LogConfig, LogFormat};
pub use origin::Origin;
pub use queue::{QueueConfig, RequestConfig};
pub use retention::RetentionConfig;
pub use runtimes::RuntimeConfig;
pub use secrets::SecretsConfig;
pub use server::ServerConfig;
pub use tenants::{TenantConfig, TenantsConfig};
pub use warm::Warm;
pub use webhook::WebhookConfig;

pub(crate) use typed::duration;

use layers::Layers;
use reader::Reader;
use schema::Schema;

/// Everything that an operator may set, checked. `config.default.toml` says what each key means.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The HTTP API.
    pub server: ServerConfig,
    /// Who is let in.
    pub auth: AuthConfig,
    /// The programs.
    pub execution: ExecutionConfig,
    /// How much is accepted before it is finished.
    pub queue: QueueConfig,
    /// Limits on the parts of a request.
    pub request: RequestConfig,
    /// The routes of the systems that this server stands in for.
    pub compat: CompatConfig,
    /// The deliveries.
    pub webhook: WebhookConfig,
    /// How long executions are kept.
    pub retention: RetentionConfig,
    /// How secrets at rest are encrypted.
    pub secrets: SecretsConfig,
    /// The log.
    pub log: LogConfig,
    /// What each tenant may have.
    pub tenants: TenantsConfig,
    /// The languages that are offered, by name.
    pub runtimes: BTreeMap<String, RuntimeConfig>,
}

/// Where a configuration comes from, weakest first; the compiled-in defaults come before all.
/// Has no `Debug`, since the environment holds secrets.
#[derive(Default)]
pub struct Sources {
    /// The file to read; none is looked for.
    pub file: Option<PathBuf>,
    /// Variables, such as `std::env::vars_os().collect()`. Those without `RINGBACK_` are passed over.
    pub environment: Vec<(OsString, OsString)>,
    /// What was given on the command line.
    pub flags: Vec<Flag>,
}

/// A key that was set on the command line.
pub struct Flag {
    /// The key, such as `execution.slots`.
    pub key: String,
    /// Its value.
    pub value: FlagValue,
    /// The flag as users know it, such as `--slots`.
    pub name: String,
}

/// The value of a flag.
pub enum FlagValue {
    /// One text, read as the environment's are: as a number where the key takes one, and so on.
    Text(String),
    /// The texts of a flag that can be repeated, for a key that takes a list.
    List(Vec<String>),
}

/// A configuration that has no mistake, and where each of its values came from.
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// What is odd and no mistake, each in one line.
    pub warnings: Vec<String>,
    layers: Layers,
}

/// Reads all sources and merges them, key by key.
pub fn load(sources: Sources) -> Result<Loaded, ConfigErrors> {
    let schema = Schema::new();
    let mut layers = Layers::new(&schema);
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());

    let file = sources.file.map(|path| file::read(&path, &schema)).transpose();
    let is_readable = file.is_ok();
    let file = file.unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let environment = environment::read(sources.environment, &schema);
    let flags = environment::read_flags(sources.flags, &schema);
    for layer in file.into_iter().chain([environment, flags]) {
        layers.merge(layer.settings);
        errors.extend(layer.errors);
        warnings.extend(layer.warnings);
    }

    // Without the file, what the other layers say may look wrong and be right.
    let config = is_readable.then(|| {
        let mut reader = Reader::new(&mut layers, &schema);
        let config = Config::read(&mut reader);
        errors.extend(reader.finish());
        config
    });
    layers.mask();
    match config {
        Some(config) if errors.is_empty() => Ok(Loaded { config, warnings, layers }),
        _ => Err(ConfigErrors(errors)),
    }
}

impl Loaded {
    /// Every key in effect as TOML, each with its source as a comment: `# default`,
    /// `# ringback.toml:12`, `# environment RINGBACK_LISTEN` or `# flag --slots`. Secrets are masked.
    pub fn show(&self) -> String {
        show::show(&self.layers)
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, warnings, layers: _ } = self;
        f.debug_struct("Loaded")
            .field("config", config)
            .field("warnings", warnings)
            .finish_non_exhaustive()
    }
}

impl Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            server: ServerConfig::read(reader),
            auth: AuthConfig::read(reader),
            execution: ExecutionConfig::read(reader),
            queue: QueueConfig::read(reader),
            request: RequestConfig::read(reader),
            compat: CompatConfig::read(reader),
            webhook: WebhookConfig::read(reader),
            retention: RetentionConfig::read(reader),
            secrets: SecretsConfig::read(reader),
            log: LogConfig::read(reader),
            tenants: tenants::read(reader),
            runtimes: runtimes::read(reader),
        }
    }
}

impl Default for Config {
    /// The compiled-in defaults, without any file, environment or flag.
    fn default() -> Self {
        load(Sources::default()).expect("config.default.toml is valid: a test loads it").config
    }
}

impl Flag {
    /// A flag with one text.
    pub fn text(key: &str, value: impl Into<String>, name: &str) -> Self {
        Self { key: key.to_owned(), value: FlagValue::Text(value.into()), name: name.to_owned() }
    }

    /// A flag that was repeated.
    pub fn list(key: &str, entries: Vec<String>, name: &str) -> Self {
        Self { key: key.to_owned(), value: FlagValue::List(entries), name: name.to_owned() }
    }
}
