//! The engine: who runs what, when, and who is told. The only place with `actix::Actor`.
//! Maps nothing to HTTP, and holds no fact that the store could not give back, but live children.

mod attempt;
mod cancel;
mod engine;
mod execution;
mod messages;
mod queue;
mod recovery;
mod retention;
mod settle;
mod slots;
mod supervisor;
mod watch;
mod webhook;

pub use engine::{EngineParts, EngineSettings};
pub use execution::ExecutionActor;
pub use messages::{
    Cancel, CancelError, CancelOutcome, Doing, Drain, DrainDeliveries, EngineStatus,
    ExecutionEnded, Query, Status, Submit, SubmitError, Subscribe, Terminate,
};
pub use recovery::{Recovered, recover};
pub use retention::{Retention, retain, sweep};
pub use supervisor::SupervisorActor;
pub use watch::ended;
pub use webhook::WebhookActor;
