//! The store in one SQLite file: one writer thread, a few reader threads.
//! Knows the contract and the schema; decides nothing about executions or deliveries.

mod accept;
mod answers;
mod attempts;
mod backlog;
mod beside;
mod check;
mod checkpoint;
mod choose;
mod claim;
mod claims;
mod command;
mod connect;
mod damage;
mod deliveries;
mod failure;
mod finish;
mod functions;
mod handle;
mod hosts;
mod idempotency;
mod key_check;
mod key_store;
mod keys;
mod labels;
mod lock;
mod migrate;
mod open;
mod outcomes;
mod owed;
mod pages;
#[cfg(test)]
mod plans;
mod prune;
mod queue;
mod read;
mod readers;
mod recoveries;
mod redeliver;
mod reseal;
mod rotate;
mod rows;
mod sealed;
mod signing;
mod specs;
mod stamp;
mod start;
mod stop;
mod store;
mod values;
mod writer;

pub use beside::{KeysBeside, KeysOf};
pub use handle::SqliteStore;
pub use open::SqliteOptions;
pub use rotate::{KeyUse, Rotated, Rotation, key_use};
