//! One program of a launcher, from its start to the moment when nothing of it is left: what has
//! been heard of it, and what follows from that.

mod account;
mod taken;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use super::cgroup::EMPTY_WITHIN;
use super::family;
use super::holder::Holder;
use super::keeper::{Kept, News};
use super::leaf::Leaf;
use super::protocol::{End, Exceeded, Limits};
use super::script::Stage;
use super::sys::Failure;
use super::warmth::{Heard, Warmth};
use super::watch::{Cpu, Watch};
use crate::domain::Usage;

/// One program.
#[derive(Debug)]
pub(super) struct Run {
    holder: Holder,
    /// Names the process whose death is the end of all: the leader or its keeper.
    process: OwnedFd,
    /// The leader, if it is a child of the launcher.
    leader: Option<i32>,
    /// Until a warm interpreter has made the program.
    warmth: Option<Warmth>,
    is_warm: bool,
    /// Where its output is to be read, if that is not where the server had it go.
    output: Option<[OwnedFd; 2]>,
    limits: Limits,
    watch: Option<Watch>,
    phase: Phase,
    exceeded: Option<Exceeded>,
    /// How the leader ended.
    status: Option<(i32, Usage)>,
    /// How many were left behind.
    left: u32,
    /// Whether nothing was alive any more when the leader had ended.
    is_gone: bool,
    kept: Option<Kept>,
    /// Whether the keeper has ended without a word.
    is_lost: bool,
    /// Whether the kernel has ended it for good, and with it what it was the first process of.
    is_keeper_gone: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The keeper has not said yet that the program runs, or that its place is ready.
    Starting,
    /// Its place is ready, and a warm interpreter is to fork there.
    Furnished,
    /// The interpreter has been asked.
    Asked,
    /// The worker that waited in its place has been told to begin.
    Beginning,
    /// The worker did not begin.
    NotBegun,
    /// It runs, and nobody has been told.
    Started,
    Running,
    /// Its leader has ended, and what is left is being killed.
    Ending {
        since: Instant,
    },
    Failed(Failure),
}

/// What the server is to be told.
#[derive(Debug)]
pub(super) enum Step {
    Started {
        warm: bool,
    },
    /// A warm interpreter is to be asked for the program.
    Ask,
    /// It is to be started cold.
    Cold,
    Failed(Failure),
    Ended(Box<End>),
}

impl Run {
    /// A program that runs in its cgroup already.
    pub(super) fn in_group(group: Leaf, leader: i32, process: OwnedFd, limits: Limits) -> Self {
        Self::new(Holder::Group(group), process, Some(leader), (limits, Phase::Started))
    }

    /// A program that its keeper is starting.
    pub(super) fn kept(
        socket: OwnedFd,
        group: Option<Leaf>,
        process: OwnedFd,
        limits: Limits,
    ) -> Self {
        Self::new(Holder::Keeper { socket, group }, process, None, (limits, Phase::Starting))
    }

    fn new(
        holder: Holder,
        process: OwnedFd,
        leader: Option<i32>,
        (limits, phase): (Limits, Phase),
    ) -> Self {
        Self {
            holder,
            process,
            leader,
            warmth: None,
            is_warm: false,
            output: None,
            limits,
            watch: None,
            phase,
            exceeded: None,
            status: None,
            left: 0,
            is_gone: false,
            kept: None,
            is_lost: false,
            is_keeper_gone: false,
        }
    }

    /// Lets a warm interpreter make the program, once its place is ready.
    pub(super) fn warmed(mut self, warmth: Warmth) -> Self {
        self.warmth = Some(warmth);
        self
    }

    /// The program that a warm interpreter is to make, or is making.
    pub(super) const fn warmth(&mut self) -> Option<&mut Warmth> {
        self.warmth.as_mut()
    }

    /// Its cgroup, if it is in one.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub(super) fn own_group(&self) -> io::Result<Option<OwnedFd>> {
        self.holder.group().map(|group| group.as_fd().try_clone_to_owned()).transpose()
    }

    /// Where is reported what a warm interpreter makes of it.
    pub(super) fn report(&self) -> Option<BorrowedFd<'_>> {
        self.warmth.as_ref().and_then(Warmth::report)
    }

    /// Whether an interpreter has been asked for it and has not made a process yet.
    pub(super) fn is_asked(&self) -> bool {
        self.warmth.as_ref().is_some_and(Warmth::is_asked)
    }

    /// Takes in what its report says; the launcher has to look at some of that, too.
    pub(super) fn hear_report(&mut self) -> Heard {
        let heard = self.warmth.as_mut().map_or(Heard::Nothing, Warmth::hear);
        match heard {
            Heard::Nothing | Heard::NotForked(_) => {}
            Heard::Forked(pid) => self.leader = Some(pid),
            Heard::Started => {
                self.warmth = None;
                self.is_warm = true;
                self.phase = Phase::Started;
            }
            Heard::Failed(failure) => {
                self.warmth = None;
                self.phase = Phase::Failed(failure);
            }
        }
        heard
    }

    /// Gives the program up before it was made: what it is to be made from, and the keeper's end.
    pub(super) fn take_back(&mut self) -> Option<Warmth> {
        self.holder.finish();
        self.warmth.take()
    }

    /// Lets the launcher watch what it uses, where the kernel does not.
    pub(super) fn watched(mut self, memory_by_kernel: bool) -> Self {
        self.watch = Watch::new(&self.limits, memory_by_kernel, Instant::now());
        self
    }

    /// Names the process whose death is the end of all.
    pub(super) const fn process(&self) -> &OwnedFd {
        &self.process
    }

    /// Where its keeper speaks.
    pub(super) fn keeper(&self) -> Option<BorrowedFd<'_>> {
        match &self.holder {
            Holder::Keeper { socket, .. } if self.kept.is_none() => Some(socket.as_fd()),
            _ => None,
        }
    }

    /// Whether what is left of it is being killed.
    pub(super) const fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending { .. })
    }

    /// Whether its keeper has ended without a word, and what it kept may be astray.
    pub(super) const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// When it is to be measured next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.watch.as_ref().map(Watch::due)
    }

    /// Asks all its processes to end.
    pub(super) fn terminate(&self) {
        self.holder.terminate();
    }

    /// Ends all its processes.
    pub(super) fn kill(&self) {
        // With the keeper of a place ends whatever comes to be in it.
        if self.warmth.is_some() { self.holder.finish() } else { self.holder.kill() }
    }

    /// A child of the launcher has ended that belongs to this program.
    pub(super) fn child_ended(&mut self, pid: i32, status: i32, usage: Usage) {
        if self.leader == Some(pid) {
            self.status = Some((status, usage));
            self.holder.finish();
        } else {
            self.is_keeper_gone = true;
        }
    }

    /// Its keeper has said something.
    pub(super) fn heard(&mut self, news: News, doors: Vec<OwnedFd>) {
        if self.is_beginning() {
            return self.heard_of_beginning(&news);
        }
        match (news, &mut self.warmth) {
            (News::Ready, Some(warmth)) => {
                warmth.doors = doors;
                self.phase = Phase::Furnished;
            }
            (News::Ready, None) => self.phase = Phase::Started,
            (News::Failed { stage, errno }, _) => {
                self.phase = Phase::Failed(Failure { stage: Stage::from_number(stage), errno });
            }
            (News::Ended(kept), warmth) => {
                self.kept = Some(kept);
                // It was killed before there was a process, of whose start its report would tell.
                if self.leader.is_none() && warmth.take().is_some() {
                    self.phase = Phase::Running;
                }
            }
        }
    }

    /// Its keeper has gone without a word: somebody killed it, and with it the leader at least.
    pub(super) fn keeper_lost(&mut self) {
        self.is_lost = true;
        if self.is_beginning() {
            self.phase = Phase::NotBegun;
        }
        if matches!(self.phase, Phase::Starting | Phase::Furnished | Phase::Asked) {
            let errno = libc::ECHILD;
            self.phase = Phase::Failed(Failure { stage: Stage::Process, errno });
        }
        self.kept.get_or_insert(Kept {
            status: Some(libc::SIGKILL),
            cpu_micros: 0,
            cpu_micros_seen: 0,
            cpu_micros_before: 0,
            memory_peak_bytes: 0,
            descendants_killed: 0,
            exceeded: None,
            result: None,
        });
    }

    /// What follows from all that has been heard; none when there is nothing to tell.
    pub(super) fn go_on(&mut self, now: Instant) -> Option<Step> {
        match self.phase {
            Phase::Starting | Phase::Asked | Phase::Beginning => None,
            Phase::NotBegun => Some(Step::Cold),
            Phase::Furnished => {
                self.phase = Phase::Asked;
                Some(Step::Ask)
            }
            Phase::Failed(failure) => Some(Step::Failed(failure)),
            Phase::Started => {
                self.phase = Phase::Running;
                Some(Step::Started { warm: self.is_warm })
            }
            Phase::Running => {
                self.look(now);
                self.begin_to_end(now);
                if self.is_ending() { self.go_on(now) } else { None }
            }
            Phase::Ending { since } => {
                let is_gone = self.holder.group().is_none_or(|group| !group.is_populated())
                    && (self.is_keeper_gone || !self.is_lost);
                // A process in uninterruptible sleep may take for ever; its execution does not.
                let is_given_up = now.duration_since(since) > EMPTY_WITHIN;
                (is_gone || is_given_up).then(|| Step::Ended(Box::new(self.end())))
            }
        }
    }

    /// Its cgroup, and what it has used of the processor by its own account, in microseconds:
    /// only if nothing else was ever in there.
    pub(super) fn into_group(self) -> Option<(Leaf, Option<u64>)> {
        let own = self.status.filter(|_| self.left == 0);
        let spent = own.map(|(_, usage)| (usage.cpu_seconds * 1e6).round() as u64);
        match self.holder {
            Holder::Group(group) => Some((group, spent)),
            // A keeper may still be on its way out.
            Holder::Keeper { group, .. } => group.map(|group| (group, None)),
        }
    }

    fn look(&mut self, now: Instant) {
        let Holder::Group(group) = &self.holder else { return };
        let Some(watch) = self.watch.as_mut().filter(|watch| watch.due() <= now) else { return };
        let cpu = Cpu::OfAll(group.cpu_micros().unwrap_or(0));
        if let Some(exceeded) = watch.look(&group.pids(), cpu, now) {
            self.exceeded = Some(exceeded);
            self.watch = None;
            let _ = group.kill();
        }
    }

    fn begin_to_end(&mut self, now: Instant) {
        match &self.holder {
            Holder::Group(group) if self.status.is_some() => {
                let is_alive = |pid: &i32| family::is_alive(*pid);
                let is_populated = group.is_populated();
                self.is_gone = !is_populated;
                if is_populated {
                    self.left = group.pids().iter().filter(|pid| is_alive(pid)).count() as u32;
                    let _ = group.kill();
                }
                self.phase = Phase::Ending { since: now };
            }
            Holder::Keeper { group, .. } if self.kept.is_some() => {
                if let Some(group) = group {
                    let _ = group.kill();
                }
                self.phase = Phase::Ending { since: now };
            }
            _ => {}
        }
    }
}
