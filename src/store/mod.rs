//! Where executions and deliveries are kept. The trait is the contract; SQLite is the default.
//! Knows neither processes nor HTTP.

mod answers;
mod clock;
mod contract;
mod definition;
mod error;
mod functions;
mod key_file;
mod key_source;
mod outbox;
mod private_dir;
mod private_text;
mod seal;
mod secrets;
mod signing;
mod sqlite;
mod values;

pub use answers::{Answered, Given, Giving, KeptAnswer, NewAnswer};
pub use clock::Clock;
pub use contract::Store;
pub use error::StoreError;
pub use functions::{FunctionKept, FunctionPage, FunctionSummary, NewFunction};
pub use key_source::KeySource;
pub use outbox::{
    Announcement, AttemptKept, AttemptMade, Claim, ClaimedDelivery, DeliveryPage, NewDelivery,
    NewRecovery, Recovered, Recovery, Redelivered, Rooms,
};
pub use private_text::{create_private_text, load_private_text};
pub use seal::{Fingerprint, SealingKey};
pub use signing::{NewSigningSecret, SigningSecret};
pub use sqlite::{KeyUse, Rotated, Rotation, SqliteOptions, SqliteStore, key_use};
pub use values::{
    Accepted, ApiKey, Census, ExecutionPage, Finish, NewExecution, Orphan, Page, Prune,
    PruneCursor, Pruned, Purged, Requeued, Settled, Situation, Started, Waiting,
};
