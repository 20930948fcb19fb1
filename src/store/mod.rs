//! Where executions and deliveries are kept. The trait is the contract; SQLite is the default.
//! Knows neither processes nor HTTP.

mod clock;
mod contract;
mod key_file;
mod private_dir;
mod seal;
mod secrets;
mod sqlite;

pub use clock::Clock;
pub use contract::{
    ApiKey, AttemptMade, Census, Claim, ClaimedDelivery, Finish, Guard, NewDelivery, NewExecution,
    Orphan, Page, Settled, Started, Store, StoreError, Waiting,
};
pub use seal::SealingKey;
pub use sqlite::{SqliteOptions, SqliteStore};
