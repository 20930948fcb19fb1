//! What an application writes to have an engine inside: a builder that ends in `start`.

use std::path::PathBuf;
use std::sync::Arc;

use actix::Arbiter;
use actix_web::web::Data;

use super::engine::Engine;
use super::error::StartError;
use super::launching::{self, LauncherOptions};
use super::{auth, keys, parts};
use crate::actors::{DiskRoom, EngineParts, Metrics, System, recover, retain};
use crate::config::{Config, TenantConfig};
use crate::domain::{OwnerId, Secret};
use crate::http::{Api, EventStreams, Followed, Pings, RepeatRules, keep_current};
use crate::process::{Feature, LauncherBinary};
use crate::store::{Clock, SqliteOptions, SqliteStore, Store};

/// The beginning of every engine: [`Ringback::builder`].
#[derive(Debug, Clone, Copy)]
pub struct Ringback;

impl Ringback {
    /// A builder with every default of `config.default.toml`.
    pub fn builder() -> Builder {
        let keys = Doors::Stored { make_first: false };
        let launcher = LauncherOptions::default();
        Builder { config: Config::default(), store: None, keys, launcher }
    }
}

/// Collects what an engine is to be. Nothing is read from the environment, and nothing is
/// installed for the whole process: two engines in one process know nothing of each other.
pub struct Builder {
    config: Config,
    store: Option<(Arc<dyn Store>, Clock)>,
    keys: Doors,
    launcher: LauncherOptions,
}

/// Who is let in.
pub(super) enum Doors {
    Stored { make_first: bool },
    Open,
}

impl Builder {
    /// Takes a whole configuration, in place of everything that was set before.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where executions, deliveries and the directories of programs are kept.
    pub fn data_dir(mut self, data_dir: impl Into<PathBuf>) -> Self {
        self.config.server.data_dir = data_dir.into();
        self
    }

    /// How many executions run at a time; 0 is four for each core.
    pub fn slots(mut self, slots: usize) -> Self {
        self.config.execution.slots = slots;
        self
    }

    /// What a tenant may have; every other has what the configuration says.
    pub fn tenant(mut self, name: impl Into<String>, tenant: TenantConfig) -> Self {
        self.config.tenants.named.insert(name.into(), tenant);
        self
    }

    /// A key that opens the routes, beside those that the store has.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.config.server.api_key = Some(Secret::new(key));
        self
    }

    /// Makes a key when there is none yet; [`Engine::new_api_key`] then has it, once.
    pub fn make_first_api_key(mut self) -> Self {
        self.keys = Doors::Stored { make_first: true };
        self
    }

    /// Lets everybody who reaches the routes use them. For applications that guard them in their
    /// own way, with a middleware around the scope.
    pub fn without_api_keys(mut self) -> Self {
        self.keys = Doors::Open;
        self
    }

    /// Lets callbacks go to an address range (CIDR) or a host name that would be refused.
    pub fn allow_callbacks_to(mut self, entry: impl Into<String>) -> Self {
        self.config.webhook.allow.push(entry.into());
        self
    }

    /// Starts this binary as the launcher of programs, in place of the application's own: for an
    /// application that cannot call
    /// [`run_if_requested`](crate::launcher::run_if_requested) first in its `main`.
    pub fn launcher_binary(mut self, binary: impl Into<PathBuf>) -> Self {
        self.launcher.binary = LauncherBinary::Path(binary.into());
        self
    }

    /// Does without these features of the kernel, as if it had none of them: to see how an
    /// application fares on a machine that offers less.
    pub fn without_features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.launcher.lacking.extend(features);
        self
    }

    /// Keeps everything in a store of the application's own instead of SQLite in the data
    /// directory. `clock` is the clock by which that store measures.
    pub fn store(mut self, store: Arc<dyn Store>, clock: Clock) -> Self {
        self.store = Some((store, clock));
        self
    }

    /// Opens the store, settles what an earlier engine left, and starts. Must be called inside an
    /// actix system.
    ///
    /// # Errors
    /// One clear sentence for whatever is wrong with the configuration or the machine.
    pub async fn start(self) -> Result<Engine, StartError> {
        let started = self.start_unless(std::future::pending()).await?;
        Ok(started.expect("this stop never comes"))
    }

    /// The same, but starts nothing when `stop` ends before all is settled that an earlier engine
    /// left: the next engine goes on with it.
    pub(crate) async fn start_unless(
        self,
        stop: impl Future<Output = ()>,
    ) -> Result<Option<Engine>, StartError> {
        let Self { config, store, keys, launcher } = self;
        let policy = parts::address_policy(&config)?;
        let client_settings = parts::client_settings(&config, &policy)?;
        let owner = OwnerId::generate();
        let (store, clock) = match store {
            Some(given) => given,
            None => open_sqlite(&config, owner)?,
        };
        let launcher = launching::launcher(&config, owner, launcher)?;
        let level = launching::level(&config, &launcher)?;
        let signing_key = keys::signing_key(&config)?;
        let signing = keys::signing_rules(&config, signing_key.as_deref())?;
        let tokens = keys::tokens(&config)?;
        let jwt = auth::jwt(&config, &client_settings)?;
        let settings = Arc::new(parts::engine_settings(&config, signing_key));
        let server = &config.server;
        let disk = DiskRoom::look(server.data_dir.clone(), server.disk_free_bytes_min);
        let runtimes = launcher.runtimes().iter().map(|runtime| runtime.name().to_owned());
        let metrics = Metrics::of_runtimes(runtimes);
        let parts = EngineParts { store, launcher, clock, settings, metrics, disk };
        let recovered = tokio::select! {
            biased;
            () = stop => return Ok(None),
            recovered = recover(&parts) => recovered?,
        };
        if recovered != Default::default() {
            log::warn!("an earlier server did not stop in order: {recovered}");
        }
        let (keys, new_key) = auth::keys(&config, keys, &parts.store).await?;
        let census = parts.store.census().await?;

        let arbiters = vec![Arbiter::new()];
        let system = System::start(&parts, client_settings.clone(), census, &arbiters[0]).await;
        arbiters[0].spawn(parts.disk.clone().watch(parts.settings.poll));
        arbiters[0].spawn(keep_current(Arc::clone(&keys)));
        arbiters[0].spawn(retain(Arc::clone(&parts.store), parts.settings.retention.clone()));
        let api = Data::new(Api {
            supervisor: system.supervisor.clone(),
            webhook: system.webhook.clone(),
            hosts: system.hosts.clone(),
            metrics: Arc::clone(&system.metrics),
            followed: Followed::new(
                system.supervisor.clone(),
                Arc::clone(&parts.store),
                parts.launcher.clone(),
            ),
            streams: EventStreams::new(parts::stream_limits(&config), parts.metrics.clone()),
            draining: system.draining.clone(),
            disk: parts.disk.clone(),
            client_settings,
            pings: Pings::new(&parts.settings.user_agent, parts.settings.ed25519.clone()),
            clock: parts.clock.clone(),
            store: Arc::clone(&parts.store),
            launcher: parts.launcher.clone(),
            policy,
            auth: auth::auth(&config, keys, jwt),
            tokens,
            limits: parts::request_limits(&config, level),
            signing,
            repeats: RepeatRules {
                within: config.compat.hopx_repeat_within,
                agents: config.compat.hopx_repeat_agents.clone(),
            },
            silence_max: config.server.keep_alive,
            public_url: config.server.public_url.clone(),
            node: parts::node(owner),
        });
        let last_pass = parts::last_pass(&config);
        Ok(Some(Engine::new(super::engine::Running {
            api,
            system,
            arbiters,
            last_pass,
            settles_within: parts::settles_within(&config),
            new_key,
            launcher: parts.launcher,
        })))
    }
}

fn open_sqlite(config: &Config, owner: OwnerId) -> Result<(Arc<dyn Store>, Clock), StartError> {
    let dir = config.server.data_dir.clone();
    let clock = parts::wall_clock();
    let key = keys::key_source(config)?.load_or_create()?;
    let options = SqliteOptions { dir, owner, key, clock: clock.clone() };
    Ok((Arc::new(SqliteStore::open(options)?), clock))
}
