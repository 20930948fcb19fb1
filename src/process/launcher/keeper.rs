//! The process between the launcher and a program that no cgroup holds: the first of a PID
//! namespace, or the one that inherits the program's orphans. It is a copy of the launcher, makes
//! the program's place, starts it, and ends what the program leaves behind. User code never is
//! pid 1: signals would not reach it as they should.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use super::super::result::{self, ResultFile};
use super::cgroup::EMPTY_WITHIN;
use super::equipment::Prepared;
use super::jail;
use super::protocol::{Exceeded, Launch, decode, encode};
use super::script::Stage;
use super::sys::{self, Failure};
use super::watch::{Cpu, Watch};
use super::{clone, family, wire};

/// What the launcher tells a keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Wish {
    Terminate,
    Kill,
    /// The leader, which is not this keeper's child, has ended.
    Finish,
    /// The leader, which has waited for its program, is to begin; its line comes with the message.
    Begin(Beginning),
}

/// What a leader that has waited is told of its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beginning {
    /// The name of the code's file.
    pub(super) name: String,
    /// Its text.
    pub(super) code: String,
    /// What goes over the line.
    pub(super) environment: Vec<u8>,
}

/// What a keeper tells the launcher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum News {
    /// The program runs, or its place is ready for it, or the leader that has waited begins.
    Ready,
    /// It could not be started.
    Failed { stage: u8, errno: i32 },
    /// It has ended, and with it all that it left behind.
    Ended(Kept),
}

/// What a keeper knows of an end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The leader's status; none for a leader that is not this keeper's child.
    pub(super) status: Option<i32>,
    /// What the keeper's own children have used, as far as they were reaped, in microseconds.
    pub(super) cpu_micros: u64,
    /// What all of the program was seen to have used, which may be more: it has a leader in it that
    /// is not the keeper's child, and what nobody waited for.
    pub(super) cpu_micros_seen: u64,
    /// What the leader had used before it began, which is not in that, in microseconds.
    pub(super) cpu_micros_before: u64,
    pub(super) memory_peak_bytes: u64,
    pub(super) descendants_killed: u32,
    pub(super) exceeded: Option<Exceeded>,
    /// What the program wrote as its result, if it was to be read from here.
    pub(super) result: Option<ResultFile>,
}

/// What a keeper keeps.
pub(super) struct Charge<'a> {
    pub(super) launch: &'a Launch,
    /// The place of the execution that is to be made first, if it has one of its own.
    pub(super) place: Option<jail::Place<'a>>,
    /// Whether this keeper is the first process of a PID namespace.
    pub(super) is_first: bool,
    pub(super) memory_by_kernel: bool,
    /// What becomes the program; none when somebody else starts it in this keeper's place.
    pub(super) program: Option<Prepared<'a>>,
    /// Whether the leader first waits for its program.
    pub(super) is_waiting: bool,
    pub(super) without_clone3: bool,
    /// What the next launcher waits for: this keeper holds it until it has ended all.
    pub(super) lock: BorrowedFd<'a>,
    /// Where the program's result is, if it is to be read from here.
    pub(super) result: Option<(&'a Path, u64)>,
}

/// Keeps a program from its start to the end of all it left. For a copy of the launcher.
pub(super) fn keep(charge: Charge<'_>, launcher: &OwnedFd) -> ! {
    let mut kept: Vec<BorrowedFd<'_>> = vec![launcher.as_fd(), charge.lock];
    kept.extend(charge.program.iter().flat_map(Prepared::fds));
    sys::close_all_but(&kept);
    let news = run(charge, launcher).unwrap_or_else(|failure| News::Failed {
        stage: failure.stage as u8,
        errno: failure.errno,
    });
    let _ = wire::send(launcher, &encode(&news), &[]);
    sys::leave(0)
}

fn run(mut charge: Charge<'_>, launcher: &OwnedFd) -> Result<News, Failure> {
    let in_place = |error: std::io::Error| Failure {
        stage: Stage::Namespaces,
        errno: error.raw_os_error().unwrap_or(libc::EIO),
    };
    // A copy inherits neither of the two; what it is the first of, ends with the launcher.
    if charge.is_first {
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    } else {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
            .map_err(|error| in_place(error.into()))?;
    }
    match &charge.place {
        Some(place) => jail::furnish(place).map_err(in_place)?,
        None if charge.is_first => {
            jail::own_proc().map_err(in_place)?;
            let allowed = charge.program.as_ref().map_or(Ok(()), Prepared::allow_new_proc);
            allowed.map_err(in_place)?;
        }
        None => {}
    }
    let children = sys::block_signals_and_watch_children().map_err(in_place)?;
    let mut leader = None;
    let mut doors = Vec::new();
    if let Some(program) = &mut charge.program {
        let place = clone::Place { without_clone3: charge.without_clone3, ..Default::default() };
        leader = Some(program.spawn(&place)?.pid);
    } else {
        doors = namespaces().map_err(in_place)?;
    }
    // The program has its streams; nobody shall wait for an end of them that we hold. What
    // borrows them is not looked at again.
    charge.program = None;
    let mut kept = vec![launcher.as_fd(), children.as_fd(), charge.lock];
    kept.extend(doors.iter().map(AsFd::as_fd));
    sys::close_all_but(&kept);
    let borrowed: Vec<BorrowedFd<'_>> = doors.iter().map(AsFd::as_fd).collect();
    let _ = wire::send(launcher, &encode(&News::Ready), &borrowed);
    drop(doors);
    let mut keeper = Keeper {
        charge,
        launcher,
        children,
        leader,
        watch: None,
        exceeded: None,
        cpu_micros_seen: 0,
        cpu_micros_before: 0,
    };
    if !keeper.charge.is_waiting {
        keeper.begin_to_watch();
    }
    let status = keeper.wait();
    Ok(News::Ended(keeper.finish(status)))
}

/// The ways into this process's namespaces, for somebody who is to start a program in them: of
/// processes, of mounts, of queues. Opened here, since nobody else may look at this process.
fn namespaces() -> std::io::Result<Vec<OwnedFd>> {
    let open = |name| File::open(format!("/proc/self/ns/{name}")).map(OwnedFd::from);
    ["pid", "mnt", "ipc"].into_iter().map(open).collect()
}

struct Keeper<'a> {
    charge: Charge<'a>,
    launcher: &'a OwnedFd,
    children: OwnedFd,
    leader: Option<i32>,
    watch: Option<Watch>,
    exceeded: Option<Exceeded>,
    /// What the program was seen to use. Nobody but the watch knows of children that ended
    /// without being waited for.
    cpu_micros_seen: u64,
    /// What the leader had used before it began.
    cpu_micros_before: u64,
}

/// What was learned from those who have ended.
struct Reaped {
    /// The leader's status, if it is among them.
    leader: Option<i32>,
    /// Whether nobody is left: whose parent has ended becomes a child of this process.
    is_alone: bool,
}

impl Keeper<'_> {
    /// Waits for the leader's end, and does meanwhile what the launcher wishes.
    fn wait(&mut self) -> Option<i32> {
        let mut buffer = Vec::new();
        loop {
            let timeout =
                self.watch.as_ref().map(|w| w.due().saturating_duration_since(Instant::now()));
            let mut polled = [
                PollFd::new(self.launcher, PollFlags::IN),
                PollFd::new(&self.children, PollFlags::IN),
            ];
            let timeout = timeout.map(timespec);
            let _ = poll(&mut polled, timeout.as_ref());
            let [wishes, ended] = polled.map(|fd| !fd.revents().is_empty());
            if wishes {
                match wire::receive(self.launcher, &mut buffer, false) {
                    Ok(Some(message)) => match decode::<Wish>(&message.bytes) {
                        Ok(Wish::Terminate) => self.terminate(),
                        Ok(Wish::Finish) => return None,
                        Ok(Wish::Begin(beginning)) => self.begin(&beginning, &message.fds),
                        Ok(Wish::Kill) | Err(_) => self.kill(),
                    },
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    // The launcher has gone: nothing that it started goes on.
                    Ok(None) | Err(_) => {
                        self.kill();
                        return None;
                    }
                }
            }
            if ended {
                drain(&self.children);
                if let Some(status) = self.reap().leader {
                    return Some(status);
                }
            }
            self.look();
        }
    }

    /// Puts the program's code into its place, and lets the leader begin that has waited for it.
    fn begin(&mut self, beginning: &Beginning, line: &[OwnedFd]) {
        self.cpu_micros_before = self.leader.map_or(0, sys::cpu_micros_of);
        let Beginning { name, code, environment } = beginning;
        let owner = self.charge.place.as_ref().and_then(|place| place.user_id);
        let begun = jail::put_code((name, code), owner).and_then(|()| {
            line.iter().try_for_each(|line| wire::send_plain(line, environment, &[]))
        });
        self.begin_to_watch();
        let news = begun.map_or_else(
            |error| News::Failed {
                stage: Stage::Namespaces as u8,
                errno: error.raw_os_error().unwrap_or(libc::EIO),
            },
            |()| News::Ready,
        );
        let _ = wire::send(self.launcher, &encode(&news), &[]);
    }

    /// What the leader has used until now does not count.
    fn begin_to_watch(&mut self) {
        let mut limits = self.charge.launch.limits;
        limits.cpu_micros = limits.cpu_micros.map(|most| most + self.cpu_micros_before);
        self.watch = Watch::new(&limits, self.charge.memory_by_kernel, Instant::now());
    }

    /// Reaps what has ended.
    fn reap(&self) -> Reaped {
        let mut reaped = Reaped { leader: None, is_alone: false };
        loop {
            match sys::reap(None, false) {
                Ok(Some((pid, status, _))) if Some(pid) == self.leader => {
                    reaped.leader = Some(status);
                }
                Ok(Some(_)) => {}
                Ok(None) => return reaped,
                Err(_) => return Reaped { is_alone: true, ..reaped },
            }
        }
    }

    fn look(&mut self) {
        let now = Instant::now();
        if self.watch.as_ref().is_none_or(|watch| watch.due() > now) || self.exceeded.is_some() {
            return;
        }
        let pids = self.processes();
        let reaped = micros(sys::usage_of_children().cpu_seconds);
        if let Some(watch) = &mut self.watch {
            self.exceeded = watch.look(&pids, Cpu::OfReaped(reaped), now);
            self.cpu_micros_seen = watch.cpu_micros_used();
        }
        if self.exceeded.is_some() {
            self.watch = None;
            self.kill();
        }
    }

    /// All processes of the program.
    fn processes(&self) -> Vec<i32> {
        if self.charge.is_first {
            family::everybody()
        } else {
            family::descendants(std::process::id().cast_signed())
        }
    }

    fn terminate(&self) {
        for pid in self.processes() {
            signal(pid, Signal::TERM);
            // One that was stopped could not take it otherwise.
            signal(pid, Signal::CONT);
        }
    }

    fn kill(&self) {
        if self.charge.is_first {
            // Everybody in the namespace but this process: kill(2).
            let _ = sys::kill_everybody();
            return;
        }
        for pid in self.processes().into_iter().filter_map(Pid::from_raw) {
            // A whole group at once, also what it forks at this moment. It is not our own: the
            // leader begins a session, and groups do not reach beyond one.
            if let Ok(group) = getpgid(Some(pid)) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Ends what is left, and says what is known.
    fn finish(self, status: Option<i32>) -> Kept {
        // Most programs leave nobody behind, and then nobody need be looked for.
        let left = if self.reap().is_alone {
            0
        } else {
            self.processes().into_iter().filter(|pid| family::is_alive(*pid)).count()
        };
        let deadline = Instant::now() + EMPTY_WITHIN;
        // Each round ends at least the children of this process, and inherits theirs. What hops
        // about may be missed by a look around, but not by the kernel, which knows our children.
        while !self.reap().is_alone && Instant::now() < deadline {
            self.kill();
            let mut polled = [PollFd::new(&self.children, PollFlags::IN)];
            let _ = poll(&mut polled, Some(&timespec(Duration::from_millis(10))));
            drain(&self.children);
        }
        let usage = sys::usage_of_children();
        Kept {
            status,
            cpu_micros: micros(usage.cpu_seconds).saturating_sub(self.cpu_micros_before),
            cpu_micros_seen: self.cpu_micros_seen.saturating_sub(self.cpu_micros_before),
            cpu_micros_before: self.cpu_micros_before,
            memory_peak_bytes: usage.memory_peak_bytes,
            descendants_killed: u32::try_from(left).unwrap_or(u32::MAX),
            exceeded: self.exceeded,
            result: self.charge.result.map(|(path, bytes_max)| result::read(path, bytes_max)),
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: i64::from(duration.subsec_nanos()) }
}

/// Takes the notes of ended children; the children themselves are reaped.
pub(super) fn drain(children: &OwnedFd) {
    let mut notes = [0; 1024];
    while rustix::io::read(children, &mut notes).is_ok_and(|length| length == notes.len()) {}
}
