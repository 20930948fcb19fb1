//! The rules of the store's contract, for every store, and what SQLite alone must do.
//! Looks at no table but where a rule is about the file itself.

mod conformance;
mod sqlite;
mod support;
