//! What a launcher has to start programs with: groups, walls, namespaces, its user. Gathered once;
//! a start takes from it what its program needs.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::process::{Resource, getrlimit};

use super::super::level::{Containment, Level};
use super::super::result::RESULT;
use super::cgroup::Cgroups;
use super::clone::Place;
use super::jail::{self, EXECUTION, Late};
use super::keeper::{self, Charge};
use super::leaf::Leaf;
use super::program::{Plan, STREAMS};
use super::protocol::{Launch, Ready, Setup};
use super::run::Run;
use super::script::{Script, Stage};
use super::serve::{Given, unprepared};
use super::sys::{self, Failure, Image};
use super::user::Identity;
use super::walls::{Chosen, Walls};
use super::warmth::Warmth;
use super::zygote::Order;
use super::{landlock, network, wire};

/// What a launcher has.
pub(super) struct Equipment {
    setup: Setup,
    containment: Containment,
    cgroups: Option<Cgroups>,
    walls: Walls,
    no_network: Option<OwnedFd>,
    user_id: Option<u32>,
    without_clone3: bool,
    open_files_max: u64,
    weaker: Vec<String>,
    lock: Rc<OwnedFd>,
    late: Rc<[Late]>,
}

impl Equipment {
    /// Gathers what `setup` asks for.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    pub(super) fn gather(setup: &Setup, given: Given) -> Result<Self, String> {
        let Given { lock, cgroups, no_cgroups, without_clone3, user_id, late } = given;
        let containment = containment(setup, cgroups.as_ref(), no_cgroups.as_deref())?;
        let mut weaker = Vec::new();
        if without_clone3 {
            weaker.push("clone3 is missing or forbidden; programs are made with clone".to_owned());
        }
        if let (Some(why), false) = (no_cgroups, containment == Containment::Cgroup2) {
            weaker.push(format!("executions have no cgroups of their own: {why}"));
        }
        let walls = Walls::build(setup, &mut weaker)?;
        let no_network = match setup.level {
            Level::Sandbox => Some(
                network::empty(without_clone3)
                    .map_err(|error| format!("a network namespace cannot be made here: {error}"))?,
            ),
            Level::None | Level::Confined => None,
        };
        Ok(Self {
            setup: setup.clone(),
            containment,
            cgroups: cgroups.filter(|_| containment == Containment::Cgroup2),
            walls,
            no_network,
            user_id,
            without_clone3,
            open_files_max: getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX),
            weaker,
            lock: Rc::new(lock),
            late: late.into(),
        })
    }

    /// What the server is told.
    pub(super) fn ready(&self) -> Ready {
        Ready {
            containment: self.containment,
            user_id: self.user_id,
            memory_by_cgroup: self.memory_by_kernel(),
            weaker: self.weaker.clone(),
        }
    }

    /// Starts a program: the run, and its process that is a child of this one. With `is_warm`,
    /// only its place is made, for a warm interpreter to fork into. With a descriptor beside its
    /// streams, it is a worker that waits for its program there.
    ///
    /// # Errors
    /// What was being done, and what the kernel said.
    pub(super) fn start(
        &mut self,
        launch: Box<Launch>,
        streams: Vec<OwnedFd>,
        is_warm: bool,
    ) -> Result<(Run, i32), Failure> {
        if streams.len() < STREAMS.len() {
            return Err(Failure { stage: Stage::Streams, errno: libc::EBADF });
        }
        let group = match &self.cgroups {
            Some(cgroups) => Some(cgroups.leaf(&launch.limits).map_err(unprepared)?),
            None => None,
        };
        let started = match group {
            Some(group) if self.setup.level != Level::Sandbox => {
                self.start_in_group(&launch, &streams, group)
            }
            group => self.start_kept(&launch, &streams, group, is_warm),
        };
        match started {
            Ok((run, pid)) if is_warm => Ok((run.warmed(Warmth::new(launch, streams)), pid)),
            Ok(started) => Ok(started),
            Err((failure, group)) => {
                if let Some(group) = group {
                    group.remove();
                }
                Err(failure)
            }
        }
    }

    /// Writes the order down by which a warm interpreter makes a program in the place of its keeper,
    /// and sends it with the descriptors that go with it.
    ///
    /// # Errors
    /// What was being done, and what the kernel said.
    pub(super) fn order(
        &mut self,
        launch: &Launch,
        streams: &[OwnedFd],
        (doors, group, report): (&[OwnedFd], Option<&OwnedFd>, BorrowedFd<'_>),
        send: impl FnOnce(&[u8], &[BorrowedFd<'_>]) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let [processes, rest @ ..] = doors else {
            return Err(unprepared(io::ErrorKind::Other.into()));
        };
        let prepared = self.prepare(launch, streams, rest, None)?;
        let mut fds = prepared.fds();
        let mut add = |fd| {
            fds.push(fd);
            fds.len() as u32 - 1
        };
        let namespace = add(processes.as_fd());
        let cgroup = group.map(|group| add(group.as_fd()));
        let report = add(report);
        let script = &prepared.script;
        let order = Order { script, env: &launch.env, namespace, cgroup, report }.encode();
        send(&order, &fds).map_err(unprepared)
    }

    /// Whether a program whose keeper was lost may have left processes to the launcher.
    pub(super) fn inherits_from_keepers(&self) -> bool {
        self.containment == Containment::Session
    }

    /// Takes back what a program had that is over.
    pub(super) fn take_back(&self, run: Run) {
        let Some((group, spent_micros)) = run.into_group() else { return };
        match (&self.cgroups, spent_micros) {
            (Some(cgroups), Some(spent_micros)) => cgroups.give_back(group, spent_micros),
            _ => group.remove(),
        }
    }

    /// Takes away what the kernel keeps for the launcher.
    pub(super) fn clean_up(&mut self) {
        self.cgroups = None;
    }

    /// With nobody in between: the cgroup is enough.
    fn start_in_group(
        &mut self,
        launch: &Launch,
        streams: &[OwnedFd],
        group: Leaf,
    ) -> Result<(Run, i32), (Failure, Option<Leaf>)> {
        let (without_clone3, memory) = (self.without_clone3, self.memory_by_kernel());
        let place = Place {
            namespaces: 0,
            cgroup: (!without_clone3).then(|| group.as_fd()),
            without_clone3,
        };
        let prepared = self.prepare(launch, streams, &[], Some(&group));
        let spawned = prepared.and_then(|mut prepared| prepared.spawn(&place));
        match spawned {
            Ok(child) => {
                let run = Run::in_group(group, child.pid, child.pidfd, launch.limits);
                Ok((run.watched(memory), child.pid))
            }
            Err(failure) => Err((failure, Some(group))),
        }
    }

    /// With a keeper: in a PID namespace of its own, or as the one who inherits orphans.
    fn start_kept(
        &mut self,
        launch: &Launch,
        streams: &[OwnedFd],
        group: Option<Leaf>,
        is_warm: bool,
    ) -> Result<(Run, i32), (Failure, Option<Leaf>)> {
        let is_sandbox = self.setup.level == Level::Sandbox;
        let is_first = is_sandbox || self.containment == Containment::PidNamespace;
        let mut namespaces = 0;
        if is_first {
            namespaces |= libc::CLONE_NEWPID | libc::CLONE_NEWNS;
        }
        if is_sandbox {
            namespaces |= libc::CLONE_NEWIPC;
        }
        let without_clone3 = self.without_clone3;
        let place = Place {
            namespaces: namespaces as u64,
            cgroup: group.as_ref().filter(|_| !without_clone3).map(Leaf::as_fd),
            without_clone3,
        };
        let (memory, user_id) = (self.memory_by_kernel(), self.user_id);
        let (lock, late) = (Rc::clone(&self.lock), Rc::clone(&self.late));
        let result = Path::new(EXECUTION).join(RESULT);
        let is_waiting = streams.len() > STREAMS.len();
        let prepared = if is_warm {
            Ok(None)
        } else {
            self.prepare(launch, streams, &[], group.as_ref()).map(Some)
        };
        let forked = prepared.and_then(|program| {
            let (ours, theirs) = wire::pair().map_err(unprepared)?;
            let Some(child) = sys::fork(&place)? else {
                let charge = Charge {
                    launch,
                    place: is_sandbox.then(|| jail::Place::of(launch, user_id, &late)),
                    is_first,
                    memory_by_kernel: memory,
                    program,
                    is_waiting,
                    without_clone3,
                    lock: lock.as_fd(),
                    result: is_sandbox.then_some((result.as_path(), launch.result_bytes_max)),
                };
                keeper::keep(charge, &theirs)
            };
            Ok((child, ours))
        });
        match forked {
            Ok((child, socket)) => {
                Ok((Run::kept(socket, group, child.pidfd, launch.limits), child.pid))
            }
            Err(failure) => Err((failure, group)),
        }
    }

    fn memory_by_kernel(&self) -> bool {
        self.cgroups.as_ref().is_some_and(|cgroups| cgroups.memory)
    }

    /// Everything that a process needs to become the program.
    fn prepare<'a>(
        &'a mut self,
        launch: &Launch,
        streams: &'a [OwnedFd],
        joins: &'a [OwnedFd],
        group: Option<&'a Leaf>,
    ) -> Result<Prepared<'a>, Failure> {
        let writable = self.writable(launch);
        let writable: Vec<&Path> = writable.iter().map(PathBuf::as_path).collect();
        let counted_by_group = self.cgroups.as_ref().is_some_and(|cgroups| cgroups.processes);
        let own_namespace =
            launch.limits.processes.is_some() && !counted_by_group && self.setup.namespaces;
        let filter = self.walls.filter(launch.network).map(<[_]>::to_vec);
        let rules = self.walls.rules(&writable, launch.network).map_err(unprepared)?;
        let network = self.no_network.as_ref().filter(|_| !launch.network);
        let enters = group.filter(|_| self.without_clone3);
        let mut place = streams.len() as u32;
        let mut next = |is_there: bool| {
            let own = place;
            place += u32::from(is_there);
            is_there.then_some(own)
        };
        let plan = Plan {
            rules: next(rules.as_ref().is_some()),
            network: next(network.is_some()),
            cgroup: next(enters.is_some()),
            joins: joins.iter().filter_map(|_| next(true)).collect(),
            line: streams.get(STREAMS.len()).map(AsRawFd::as_raw_fd),
            filter: filter.as_deref(),
            identity: Identity { become_id: self.user_id, own_namespace },
            directory: &launch.directory,
            limits: &launch.limits,
            open_files_max: self.open_files_max,
        };
        let script = plan.script();
        let image = Image::new(&launch.argv, &launch.env)?;
        Ok(Prepared { script, image, streams, rules, network, enters, joins })
    }

    /// Where a confined program may write.
    fn writable(&self, launch: &Launch) -> Vec<PathBuf> {
        let execution = launch.execution.as_ref().map(|name| self.setup.executions.join(name));
        let workspace = launch.workspace.as_ref().map(|name| self.setup.workspaces.join(name));
        execution.into_iter().chain(workspace).chain(launch.listed.clone()).collect()
    }
}

/// What becomes a program, and the descriptors that it needs for that.
pub(super) struct Prepared<'a> {
    script: Script,
    image: Image,
    streams: &'a [OwnedFd],
    rules: Chosen<'a>,
    network: Option<&'a OwnedFd>,
    enters: Option<&'a Leaf>,
    joins: &'a [OwnedFd],
}

impl Prepared<'_> {
    /// Makes the process.
    ///
    /// # Errors
    /// What it was doing when it failed, and what the kernel said.
    pub(super) fn spawn(&mut self, place: &Place<'_>) -> Result<sys::Child, Failure> {
        let fds: Vec<RawFd> = self.fds().iter().map(AsRawFd::as_raw_fd).collect();
        sys::spawn(place, &mut self.script, &fds, &self.image)
    }

    /// Lets the program read a `/proc` that has just been mounted.
    ///
    /// # Errors
    /// When its rules cannot be extended.
    pub(super) fn allow_new_proc(&self) -> io::Result<()> {
        self.rules.as_ref().map_or(Ok(()), landlock::allow_new_proc)
    }

    /// The descriptors, in the places that the script knows them by.
    pub(super) fn fds(&self) -> Vec<BorrowedFd<'_>> {
        let streams = self.streams.iter().map(AsFd::as_fd);
        let walls = self.rules.as_ref().map(AsFd::as_fd).into_iter();
        let network = self.network.map(AsFd::as_fd).into_iter();
        let groups = self.enters.map(Leaf::as_fd).into_iter();
        let joined = self.joins.iter().map(AsFd::as_fd);
        streams.chain(walls).chain(network).chain(groups).chain(joined).collect()
    }
}

/// What is to hold processes together.
///
/// # Errors
/// A sentence that says why what was asked for is not to be had.
fn containment(
    setup: &Setup,
    cgroups: Option<&Cgroups>,
    no_cgroups: Option<&str>,
) -> Result<Containment, String> {
    let is_sandbox = setup.level == Level::Sandbox;
    match setup.containment {
        Some(Containment::Cgroup2) if cgroups.is_none() => {
            let why = no_cgroups.unwrap_or("no cgroups of version 2 were found");
            Err(format!("containment cgroup2 is not to be had: {why}"))
        }
        Some(Containment::PidNamespace) if !setup.namespaces => {
            Err("containment pidns is not to be had: PID namespaces cannot be made here".to_owned())
        }
        Some(Containment::Session) if is_sandbox => {
            Err("containment session does not go with level sandbox, which has PID namespaces"
                .to_owned())
        }
        Some(wanted) => Ok(wanted),
        // In the sandbox there is a PID namespace already; a cgroup is worth its cost only with
        // the limits that it brings.
        None => Ok(match cgroups {
            Some(cgroups) if !is_sandbox || cgroups.memory || cgroups.processes => {
                Containment::Cgroup2
            }
            _ if setup.namespaces => Containment::PidNamespace,
            _ => Containment::Session,
        }),
    }
}
