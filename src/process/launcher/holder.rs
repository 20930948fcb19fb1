//! What holds the processes of one program together, so that all of them can be told to end.
//! Does not know how far the program is.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, Signal, kill_process};

use super::keeper::Wish;
use super::leaf::Leaf;
use super::protocol::encode;
use super::wire;

/// What holds the processes of a program together.
#[derive(Debug)]
pub(super) enum Holder {
    /// A cgroup, and nobody in between.
    Group(Leaf),
    /// A keeper, which may be in a cgroup itself.
    Keeper { socket: OwnedFd, group: Option<Leaf> },
}

impl Holder {
    /// The cgroup, if there is one.
    pub(super) const fn group(&self) -> Option<&Leaf> {
        match self {
            Self::Group(group) => Some(group),
            Self::Keeper { group, .. } => group.as_ref(),
        }
    }

    /// Asks all processes to end.
    pub(super) fn terminate(&self) {
        match self {
            Self::Group(group) => {
                for pid in group.pids().into_iter().filter_map(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::TERM);
                    // One that was stopped could not take it otherwise.
                    let _ = kill_process(pid, Signal::CONT);
                }
            }
            Self::Keeper { socket, .. } => wish(socket, Wish::Terminate),
        }
    }

    /// Ends all processes.
    pub(super) fn kill(&self) {
        match self {
            Self::Group(group) => {
                let _ = group.kill();
            }
            Self::Keeper { socket, .. } => wish(socket, Wish::Kill),
        }
    }

    /// Lets a keeper end what is left, and itself: it has no leader that it could wait for.
    pub(super) fn finish(&self) {
        if let Self::Keeper { socket, .. } = self {
            wish(socket, Wish::Finish);
        }
    }
}

fn wish(keeper: &OwnedFd, wish: Wish) {
    // A keeper that has gone needs no wish.
    let _ = wire::send(keeper, &encode(&wish), &[]);
}
