//! The engine: who runs what, when, and who is told. The only place with `actix::Actor`.
//! Maps nothing to HTTP, and holds no fact that the store could not give back, but live children.

mod arbiters;
mod asking;
mod attempt;
mod cancel;
mod desk;
mod disk;
mod draining;
mod engine;
mod execution;
#[cfg(test)]
mod histories;
mod hosts;
mod live;
mod messages;
mod metrics;
mod progress;
mod queue;
mod rates;
mod reclaim;
mod recover;
mod recovery;
mod rescue;
mod retention;
mod settle;
mod slots;
mod standing;
mod supervisor;
mod surviving;
mod system;
mod tenants;
mod turns;
mod watch;
mod webhook;

pub use self::metrics::{Metrics, Scrape};
pub use disk::DiskRoom;
pub use draining::Draining;
pub use engine::{EngineParts, EngineSettings};
pub use execution::ExecutionActor;
pub use hosts::{HostLimits, Hosts, HostsStatus, WaitingFor};
pub use messages::{
    Cancel, CancelError, CancelOutcome, Doing, Drain, DrainDeliveries, EngineStatus,
    ExecutionEnded, ProcessIds, Query, Recover, Redeliver, Status, Submit, SubmitError, Subscribe,
    Terminate,
};
pub use recovery::{Recovered, recover};
pub use retention::{Retention, retain, sweep};
pub use standing::Standing;
pub use supervisor::SupervisorActor;
pub use system::System;
pub use tenants::{TenantLimits, Tenants};
pub use watch::ended;
pub use webhook::WebhookActor;
