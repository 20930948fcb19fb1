//! A program that runs: its end, its output, and the wishes that end it early.
//! Decides nothing about when to send one.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::sync::oneshot;

use super::capture::Capture;
use super::launcher::{self, Command, Connection, End, Launch};
use super::line::Line;
use super::result::ResultFile;
use crate::domain::{Captured, Exceeded, Exit, StartMode, Usage};

/// A program and the streams that it writes.
#[derive(Debug)]
pub(super) struct Running {
    signaller: Signaller,
    ended: oneshot::Receiver<End>,
    stdout: Capture,
    stderr: Capture,
    start: StartMode,
    limits: Limits,
    /// Whoever gives a running program up, by a panic or at shutdown, leaves no process behind.
    kill_on_drop: KillOnDrop,
}

/// The limits whose values are told when they were exceeded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) memory_bytes: Option<u64>,
    pub(super) cpu_time: Option<Duration>,
    /// None to let the program write on.
    pub(super) output_bytes: Option<u64>,
}

/// How a program ended and what it left.
#[derive(Debug)]
pub struct Ending {
    /// By itself or by a signal.
    pub exit: Exit,
    /// What it used.
    pub usage: Usage,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// How many processes it left behind, which were killed.
    pub descendants_killed: u32,
    /// The limit that it was ended for, if it was.
    pub exceeded: Option<Exceeded>,
    /// Whether its interpreter was warm.
    pub start: StartMode,
}

/// The launcher has gone, and with it the program, before it had ended.
#[derive(Debug, thiserror::Error)]
#[error("the launcher was lost while the program was running")]
pub struct Interrupted;

/// Why a program does not run.
#[derive(Debug)]
pub(super) enum StartError {
    /// It could not be started.
    Failed { doing: String, source: io::Error },
    /// There is no launcher.
    NoLauncher,
    /// Its streams could not be made.
    Streams(io::Error),
}

/// What a program reads and how much of what it writes is kept.
pub(super) struct Streams<'a> {
    pub(super) stdin: Option<&'a [u8]>,
    pub(super) output_bytes_max: u64,
}
