//! What the black-box tests share: the server as a process, a receiver, a client, and waiting.
//! Knows the contracts and nothing of the library's insides.

// Each test binary compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

pub mod app;
pub mod client;
pub mod events;
pub mod files;
pub mod held;
pub mod options;
pub mod processes;
pub mod receiver;
pub mod recordings;
pub mod scripted;
pub mod server;
pub mod users;
pub mod wait;
