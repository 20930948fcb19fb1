//! The pools of a launcher: for interpreters that cannot fork, some that have started already, each
//! in a place of its own and each for one program. Knows who waits and who is missing; starts
//! and ends nobody itself.

mod worker;

use std::collections::HashMap;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::keeper::Beginning;
use super::protocol::{Launch, Warm};
use super::zygotes::complain;
use worker::{Said, Worker};

pub(super) use worker::{Ends, put_script};

/// The numbers from here on are those of workers; the server counts its programs from 1.
const FIRST_NUMBER: u64 = 1 << 63;

/// How many workers wait for a runtime. With more than one for each core, the next ones would not
/// start any sooner than cold programs; each has some 7 MB of memory of its own.
const WORKERS_MAX: usize = 2;

/// How often in a row a worker may go before it was ready. An interpreter that may not read the
/// script, for instance, never is.
const FAILURES_MAX: u32 = 3;

/// All pools, by the names of their runtimes.
#[derive(Debug)]
pub(super) struct Pools {
    /// None where programs have no place of their own that a worker could wait in.
    all: Option<HashMap<String, Pool>>,
    next: u64,
}

#[derive(Debug)]
struct Pool {
    preload: Vec<String>,
    /// What its workers are started as; none before the first program.
    pattern: Option<Launch>,
    /// What the program was for which there was no worker because it has another pattern. The second
    /// of a kind in a row gets its pattern taken: programs of two kinds by turns would otherwise
    /// have each other's workers ended all the time.
    missed: Option<Launch>,
    workers: Vec<Worker>,
    /// Those that nobody wants any more, and that are to be ended.
    unwanted: Vec<u64>,
    /// Whether a program has come since all were there. Who is not needed is not replaced.
    is_used: bool,
    failures: u32,
}

/// A worker that is to be started.
pub(super) struct Recruit {
    pub(super) launch: Launch,
    pub(super) ends: Ends,
}

/// A worker that has been taken for a program, and what it is told.
pub(super) struct Taken {
    pub(super) number: u64,
    pub(super) line: OwnedFd,
    pub(super) beginning: Beginning,
}

/// Whether a number is that of a worker that nobody has taken yet.
pub(super) const fn is_worker(number: u64) -> bool {
    number >= FIRST_NUMBER
}

impl Pools {
    /// None yet. `is_possible` where each program has a place of its own in a sandbox.
    pub(super) fn new(is_possible: bool) -> Self {
        Self { all: is_possible.then(HashMap::new), next: FIRST_NUMBER }
    }

    /// Has a pool kept for a runtime. It stays empty until there is a program.
    pub(super) fn keep(&mut self, warm: Warm) {
        if let Some(all) = &mut self.all {
            all.insert(warm.runtime, Pool::new(warm.preload));
        }
    }

    /// Takes a worker for this program, if one is ready; notes otherwise that one was missing.
    pub(super) fn take(&mut self, launch: &Launch, stdin: &OwnedFd) -> Option<Taken> {
        let pool = self.all.as_mut()?.get_mut(launch.warm.as_deref()?)?;
        let worker = pool.take(worker::pattern(launch)?)?;
        let (name, code) = launch.code.clone()?;
        let beginning = Beginning { name, code, environment: worker::environment(launch) };
        let number = worker.number;
        match worker.give(stdin) {
            Ok(line) => Some(Taken { number, line, beginning }),
            Err(_) => {
                pool.unwanted.push(number);
                None
            }
        }
    }

    /// The next worker that is missing, if any; one at a time, since the programs that run are in
    /// need of the machine too.
    pub(super) fn recruit(&mut self) -> Option<Recruit> {
        let pool = self.all.as_mut()?.values_mut().find(|pool| pool.is_short())?;
        self.next += 1;
        match pool.recruit(self.next) {
            Ok(recruit) => recruit,
            Err(error) => {
                pool.failed(&error.to_string());
                None
            }
        }
    }

    /// Those that are to be ended.
    pub(super) fn unwanted(&mut self) -> Vec<u64> {
        let pools = self.all.iter_mut().flat_map(HashMap::values_mut);
        pools.flat_map(|pool| std::mem::take(&mut pool.unwanted)).collect()
    }

    /// Where those speak that are not ready.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, BorrowedFd<'_>)> {
        let workers = self.all.iter().flat_map(HashMap::values).flat_map(|pool| &pool.workers);
        workers.filter(|worker| !worker.is_ready).map(|worker| (worker.number, worker.as_fd()))
    }

    /// Takes in what a worker says.
    pub(super) fn hear(&mut self, number: u64) {
        let Some((name, pool, at)) = self.find(number) else { return };
        match pool.workers[at].hear() {
            Said::Nothing => {}
            Said::Ready { not_loaded } => {
                pool.failures = 0;
                for module in not_loaded {
                    complain(&format!("a warm {name} did not load {module}"));
                }
            }
            Said::Gone => self.gone(number),
        }
    }

    /// A worker has gone that nobody has taken, or has never come.
    pub(super) fn gone(&mut self, number: u64) {
        let Some((name, pool, at)) = self.find(number) else { return };
        let worker = pool.workers.remove(at);
        if !worker.is_ready {
            pool.failed(&format!("a warm {name} ended before it was ready"));
        }
    }

    fn find(&mut self, number: u64) -> Option<(&String, &mut Pool, usize)> {
        self.all.as_mut()?.iter_mut().find_map(|(name, pool)| {
            let at = pool.workers.iter().position(|worker| worker.number == number)?;
            Some((name, pool, at))
        })
    }
}

impl Pool {
    const fn new(preload: Vec<String>) -> Self {
        Self {
            preload,
            pattern: None,
            missed: None,
            workers: Vec::new(),
            unwanted: Vec::new(),
            is_used: false,
            failures: 0,
        }
    }

    fn take(&mut self, pattern: Launch) -> Option<Worker> {
        if self.pattern.as_ref() == Some(&pattern) {
            self.missed = None;
            self.is_used = true;
            let at = self.workers.iter().position(|worker| worker.is_ready)?;
            return Some(self.workers.remove(at));
        }
        if self.pattern.is_none() || self.missed.as_ref() == Some(&pattern) {
            self.unwanted.extend(self.workers.drain(..).map(|worker| worker.number));
            self.pattern = Some(pattern);
            self.missed = None;
            self.is_used = true;
            self.failures = 0;
        } else {
            self.missed = Some(pattern);
        }
        None
    }

    fn is_short(&self) -> bool {
        self.is_used
            && self.pattern.is_some()
            && self.failures < FAILURES_MAX
            && self.workers.len() < WORKERS_MAX
            && self.workers.iter().all(|worker| worker.is_ready)
    }

    fn recruit(&mut self, number: u64) -> io::Result<Option<Recruit>> {
        let Some(pattern) = &self.pattern else { return Ok(None) };
        let (worker, launch, ends) = Worker::new(number, pattern, &self.preload)?;
        self.workers.push(worker);
        self.is_used = self.workers.len() < WORKERS_MAX;
        Ok(Some(Recruit { launch, ends }))
    }

    fn failed(&mut self, sentence: &str) {
        self.failures += 1;
        self.is_used = true;
        complain(sentence);
    }
}
