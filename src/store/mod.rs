//! Where executions and deliveries are kept. The trait is the contract; SQLite is the default.
//! Knows neither processes nor HTTP.

mod answers;
mod clock;
mod contract;
mod definition;
mod disk;
mod error;
mod functions;
mod key_file;
mod key_source;
mod keys;
mod measures;
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
pub use contract::{KeyStore, Store};
pub use disk::disk_free_bytes;
pub use error::StoreError;
pub use functions::{FunctionKept, FunctionPage, FunctionSummary, NewFunction};
pub use key_source::KeySource;
pub use keys::{ApiKey, KeptKey, KeyUsed, KeysStamp, Revoke, Revoked};
pub use measures::Measures;
pub use outbox::{
    Announcement, AttemptKept, AttemptMade, Claim, ClaimedDelivery, DeliveryPage, NewDelivery,
    NewRecovery, Recovered, Recovery, Redelivered, Rooms,
};
pub use private_text::{create_private_text, load_private_text};
pub use seal::{Fingerprint, SealingKey};
pub use signing::{NewSigningSecret, SigningSecret};
pub use sqlite::{
    KeyUse, KeysBeside, KeysOf, Rotated, Rotation, SqliteOptions, SqliteStore, key_use,
};
pub use values::{
    Accepted, Census, ExecutionPage, Finish, NewExecution, Oldest, Orphan, Page, Prune,
    PruneCursor, Pruned, Purged, Requeued, Settled, Situation, Started, Turn, Waiting,
};
