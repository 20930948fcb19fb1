//! Where executions and deliveries are kept. The trait is the contract; SQLite is the default.
//! Knows neither processes nor HTTP.

mod contract;

pub use contract::{
    ApiKey, AttemptMade, Census, Claim, ClaimedDelivery, Finish, Guard, NewDelivery, NewExecution,
    Orphan, Page, Settled, Started, Store, StoreError, Waiting,
};
