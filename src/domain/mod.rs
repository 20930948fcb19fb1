//! Plain data and decisions: what an execution, a delivery and an outcome are, and how they change.
//! Does no I/O, reads no clock, awaits nothing, and knows neither SQL nor any API's JSON.

mod attempt;
mod breaker;
mod callback;
mod delivery;
mod ended;
mod event;
mod execution;
mod ids;
mod keeper;
mod life;
mod limits;
mod next;
mod outcome;
mod output;
mod run;
mod schedule;
mod secret;
mod spec;
mod stop;
mod time;

pub use attempt::{Attempt, AttemptOutcome, ErrorClass, Timings, Trigger};
pub use breaker::{Breaker, BreakerRule, BreakerState, Verdict};
pub use callback::{Callback, Endpoint, PayloadFormat, Progress};
pub use delivery::{Delivery, DeliveryEnd, DeliveryStatus};
pub use ended::{Ended, OnInterrupt, ProgramResult, StartMode, Usage};
pub use event::{Event, EventType};
pub use execution::{CancelWish, DeliverySummary, Execution, Run, State, Status};
pub use ids::{DeliveryId, Epoch, EventId, ExecutionId, IdError, OwnerId, RecoveryId, Tenant};
pub use keeper::{KeptLayout, OutputKeeper};
pub use life::{Fate, Guard, INTERRUPTIONS_MAX, Life, Lost, Place, Requeue};
pub use limits::{Exceeded, Limits, OnOutputLimit};
pub use next::{Next, Round, decide_next};
pub use outcome::{Cause, Exit, Outcome, signal_name};
pub use output::{Captured, Encoding, Piece};
pub use run::{Phase, Remains, RunEvent, RunMachine, RunStep};
pub use schedule::{RetryPolicy, RetrySchedule};
pub use secret::Secret;
pub use spec::{ExecutionSpec, WorkingDir};
pub use stop::StopReason;
pub use time::Timestamp;
