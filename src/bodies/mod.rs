//! The bodies of the API as types: what the server answers and what its clients read are the same, and
//! what they send.
//! Decides nothing, and knows neither HTTP nor a database.

mod callback_test;
mod delivery;
mod full_output;
mod function;
mod key;
mod links;
mod list;
mod problem;
mod readiness;
mod record;
mod recovery;
mod requests;
mod runtime;
mod schemas;
mod signing;

use std::borrow::Cow;

pub use callback_test::CallbackTest;
pub use delivery::{Attempt, Delivery, DeliveryFacts, ListedDelivery, Timings, Tried};
pub use full_output::{FullOutput, FullStream};
pub use function::{Function, FunctionLimits, FunctionRetry, ListedFunction, NewFunction};
pub use key::{ApiKey, MadeApiKey};
pub use links::Links;
pub use list::{All, Page};
pub use problem::{FieldError, Problem};
pub use readiness::{Check, Isolation, IsolationBeside, Readiness};
pub use record::{Record, RecordFunction, RecordUsage, execution_time};
pub use recovery::Recovery;
pub use requests::{
    Cancellation, FunctionCall, FunctionDefinition, NewApiKey, NewExecution, NewRecovery, Nothing,
    Ping, Rotation, WantedLimits, WantedRetry,
};
pub use runtime::Runtime;
pub use signing::{NewSigningSecret, SigningSecret, VerifyingKey, VerifyingKeys};

/// A word of the API out of a small set. A client that is older than its server may meet one that
/// it does not know.
pub type Word = Cow<'static, str>;
