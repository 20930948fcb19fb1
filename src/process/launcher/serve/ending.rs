//! How a launcher ends what runs: everything when its server has gone, and whatever a lost keeper
//! has left to it. Starts nothing.

use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::super::cgroup::EMPTY_WITHIN;
use super::super::pool::Pools;
use super::super::{family, keeper};
use super::{LOOK_AGAIN, Launcher};

impl Launcher {
    /// Ends what has come to us from keepers that were lost: children that are nobody's.
    pub(super) fn end_strays(&mut self) {
        if !self.has_strays {
            return;
        }
        let own = std::process::id().cast_signed();
        let children = family::children(own).into_iter();
        let strays: Vec<i32> = children.filter(|pid| !self.owners.contains_key(pid)).collect();
        for stray in &strays {
            let below = family::descendants(*stray);
            for pid in [*stray].into_iter().chain(below).filter_map(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        self.has_strays = !strays.is_empty();
    }

    /// Ends everything, and waits until it is gone.
    pub(super) fn end(&mut self, server: &OwnedFd) {
        self.is_ending = true;
        self.pools = Pools::new(false);
        for run in self.runs.values_mut() {
            run.kill();
        }
        let deadline = Instant::now() + EMPTY_WITHIN;
        while (self.has_strays || !self.runs.is_empty()) && Instant::now() < deadline {
            self.reap();
            for number in self.runs.keys().copied().collect::<Vec<_>>() {
                self.hear_keeper(number, &mut Vec::new());
                // What an interpreter was making has ended when that has been heard to its end.
                self.with_run(number, |run| _ = run.hear_report());
            }
            self.go_on(server);
            let mut polled = [PollFd::new(&self.children, PollFlags::IN)];
            let _ = poll(&mut polled, Some(&keeper::timespec(LOOK_AGAIN)));
        }
        self.equipment.clean_up();
    }
}
