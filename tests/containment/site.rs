//! A server on one rung of containment, the programs that it has running, and what is left of them.
//! Ends nothing by itself but a launcher that it is pointed at.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::programs::{ALL, HOPS_FROM_SESSION_TO_SESSION, Leader, Program};
use crate::support::app::TestApp;
use crate::support::processes::{self, Process};
use crate::support::recordings;
use crate::support::wait::{DEADLINE, eventually};

/// What holds programs together, and how far they are kept apart from the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    pub containment: &'static str,
    pub level: &'static str,
}

impl Rung {
    /// The programs that it holds without fail.
    pub fn programs(self) -> Vec<Program> {
        let mut programs = ALL.to_vec();
        if self.containment != "session" {
            programs.push(HOPS_FROM_SESSION_TO_SESSION);
        }
        programs
    }
}

/// A server on a rung, with programs.
pub struct Site {
    pub app: TestApp,
    pub running: Vec<(Program, String)>,
}

impl Site {
    /// A server with room for all programs and one more; none where the machine lacks the rung,
    /// which is said.
    pub fn on(rung: Rung) -> Option<Self> {
        Self::with_slots(rung, rung.programs().len() + 1)
    }

    /// A server with so many slots.
    pub fn with_slots(rung: Rung, slots: usize) -> Option<Self> {
        let started = TestApp::try_with(|options| {
            // Where there are no namespaces, programs go the way that the disk has.
            let options = if rung.containment == "session" { options.way_open() } else { options };
            options
                .slots(slots)
                // To ask it for its version takes longer than all the rest of a start.
                .env("RINGBACK_RUNTIMES__JAVASCRIPT__ENABLED", "false")
                .env("RINGBACK_EXECUTION__CONTAINMENT", rung.containment)
                .env("RINGBACK_EXECUTION__ISOLATION", rung.level)
        });
        match started {
            Ok(app) => Some(Self { app, running: Vec::new() }),
            Err(said) => {
                assert!(said.contains("not available on this machine"), "{said}");
                eprintln!("skipped: {said}");
                None
            }
        }
    }

    /// Starts all programs, and waits until each has done what it does.
    #[track_caller]
    pub fn run_all(&mut self, rung: Rung, leader: Leader) {
        self.submit_all(rung, leader, &json!({}));
        self.wait_until_all_are_ready();
    }

    /// Submits all programs with some more fields.
    #[track_caller]
    pub fn submit_all(&mut self, rung: Rung, leader: Leader, fields: &Value) {
        for program in rung.programs() {
            self.submit(program, leader, fields);
        }
    }

    /// Submits a program with some more fields.
    #[track_caller]
    pub fn submit(&mut self, program: Program, leader: Leader, fields: &Value) {
        let code = program.code(leader, self.app.mark());
        let mut request = json!({"language": "python", "code": code, "limits": limits()});
        for (name, value) in fields.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        self.running.push((program, self.app.submit(request).id));
    }

    #[track_caller]
    pub fn wait_until_all_are_ready(&self) {
        for (program, id) in &self.running {
            let file = recordings::file(&self.app.data_dir(), id, "stdout");
            eventually(DEADLINE, format!("it is ready that {}", program.name), || {
                (recordings::bytes_in(&file) >= 6).then_some(())
            });
        }
    }

    /// Waits for the end of all, each of which must be this one; nothing of them is alive then.
    #[track_caller]
    pub fn expect_ends(&self, status: &str, cause: &str) -> Vec<(Program, Value)> {
        let ended = self.running.iter().map(|(program, id)| (*program, self.app.finished(id)));
        let ended: Vec<(Program, Value)> = ended.collect();
        // At this very moment: an end is told when it has come true.
        let left = self.left();
        assert!(left.is_empty(), "outlived their executions: {left:?}\n{}", self.app.stderr());
        for (program, record) in &ended {
            let end = (record["status"].as_str(), record["cause"].as_str());
            assert_eq!(end, (Some(status), Some(cause)), "{}: {record:#}", program.name);
        }
        ended
    }

    /// Every living process that one of the programs is, or has left behind.
    pub fn left(&self) -> Vec<Process> {
        let of = |id: &String| {
            processes::with_environment(&[&format!("RINGBACK_EXECUTION_ID={id}"), self.app.mark()])
        };
        let mut left: Vec<Process> = self.running.iter().flat_map(|(_, id)| of(id)).collect();
        // Those without an environment have the mark as an argument.
        left.extend(processes::with_argument(self.app.mark()));
        left
    }

    /// The processes of the launcher, the outermost first: the one that the server has started,
    /// and the real one, where that is another. None between two launchers.
    pub fn launcher(&self) -> Vec<Process> {
        let started = launchers_below(self.app.pid());
        let Some(outer) = started.first() else { return Vec::new() };
        // The children of one without namespaces are keepers, which have no namespace either.
        let own = processes::pid_namespace(outer.pid);
        let is_real = |process: &Process| {
            processes::pid_namespace(process.pid).is_some_and(|theirs| Some(theirs) != own)
        };
        let real = launchers_below(outer.pid).into_iter().filter(is_real);
        started.iter().cloned().chain(real).collect()
    }

    /// The keepers, which are below the real launcher.
    #[track_caller]
    pub fn keepers(&self) -> Vec<Process> {
        let launcher = self.launcher().pop().expect("there is one");
        launchers_below(launcher.pid)
    }
}

fn launchers_below(pid: u32) -> Vec<Process> {
    let is_launcher = |process: &Process| process.command == "ringback launcher";
    processes::children_of(pid).into_iter().filter(is_launcher).collect()
}

/// A program for `sh`.
pub fn sh(code: &str) -> Value {
    json!({"language": "sh", "code": code, "limits": limits()})
}

/// Without namespaces, the processes of all programs on the machine are counted together.
fn limits() -> Value {
    json!({"processes": 4096})
}

/// Ends processes as the kernel does when memory runs out.
pub fn kill(processes: &[Process]) {
    for process in processes {
        processes::signal(process.pid, Signal::KILL);
    }
}
