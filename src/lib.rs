//! Runs code for other programs and calls them back.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod domain;
pub mod store;
