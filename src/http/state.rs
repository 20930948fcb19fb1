//! What every handler needs: the engine's supervisor, its store, and the limits of a request.
//! Holds no state of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::auth::Auth;
use super::callbacks::Pings;
use super::events::EventStreams;
use super::follow::Followed;
use super::limits::ProgramLimits;
use super::network::NetworkRules;
use super::signing::SigningRules;
use super::tokens::Tokens;
use crate::actors::{DiskRoom, Draining, Hosts, Scrape, Standing, SupervisorActor, WebhookActor};
use crate::domain::{ExecutionSpec, Tenant};
use crate::process::Launcher;
use crate::store::{Clock, Store};
use crate::webhook::{AddressPolicy, ClientSettings};

/// The engine as the HTTP API sees it.
pub struct Api {
    /// Whom executions are submitted to.
    pub supervisor: Standing<SupervisorActor>,
    /// Whom deliveries are made again by.
    pub webhook: Standing<WebhookActor>,
    /// What is known of the hosts that deliveries go to.
    pub hosts: Hosts,
    /// Who is asked for metrics.
    pub metrics: Arc<Scrape>,
    /// Which executions somebody follows.
    pub followed: Followed,
    /// How many streams of events there may be.
    pub streams: EventStreams,
    /// Whether the engine stops.
    pub draining: Draining,
    /// Whether there is room for more.
    pub disk: DiskRoom,
    /// How requests to endpoints are made.
    pub client_settings: ClientSettings,
    /// Which of them are being tried out.
    pub pings: Pings,
    /// What time it is.
    pub clock: Clock,
    /// Where they are read.
    pub store: Arc<dyn Store>,
    /// Which languages there are.
    pub launcher: Launcher,
    /// Which callback addresses are allowed.
    pub policy: Arc<AddressPolicy>,
    /// Who may ask.
    pub auth: Auth,
    /// What stands for a key for some hours.
    pub tokens: Tokens,
    /// How much of everything a request may have.
    pub limits: RequestLimits,
    /// How signing secrets are made.
    pub signing: SigningRules,
    /// Which submissions to HopX's route are the same.
    pub repeats: RepeatRules,
    /// How long a WebSocket may be silent before its client is asked whether it is there.
    pub silence_max: Duration,
    /// What paths of this server are appended to; empty when nobody has said.
    pub public_url: String,
    /// Which server this is among others, and which start of it: a word without spaces.
    pub node: String,
}

/// Which submissions to HopX's route are taken for the same when they come again.
#[derive(Debug, Clone)]
pub struct RepeatRules {
    /// For how long; zero is never.
    pub within: Duration,
    /// How the user agents begin of clients that submit again by themselves.
    pub agents: Vec<String>,
}

/// How much of everything a request may have.
#[derive(Debug, Clone)]
pub struct RequestLimits {
    /// The whole body, in bytes.
    pub body_bytes_max: usize,
    /// How long it may take to come.
    pub body_timeout: Duration,
    /// Whether a request may name a command in the place of code.
    pub command: bool,
    /// The program's text, in bytes.
    pub code_bytes_max: usize,
    /// What a program reads from standard input, in bytes.
    pub stdin_bytes_max: usize,
    /// All names and values of `env` together, in bytes.
    pub env_bytes_max: usize,
    /// What a program may use of the machine.
    pub program: ProgramLimits,
    /// Which programs have the network.
    pub network: NetworkRules,
    /// How long a program may run when a request does not say.
    pub timeout_default: Duration,
    /// How long it may ask for.
    pub timeout_max: Duration,
    /// How long an execution may ask to wait for a slot at most.
    pub queue_timeout_max: Duration,
    /// Tenants that may ask for something else.
    pub tenants: HashMap<Tenant, TenantRules>,
    /// How many labels.
    pub labels_max: usize,
    /// How many entries of metadata.
    pub metadata_max: usize,
    /// How long the name of a label or of metadata may be, in characters.
    pub name_chars_max: usize,
    /// How long its value may be, in characters.
    pub value_chars_max: usize,
    /// How long a callback URL may be, in characters.
    pub callback_url_chars_max: usize,
    /// How many callback headers.
    pub callback_headers_max: usize,
    /// How long one may be, name and value together, in bytes.
    pub callback_header_bytes_max: usize,
    /// How long the answer to a request with an `Idempotency-Key` is kept at least.
    pub idempotency_kept: Duration,
    /// How many delays a request may name in a retry schedule of its own.
    pub retry_delays_max: usize,
    /// The longest delay, and the longest age of a delivery, that it may name.
    pub retry_max_age_max: Duration,
    /// How many deliveries one recovery makes due again.
    pub recover_max: u32,
    /// Absolute directories in which programs may run, and in what lies below them.
    pub working_dirs: Vec<PathBuf>,
}

/// What a request may ask for that is not the same for all tenants.
#[derive(Debug, Clone, Copy)]
pub struct TenantRules {
    /// How long a program may run when a request does not say.
    pub timeout_default: Duration,
    /// How long it may ask for.
    pub timeout_max: Duration,
    /// Which programs have the network.
    pub network: NetworkRules,
}

impl RequestLimits {
    /// What the requests of a tenant may ask for.
    pub fn of(&self, tenant: &Tenant) -> TenantRules {
        let Self { timeout_default, timeout_max, network, .. } = *self;
        let others = TenantRules { timeout_default, timeout_max, network };
        self.tenants.get(tenant).copied().unwrap_or(others)
    }

    /// What is asked for by a request that names a language and a code and says nothing else:
    /// everything as the operator has it.
    pub fn spec(&self, language: impl Into<String>, code: impl Into<String>) -> ExecutionSpec {
        ExecutionSpec {
            timeout: self.timeout_default,
            output_bytes: self.program.output_bytes_default,
            limits: self.program.defaults(),
            network: self.network.granted(None).expect("only wishes are refused"),
            ..ExecutionSpec::new(language, code)
        }
    }
}
