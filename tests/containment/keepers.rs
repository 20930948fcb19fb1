//! Keepers, killed although nobody should: what they kept ends all the same. Where it may not, it
//! is said here.

use rustix::process::Signal;
use serde_json::json;

use super::programs::Leader;
use super::site::{Rung, Site, kill, sh};
use crate::support::processes::{self, Process};
use crate::support::wait::{DEADLINE, eventually};

const PIDNS: Rung = Rung { containment: "pidns", level: "none" };
const SANDBOX: Rung = Rung { containment: "auto", level: "sandbox" };
const SESSION: Rung = Rung { containment: "session", level: "none" };

/// Every keeper is killed; the launcher takes over.
fn what_a_keeper_kept_ends_with_it(rung: Rung) {
    let Some(mut site) = Site::on(rung) else { return };
    site.run_all(rung, Leader::Stays);
    let keepers = site.keepers();
    assert_eq!(keepers.len(), site.running.len());
    kill(&keepers);
    for (program, record) in site.expect_ends("failed", "signaled") {
        assert_eq!(record["signal"], "SIGKILL", "{}", program.name);
    }
    assert_eq!(site.app.run(sh("exit 0"))["cause"], "exited");
}

#[test]
fn a_pid_namespace_ends_with_its_keeper() {
    what_a_keeper_kept_ends_with_it(PIDNS);
}

#[test]
fn a_sandbox_ends_with_its_keeper() {
    what_a_keeper_kept_ends_with_it(SANDBOX);
}

#[test]
fn what_is_left_of_a_session_comes_to_the_launcher_and_ends() {
    what_a_keeper_kept_ends_with_it(SESSION);
}

/// The weak side of the session rung: with the launcher and the keeper gone, nobody is left who
/// knows what else belonged to the program. Its first process still ends with its keeper.
#[test]
fn without_launcher_and_keeper_only_the_leader_of_a_session_is_sure_to_end() {
    let Some(mut site) = Site::on(SESSION) else { return };
    let code = "setsid sleep 100001 & exec sleep 100002";
    let id = site.app.submit(sh(code)).id;
    site.app.wait_for_program("sleep 100001");
    let leader = site.app.wait_for_program("sleep 100002");
    let (keepers, launcher) = (site.keepers(), site.launcher());
    // Both at once, as far as the launcher can tell: it says nothing between the two.
    for process in &launcher {
        processes::signal(process.pid, Signal::STOP);
    }
    kill(&keepers);
    kill(&launcher);
    assert_eq!(site.app.finished(&id)["cause"], "interrupted");
    eventually(DEADLINE, "the leader is gone", || {
        let programs = site.app.programs();
        programs.iter().all(|program| program.pid != leader.pid).then_some(())
    });
    // What escaped, if it did, is the operator's to end.
    for escaped in site.app.programs() {
        processes::signal(escaped.pid, Signal::KILL);
    }
    site.running.clear();
}

/// Processes that stand still until this is dropped.
struct Stopped(Vec<Process>);

impl Stopped {
    fn new(processes: Vec<Process>) -> Self {
        processes.iter().for_each(|process| processes::signal(process.pid, Signal::STOP));
        Self(processes)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.iter().for_each(|process| processes::signal(process.pid, Signal::CONT));
    }
}

/// The next launcher begins when the keepers of the one before have ended what they kept, however
/// long that takes.
#[test]
fn the_next_launcher_waits_for_the_keepers_of_a_session() {
    let Some(mut site) = Site::on(SESSION) else { return };
    // Nobody who forks without end: while its keeper stands still, nothing of it is reaped.
    for program in SESSION.programs().iter().filter(|program| program.left > 0) {
        site.submit(*program, Leader::Stays, &json!({}));
    }
    site.wait_until_all_are_ready();
    let (keepers, launcher) = (site.keepers(), site.launcher());
    let stopped = Stopped::new(keepers);
    kill(&launcher);
    eventually(DEADLINE, "the next launcher waits for the lock", || {
        site.launcher().iter().any(|next| processes::waits_for_a_lock(next.pid)).then_some(())
    });
    for (_, id) in &site.running {
        assert_eq!(site.app.record(id)["status"], "running");
    }
    drop(stopped);
    site.expect_ends("failed", "interrupted");
}

/// The lock alone would not do: the kernel closes it before it ends all that is in a namespace.
#[test]
fn the_lock_names_the_first_process_of_a_namespace() {
    let Some(site) = Site::on(PIDNS) else { return };
    let noted = std::fs::read_to_string(site.app.data_dir().join("launcher.lock")).unwrap();
    let launcher = site.launcher();
    assert!(noted.starts_with(&format!("{} ", launcher[1].pid)), "{noted}: {launcher:?}");
}

/// Somebody who asks all processes of the server to end means the server.
#[test]
fn a_launcher_ends_nothing_because_it_is_asked_to_end_itself() {
    for rung in [PIDNS, SESSION] {
        let Some(site) = Site::on(rung) else { return };
        let launcher = site.launcher();
        let mut program = sh("read line; echo $line");
        program["stdin"] = json!("still here\n");
        let id = site.app.submit(program).id;
        for process in launcher.iter().chain(&site.keepers()) {
            for signal in [Signal::TERM, Signal::INT] {
                processes::signal(process.pid, signal);
            }
        }
        let record = site.app.finished(&id);
        assert_eq!(record["stdout"], "still here\n");
        let now: Vec<u32> = site.launcher().iter().map(|process| process.pid).collect();
        assert_eq!(now, launcher.iter().map(|process| process.pid).collect::<Vec<_>>());
    }
}
