//! Where executions and deliveries are kept. The trait is the contract; SQLite is the default.
//! Knows neither processes nor HTTP.

mod clock;
mod contract;
mod error;
mod key_file;
mod outbox;
mod private_dir;
mod seal;
mod secrets;
mod sqlite;
mod values;

pub use clock::Clock;
pub use contract::Store;
pub use error::StoreError;
pub use outbox::{
    Announcement, AttemptMade, Claim, ClaimedDelivery, DeliveryPage, NewDelivery, NewRecovery,
    Recovered, Recovery, Redelivered, Rooms,
};
pub use seal::SealingKey;
pub use sqlite::{SqliteOptions, SqliteStore};
pub use values::{
    ApiKey, Census, Finish, NewExecution, Orphan, Page, Prune, PruneCursor, Pruned, Purged,
    Requeued, Settled, Situation, Started, Waiting,
};
