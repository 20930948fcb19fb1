//! The launcher at work: takes orders from the server, starts programs, ends them, and says what
//! became of them. One thread, one loop; when the server has gone, so has everything here.

mod ending;
mod workers;

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use super::super::level::Level;
use super::cgroup::Cgroups;
use super::equipment::Equipment;
use super::jail::Late;
use super::keeper::{self, News};
use super::pool::{self, Pools};
use super::protocol::{Command, Launch, Ready, Report, Setup, decode, encode};
use super::run::{Run, Step};
use super::script::Stage;
use super::sys::{self, Failure};
use super::warmth::{Heard, Warmth};
use super::wire::{self, Received};
use super::zygotes::{self, Zygotes};
use crate::domain::Usage;

/// How soon is looked again at what was killed and is not gone yet.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// What a launcher is given by the process that it came from.
pub(super) struct Given {
    /// Held for as long as the launcher lives.
    pub(super) lock: OwnedFd,
    pub(super) cgroups: Option<Cgroups>,
    pub(super) no_cgroups: Option<String>,
    pub(super) without_clone3: bool,
    pub(super) user_id: Option<u32>,
    pub(super) late: Vec<Late>,
}

/// A launcher and the programs that it has running.
pub(super) struct Launcher {
    equipment: Equipment,
    zygotes: Zygotes,
    pools: Pools,
    children: OwnedFd,
    runs: HashMap<u64, Run>,
    /// Which run a child of ours belongs to.
    owners: HashMap<i32, u64>,
    /// Children that have ended before they were known: those of an interpreter.
    unclaimed: HashMap<i32, (i32, Usage)>,
    /// Whether a keeper was lost, and what it kept may have come to us.
    has_strays: bool,
    /// Whether the server has gone: nothing is begun any more.
    is_ending: bool,
}

/// Who can call the launcher.
#[derive(Debug, Clone, Copy)]
enum Caller {
    Server,
    Children,
    Keeper(u64),
    Report(u64),
    Zygote(i32),
    Worker(u64),
}

impl Launcher {
    /// A launcher that is what `setup` says.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    pub(super) fn new(setup: &Setup, given: Given) -> Result<Self, String> {
        let children = sys::block_signals_and_watch_children().map_err(|e| e.to_string())?;
        // Without a PID namespace, orphans must not get away to somebody else.
        let own = Some(rustix::process::getpid());
        rustix::process::set_child_subreaper(own).map_err(|e| e.to_string())?;
        let is_sandbox = setup.level == Level::Sandbox;
        let zygotes = Zygotes::new(is_sandbox, given.without_clone3);
        Ok(Self {
            equipment: Equipment::gather(setup, given)?,
            zygotes,
            pools: Pools::new(is_sandbox),
            children,
            runs: HashMap::new(),
            owners: HashMap::new(),
            unclaimed: HashMap::new(),
            has_strays: false,
            is_ending: false,
        })
    }

    /// Serves until the server has gone.
    pub(super) fn serve(&mut self, server: &OwnedFd) -> ExitCode {
        let ready: Ready = self.equipment.ready();
        let mut buffer = Vec::new();
        let mut is_there = wire::send(server, &encode(&Report::Ready(ready)), &[]).is_ok();
        while is_there {
            for caller in self.wait(server) {
                match caller {
                    Caller::Server => is_there = self.obey_all(server, &mut buffer),
                    Caller::Children => self.reap(),
                    Caller::Keeper(number) => self.hear_keeper(number, &mut buffer),
                    Caller::Report(number) => self.hear_report(server, number),
                    Caller::Zygote(pid) => self.zygotes.hear(pid),
                    Caller::Worker(number) => self.pools.hear(number),
                }
            }
            self.go_on(server);
            self.tend_pools();
        }
        self.end(server);
        ExitCode::SUCCESS
    }

    /// Waits until somebody calls, or something is due.
    fn wait(&self, server: &OwnedFd) -> Vec<Caller> {
        let mut callers =
            vec![(Caller::Server, server.as_fd()), (Caller::Children, self.children.as_fd())];
        for (number, run) in &self.runs {
            callers.extend(run.keeper().map(|fd| (Caller::Keeper(*number), fd)));
            callers.extend(run.report().map(|fd| (Caller::Report(*number), fd)));
        }
        callers.extend(self.zygotes.sockets().map(|(pid, fd)| (Caller::Zygote(pid), fd)));
        callers.extend(self.pools.lines().map(|(number, fd)| (Caller::Worker(number), fd)));
        let polled = callers.iter().map(|(_, fd)| PollFd::from_borrowed_fd(*fd, PollFlags::IN));
        let mut polled: Vec<PollFd<'_>> = polled.collect();
        let timeout = self.next_look().map(keeper::timespec);
        let _ = poll(&mut polled, timeout.as_ref());
        let calling = callers.iter().zip(&polled).filter(|(_, fd)| !fd.revents().is_empty());
        calling.map(|((caller, _), _)| *caller).collect()
    }

    fn next_look(&self) -> Option<Duration> {
        let now = Instant::now();
        let due = |run: &Run| {
            if run.is_ending() {
                Some(LOOK_AGAIN)
            } else {
                run.due().map(|due| due.saturating_duration_since(now))
            }
        };
        let look_for_strays = self.has_strays.then_some(LOOK_AGAIN);
        self.runs.values().filter_map(due).chain(look_for_strays).min()
    }

    /// Takes in who has ended.
    fn reap(&mut self) {
        keeper::drain(&self.children);
        let is_asked = self.is_asked();
        while let Ok(Some((pid, status, usage))) = sys::reap(None, false) {
            match self.owners.remove(&pid) {
                Some(number) => {
                    self.with_run(number, |run| run.child_ended(pid, status, usage));
                }
                // Before it is known whose it is. Interpreters themselves are nobody's.
                None if is_asked && !self.zygotes.include(pid) => {
                    self.unclaimed.insert(pid, (status, usage));
                }
                None => {}
            }
        }
    }

    /// Takes in what the keeper of a run says.
    fn hear_keeper(&mut self, number: u64, buffer: &mut Vec<u8>) {
        let Some(run) = self.runs.get_mut(&number) else { return };
        let Some(keeper) = run.keeper() else { return };
        match wire::receive(keeper, buffer, false) {
            Ok(Some(message)) => {
                if let Ok(news) = decode::<News>(&message.bytes) {
                    run.heard(news, message.fds);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(None) | Err(_) => {
                run.keeper_lost();
                self.has_strays = self.equipment.inherits_from_keepers();
            }
        }
    }

    /// Takes in what becomes of a program that a warm interpreter was asked for.
    fn hear_report(&mut self, server: &OwnedFd, number: u64) {
        let Some(run) = self.runs.get_mut(&number) else { return };
        match run.hear_report() {
            Heard::Nothing | Heard::Started | Heard::Failed(_) => {}
            Heard::Forked(pid) => match self.unclaimed.remove(&pid) {
                Some((status, usage)) => run.child_ended(pid, status, usage),
                None => drop(self.owners.insert(pid, number)),
            },
            Heard::NotForked(errno) => {
                self.zygotes.refused(errno.unwrap_or(0));
                self.go_cold(server, number);
            }
        }
        if !self.is_asked() {
            self.unclaimed.clear();
        }
    }

    /// Whether an interpreter may have made a child of ours that we do not know yet.
    fn is_asked(&self) -> bool {
        self.runs.values().any(Run::is_asked)
    }

    /// Does what the server wishes; false when it has gone.
    fn obey_all(&mut self, server: &OwnedFd, buffer: &mut Vec<u8>) -> bool {
        loop {
            match wire::receive(server, buffer, false) {
                Ok(Some(message)) => self.obey(server, message),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Ok(None) | Err(_) => return false,
            }
        }
    }

    fn obey(&mut self, server: &OwnedFd, message: Received) {
        match decode::<Command>(&message.bytes) {
            Ok(Command::Launch(launch)) => {
                let Some((launch, streams)) = self.employ(launch, message.fds) else { return };
                let is_warm = launch
                    .warm
                    .as_ref()
                    .is_some_and(|runtime| self.zygotes.have(runtime, &launch.env));
                self.launch(server, launch, streams, is_warm);
            }
            Ok(Command::Warm(warm)) => self.keep_warm(warm),
            Ok(Command::Terminate(number)) => self.with_run(number, |run| run.terminate()),
            Ok(Command::Kill(number)) => self.with_run(number, |run| run.kill()),
            // The server is this very program: there is nobody to tell, and nothing to do.
            Err(_) => {}
        }
    }

    fn with_run(&mut self, number: u64, act: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.get_mut(&number) {
            act(run);
        }
    }

    fn launch(
        &mut self,
        server: &OwnedFd,
        launch: Box<Launch>,
        streams: Vec<OwnedFd>,
        is_warm: bool,
    ) {
        let number = launch.number;
        match self.equipment.start(launch, streams, is_warm) {
            Ok((run, pid)) => {
                self.owners.insert(pid, number);
                self.runs.insert(number, run);
            }
            Err(failure) => tell(server, &failed(number, failure), &[]),
        }
    }

    /// Asks a warm interpreter for a program whose place is ready.
    fn ask(&mut self, server: &OwnedFd, number: u64) {
        let Self { equipment, zygotes, runs, .. } = self;
        let asked =
            runs.get_mut(&number).is_some_and(|run| ask(equipment, zygotes, run).unwrap_or(false));
        if !asked {
            self.go_cold(server, number);
        }
    }

    /// Starts a program cold that no warm interpreter has made, in a place of its own.
    fn go_cold(&mut self, server: &OwnedFd, number: u64) {
        let Some(mut run) = self.runs.remove(&number) else { return };
        let Some(warmth) = run.take_back() else { return };
        // The keeper of the first place has nothing to do, and a cgroup must be empty to go.
        if let Some(pid) = self.keeper_of(number) {
            self.owners.remove(&pid);
            let _ = sys::reap(Some(pid), true);
        }
        self.equipment.take_back(run);
        if !self.is_ending {
            self.launch(server, warmth.launch, warmth.streams, false);
        }
    }

    fn keeper_of(&self, number: u64) -> Option<i32> {
        self.owners.iter().find(|(_, owner)| **owner == number).map(|(pid, _)| *pid)
    }

    /// Moves every run on as far as it goes, and tells the server of it.
    fn go_on(&mut self, server: &OwnedFd) {
        self.end_strays();
        let now = Instant::now();
        let mut steps = Vec::new();
        for (number, run) in &mut self.runs {
            if self.has_strays && run.is_lost() {
                continue;
            }
            while let Some(step) = run.go_on(now) {
                let is_last = !matches!(step, Step::Started { .. });
                steps.push((*number, step));
                if is_last {
                    break;
                }
            }
        }
        for (number, step) in steps {
            self.take(server, number, step);
        }
    }

    fn take(&mut self, server: &OwnedFd, number: u64, step: Step) {
        if pool::is_worker(number) {
            return self.note_worker(number, &step);
        }
        match step {
            Step::Ask => return self.ask(server, number),
            Step::Cold => return self.go_cold(server, number),
            Step::Started { warm } => {
                if let Some(run) = self.runs.get_mut(&number) {
                    let output = run.take_output();
                    let mut fds = vec![run.process().as_fd()];
                    fds.extend(output.iter().flatten().map(AsFd::as_fd));
                    tell(server, &Report::Started { number, warm }, &fds);
                }
                return;
            }
            Step::Failed(failure) => tell(server, &failed(number, failure), &[]),
            Step::Ended(end) => tell(server, &Report::Ended { number, end: *end }, &[]),
        }
        if let Some(run) = self.runs.remove(&number) {
            self.equipment.take_back(run);
        }
    }
}

fn ask(equipment: &mut Equipment, zygotes: &mut Zygotes, run: &mut Run) -> Result<bool, Failure> {
    let group = run.own_group()?;
    let Some(warmth) = run.warmth() else { return Ok(false) };
    let Warmth { launch, streams, doors, .. } = &*warmth;
    let report = zygotes::Report::new()?;
    let place = (doors.as_slice(), group.as_ref(), report.as_fd());
    equipment.order(launch, streams, place, |order, fds| zygotes.ask(launch, order, fds))?;
    warmth.asked(report.ours);
    Ok(true)
}

fn failed(number: u64, failure: Failure) -> Report {
    let doing = failure.stage.words().to_owned();
    Report::Failed { number, doing, errno: failure.errno }
}

/// A server that cannot be told has gone, which the next look at the socket will show.
fn tell(server: &OwnedFd, report: &Report, fds: &[BorrowedFd<'_>]) {
    let _ = wire::send(server, &encode(report), fds);
}

/// The failure of something that comes before a process.
pub(super) fn unprepared(error: io::Error) -> Failure {
    Failure { stage: Stage::Process, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}

#[cfg(test)]
mod tests;
