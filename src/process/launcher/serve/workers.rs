//! The launcher and the workers of its pools: takes one for a program, replaces it, and ends those
//! that nobody wants. A worker is a run like any other, under a number of its own until it is taken.

use std::os::fd::OwnedFd;

use super::super::pool::{Ends, Recruit, Taken};
use super::super::protocol::{Launch, Warm, Way};
use super::super::run::{Run, Step};
use super::super::warmth::Warmth;
use super::Launcher;

impl Launcher {
    /// Has interpreters of a runtime kept warm, in the way that it has.
    pub(super) fn keep_warm(&mut self, warm: Warm) {
        match warm.way {
            Way::Zygote => self.zygotes.warm(warm),
            Way::Pool => self.pools.keep(warm),
        }
    }

    /// Has a worker run this program; gives it back when there is none for it.
    pub(super) fn employ(
        &mut self,
        launch: Box<Launch>,
        streams: Vec<OwnedFd>,
    ) -> Option<(Box<Launch>, Vec<OwnedFd>)> {
        let taken = streams.first().and_then(|stdin| self.pools.take(&launch, stdin));
        let Some(Taken { number: worker, line, beginning }) = taken else {
            return Some((launch, streams));
        };
        let Some(mut run) = self.runs.remove(&worker) else { return Some((launch, streams)) };
        let number = launch.number;
        if let Some(pid) = self.keeper_of(worker) {
            self.owners.insert(pid, number);
        }
        run.begin(Warmth::new(launch, streams), beginning, &line);
        self.runs.insert(number, run);
        None
    }

    /// Ends the workers that nobody wants, and starts one that is missing; not while a program
    /// waits for its worker to begin.
    pub(super) fn tend_pools(&mut self) {
        for number in self.pools.unwanted() {
            self.with_run(number, |run| run.kill());
        }
        if self.runs.values().any(Run::is_beginning) {
            return;
        }
        let Some(Recruit { launch, ends }) = self.pools.recruit() else { return };
        let Ends { process, output } = ends;
        let number = launch.number;
        match self.equipment.start(Box::new(launch), process, false) {
            Ok((run, pid)) => {
                self.owners.insert(pid, number);
                self.runs.insert(number, run.writing_to(output));
            }
            Err(_) => self.pools.gone(number),
        }
    }

    /// Takes in what has become of a worker that nobody has taken.
    pub(super) fn note_worker(&mut self, number: u64, step: &Step) {
        if matches!(step, Step::Started { .. }) {
            return;
        }
        self.pools.gone(number);
        if let Some(run) = self.runs.remove(&number) {
            self.equipment.take_back(run);
        }
    }
}
