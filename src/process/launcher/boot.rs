//! How a launcher comes about: the process that the server starts makes the real launcher, in
//! namespaces of its own where it may have them, and then only waits for its end.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use rustix::net::SocketType;
use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior};

use super::super::level::{Containment, Feature, Level};
use super::cgroup::Cgroups;
use super::clone::Place;
use super::protocol::{Report, Setup, decode, encode};
use super::serve::{Given, Launcher};
use super::{host, jail, lock, sys, wire};

/// The descriptor over which the server speaks.
const SOCKET: i32 = 0;

/// The whole life of the process that the server has started as its launcher.
pub(super) fn run() -> ExitCode {
    // The socket's number becomes free for what programs read from.
    let Ok(socket) = sys::take_stream(SOCKET) else { return ExitCode::FAILURE };
    sys::close_all_but(&[socket.as_fd()]);
    sys::default_signals();
    // Those who ask everybody to end mean the server, which then ends its programs in order.
    sys::block_signals();
    // Nor is a terminal of any concern here.
    let _ = rustix::process::setsid();
    let mut buffer = Vec::new();
    let Ok(Some(message)) = wire::receive(&socket, &mut buffer, true) else {
        return ExitCode::FAILURE;
    };
    let refused = match decode::<Setup>(&message.bytes) {
        Ok(setup) => match start(&setup, &socket) {
            Ok(code) => return code,
            Err(sentence) => sentence,
        },
        Err(error) => error.to_string(),
    };
    let _ = wire::send(&socket, &encode(&Report::Refused(refused)), &[]);
    ExitCode::FAILURE
}

/// What the real launcher needs to have before it is on its own.
struct Preparation {
    lock: OwnedFd,
    cgroups: Option<Cgroups>,
    /// Why there are none, where they were wanted.
    no_cgroups: Option<String>,
    without_clone3: bool,
}

fn start(setup: &Setup, socket: &OwnedFd) -> Result<ExitCode, String> {
    let lacks = |feature| setup.lacking.contains(&feature);
    let lock = lock::take(&setup.lock)
        .map_err(|error| format!("cannot lock {}: {error}", setup.lock.display()))?;
    let may_use = |rung| setup.containment.is_none_or(|wanted| wanted == rung);
    let (cgroups, no_cgroups) = if !may_use(Containment::Cgroup2) || lacks(Feature::Cgroup2) {
        (None, lacks(Feature::Cgroup2).then(|| "the kernel has no cgroups of version 2".to_owned()))
    } else {
        match Cgroups::find(&setup.cgroup) {
            Ok(found) => (Some(found), None),
            Err(why) => (None, Some(why)),
        }
    };
    let without_clone3 = lacks(Feature::Clone3) || !sys::has_clone3();
    let preparation = Preparation { lock, cgroups, no_cgroups, without_clone3 };
    if !setup.namespaces {
        let own = rustix::process::getpid().as_raw_pid();
        lock::note(&preparation.lock, &[own])
            .map_err(|error| format!("cannot write {}: {error}", setup.lock.display()))?;
        return Ok(be_launcher(setup, socket, preparation));
    }
    if lacks(Feature::Namespaces) {
        return Err("the kernel has no namespaces".to_owned());
    }
    in_namespaces(setup, socket, preparation)
}

fn in_namespaces(
    setup: &Setup,
    socket: &OwnedFd,
    preparation: Preparation,
) -> Result<ExitCode, String> {
    let is_root = rustix::process::geteuid().is_root();
    let is_sandbox = setup.level == Level::Sandbox;
    let mut namespaces = libc::CLONE_NEWPID | libc::CLONE_NEWNS;
    if !is_root || is_sandbox {
        namespaces |= libc::CLONE_NEWUSER;
    }
    if is_sandbox {
        namespaces |= libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    }
    let (ours, theirs) = wire::pair().map_err(|error| error.to_string())?;
    let place = Place {
        namespaces: namespaces as u32 as u64,
        cgroup: None,
        without_clone3: preparation.without_clone3,
    };
    let cannot = |error: io::Error| {
        let user = if is_root && !is_sandbox { "" } else { "user namespaces and " };
        format!("{user}PID and mount namespaces cannot be made here: {error}")
    };
    let Some(child) = sys::fork(&place).map_err(cannot)? else {
        drop(ours);
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
        // Its users are not mapped before the other process has said so.
        let mapped = wire::receive(&theirs, &mut Vec::new(), true);
        drop(theirs);
        match mapped {
            Ok(Some(_)) => sys::leave(exit_code(be_launcher(setup, socket, preparation))),
            _ => sys::leave(1),
        }
    };
    drop(theirs);
    if namespaces & libc::CLONE_NEWUSER != 0 {
        map_users(child.pid, is_root.then_some(setup.user_id))
            .map_err(|error| format!("users cannot be mapped into a namespace: {error}"))?;
    }
    let own = rustix::process::getpid().as_raw_pid();
    lock::note(&preparation.lock, &[child.pid, own])
        .map_err(|error| format!("cannot write {}: {error}", setup.lock.display()))?;
    wire::send(&ours, b"mapped", &[]).map_err(|error| error.to_string())?;
    drop(ours);
    // The lock stays with this process until the kernel has ended all that was in the namespace.
    let status = sys::reap(Some(child.pid), true);
    drop(preparation.lock);
    Ok(if matches!(status, Ok(Some((_, 0, _)))) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `ExitCode` does not tell its number.
fn exit_code(code: ExitCode) -> i32 {
    i32::from(code != ExitCode::SUCCESS)
}

/// Root keeps itself and the programs' user; anybody else keeps only itself.
fn map_users(pid: i32, programs: Option<u32>) -> io::Result<()> {
    let write =
        |file: &str, content: String| std::fs::write(format!("/proc/{pid}/{file}"), content);
    if let Some(id) = programs {
        write("uid_map", format!("0 0 1\n{id} {id} 1"))?;
        return write("gid_map", format!("0 0 1\n{id} {id} 1"));
    }
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{user} {user} 1"))?;
    write("gid_map", format!("{group} {group} 1"))
}

fn be_launcher(setup: &Setup, socket: &OwnedFd, preparation: Preparation) -> ExitCode {
    let launcher = arrange(setup, preparation);
    match launcher {
        Ok(mut launcher) => launcher.serve(socket),
        Err(sentence) => {
            let _ = wire::send(socket, &encode(&Report::Refused(sentence)), &[]);
            ExitCode::FAILURE
        }
    }
}

fn arrange(setup: &Setup, preparation: Preparation) -> Result<Launcher, String> {
    let Preparation { lock, cgroups, no_cgroups, without_clone3 } = preparation;
    let user_id = rustix::process::geteuid().is_root().then_some(setup.user_id);
    // What is in its memory is nobody's business, least of all that of its children.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let is_sandbox = setup.level == Level::Sandbox;
    let mut late = Vec::new();
    if is_sandbox {
        let id = user_id.unwrap_or_else(|| rustix::process::geteuid().as_raw());
        late = jail::build(setup, id)?;
    } else if setup.namespaces {
        host::arrange(setup, user_id, cgroups.as_ref())?;
    } else {
        host::open_on_disk(setup, user_id)?;
    }
    let given = Given { lock, cgroups, no_cgroups, without_clone3, user_id, late };
    Launcher::new(setup, given)
}

/// Whether standard input is a socket of the kind that a server hands over.
pub(super) fn is_called_by_server() -> bool {
    let stdin = io::stdin();
    rustix::net::sockopt::socket_type(&stdin).is_ok_and(|kind| kind == SocketType::SEQPACKET)
}
