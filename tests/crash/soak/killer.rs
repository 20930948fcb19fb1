//! Kills the server at random moments while there is load, and starts it again; between a kill and
//! a start, or while the next server works, it has what is there so far audited.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::chance::Chance;
use super::clients::{Busy, Clients};
use super::progress::Progress;
use crate::evidence::Evidence;
use crate::support::app::TestApp;
use crate::support::wait::{eventually, within};

/// How often it says how far it is.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// How many times as long as an audit takes, which grows with what there is, until the next one.
const BETWEEN_AUDITS: u32 = 9;

/// How long what a killed server ran may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(3);

/// Whoever kills the server.
pub struct Killer<'a> {
    app: &'a mut TestApp,
    clients: &'a Clients<'a>,
    evidence: &'a Evidence,
    progress: &'a Progress,
    chance: Chance,
    reported: Instant,
    /// When the next audit may be.
    audit_after: Instant,
}

/// Where the ends are kept that one audit has seen, for the next to compare.
pub fn snapshot(evidence: &Evidence) -> PathBuf {
    evidence.path().join("snapshot")
}

impl<'a> Killer<'a> {
    /// A killer who has killed nobody yet.
    pub fn new(
        app: &'a mut TestApp,
        clients: &'a Clients<'a>,
        evidence: &'a Evidence,
        progress: &'a Progress,
        chance: Chance,
    ) -> Self {
        let now = Instant::now();
        Self { app, clients, evidence, progress, chance, reported: now, audit_after: now }
    }

    /// Kills server after server until the clients are done; the last one lives.
    pub fn kill_while(&mut self, clients: &Busy<'_>) {
        loop {
            let life = self.chance.millis(300..3000);
            let done = within(life, || (!clients.are_busy()).then_some(())).is_some();
            self.kill();
            self.start();
            self.report();
            if done {
                // One look at least, so that the last one has something to compare with.
                return self.audit();
            }
        }
    }

    fn kill(&mut self) {
        self.app.kill9();
        self.progress.kills.count();
        // Otherwise the next server starts while the launcher of this one is still at work.
        if self.chance.percent(50) {
            eventually(GONE_WITHIN, "no program outlives its server", || {
                self.app.programs().is_empty().then_some(())
            });
        }
        if self.chance.percent(25) && Instant::now() >= self.audit_after {
            self.audit();
        }
    }

    fn start(&mut self) {
        while self.chance.percent(25) {
            self.app.begin_restart();
            let life = self.chance.millis(0..200);
            within(life, || None::<()>);
            self.app.kill9();
            self.progress.early_kills.count();
        }
        self.app.restart();
        self.clients.find_it_at(self.app.address());
        if self.chance.percent(25) && Instant::now() >= self.audit_after {
            self.audit();
        }
    }

    /// Has everything audited that has happened by now, whether there is a server or not.
    fn audit(&mut self) {
        if self.progress.accepted.so_far() == 0 {
            return;
        }
        let begin = Instant::now();
        let snapshot = snapshot(self.evidence);
        let file = snapshot.display().to_string();
        let mut flags = vec!["--mark", self.app.mark(), "--keep", &file];
        if snapshot.exists() {
            flags.extend(["--since", &file]);
        }
        self.evidence.audit(&self.app.data_dir(), &flags);
        self.progress.audits.count();
        self.audit_after = Instant::now() + begin.elapsed() * BETWEEN_AUDITS;
    }

    fn report(&mut self) {
        if self.reported.elapsed() >= REPORT_EVERY {
            eprintln!("soak: {}", self.progress);
            self.reported = Instant::now();
        }
    }
}

impl Drop for Killer<'_> {
    /// Whoever has found something wrong keeps nobody waiting.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.clients.give_up();
        }
    }
}
