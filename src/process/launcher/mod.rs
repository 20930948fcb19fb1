//! The launcher: a small process of one thread that starts all programs, holds them together and
//! ends them, so that the server never forks and nothing outlives it. The only place with unsafe
//! code: the kernel offers some of this only to those who call it by hand.
#![allow(unsafe_code)]

mod binary;
mod boot;
mod cgroup;
mod clone;
mod connection;
mod equipment;
mod family;
mod holder;
mod host;
mod jail;
mod keeper;
mod landlock;
mod leaf;
mod lock;
mod network;
mod pool;
mod program;
mod protocol;
mod run;
mod script;
mod seccomp;
mod serve;
mod sys;
mod user;
mod visible;
mod walls;
mod warmth;
mod watch;
mod wire;
mod zygote;
mod zygotes;

pub use binary::{LauncherBinary, run_if_requested};
pub use cgroup::cgroup_controllers;
pub(super) use connection::{Connection, Failed, LauncherProcess, OpenError, Tidings};
pub(super) use jail::{EXECUTION, WORKSPACE};
pub(super) use protocol::{Command, End, Exceeded, Launch, Limits, Ready, Setup, Warm, Way};
