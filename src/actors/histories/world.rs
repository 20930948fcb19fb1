//! What outlives a server: the rows that are on disk, and what clients were told. And what is to
//! be true of them at any time.

use std::collections::BTreeMap;

use super::Happening;
use super::server::{Server, Write};
use super::tenants::slots_of;
use crate::domain::{
    Epoch, ExecutionId, Fate, Guard, Life, Lost, OnInterrupt, OwnerId, Place, Requeue, Status,
    Tenant,
};

/// An execution on disk, and beside it what only the test knows.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) tenant: Tenant,
    pub(super) life: Life,
    pub(super) on_interrupt: OnInterrupt,
    /// How often its program began.
    pub(super) begun: u32,
    /// The latest run in which its program was about to begin, as the marks on disk have it.
    pub(super) marked: Option<Epoch>,
    /// How often it ended.
    pub(super) ends: u32,
    /// How often it had begun when a client's wish was kept, or when it was cancelled in the queue.
    pub(super) begun_at_wish: Option<(u32, bool)>,
}

/// Everything there is.
pub(super) struct World {
    pub(super) rows: BTreeMap<ExecutionId, Row>,
    server: Server,
    slots: usize,
}

impl World {
    pub(super) fn new(slots: usize) -> Self {
        let rows = BTreeMap::new();
        let server = Server::start(slots, &rows);
        Self { rows, server, slots }
    }

    pub(super) fn happen(&mut self, happening: &Happening) {
        let Self { rows, server, .. } = self;
        match happening {
            Happening::Submit { of, rerun } => {
                server.submit(*of, if *rerun { OnInterrupt::Rerun } else { OnInterrupt::Fail });
            }
            Happening::Cancel(which) => self.cancel(*which),
            Happening::Commit => server.commit(rows),
            Happening::Arrive(which) => server.arrive(*which, false, rows),
            Happening::ArriveTwice(which) => server.arrive(*which, true, rows),
            Happening::Launched(which) => server.launched(*which, rows),
            Happening::NotLaunched(which) => server.not_launched(*which, true),
            Happening::NoLauncher(which) => server.not_launched(*which, false),
            Happening::Exit(which) => server.exit(*which),
            Happening::Timeout(which) => server.timeout(*which),
            Happening::LauncherLost => server.lose_launcher(rows),
            Happening::Poll => server.poll(),
            Happening::Drain => server.drain(),
            Happening::SupervisorFalls => server.replace_supervisor(self.slots, rows),
            Happening::Crash { recovers } => self.crash(*recovers),
        }
    }

    /// What a client's DELETE does: it looks, and then ends what waits or keeps a wish.
    fn cancel(&mut self, which: usize) {
        if self.rows.is_empty() {
            return;
        }
        let id = *self.rows.keys().nth(which % self.rows.len()).unwrap();
        match self.rows[&id].life.place {
            Place::Queued => self.server.write(Write::EndQueued(id)),
            Place::Running(_) => self.server.write(Write::Wish(id)),
            Place::Ended(_) => {}
        }
    }

    /// Nothing is left of the server but what is on disk; the next one settles orphans before it
    /// does anything else, and may be killed over it.
    fn crash(&mut self, recovers: Option<usize>) {
        let owner = OwnerId::generate();
        let orphans: Vec<ExecutionId> = self.rows.iter().filter_map(running).collect();
        for id in &orphans[..recovers.unwrap_or(orphans.len()).min(orphans.len())] {
            let row = self.rows.get_mut(id).unwrap();
            row.settle(row.marked == Some(row.life.epoch));
        }
        match recovers {
            Some(_) => self.crash(None),
            None => {
                self.server = Server::start(self.slots, &self.rows);
                self.server.owner = owner;
            }
        }
    }

    /// Lets everything go its way until there is nothing left to happen.
    pub(super) fn come_to_rest(&mut self) {
        for _ in 0..10_000 {
            if self.server.is_at_rest() {
                if !self.server.desk.is_draining() {
                    return;
                }
                assert!(self.server.desk.is_idle(), "a drained server has nothing to do");
                self.crash(None);
            }
            self.happen(&Happening::Commit);
            self.happen(&Happening::Arrive(0));
            self.happen(&Happening::Launched(0));
            self.happen(&Happening::Exit(0));
            self.happen(&Happening::Poll);
            self.check();
        }
        panic!("it does not come to rest");
    }

    /// The same with nobody who looks at the queue unasked: each step brings the next about.
    pub(super) fn come_to_rest_without_looking(&mut self) {
        for _ in 0..1000 {
            if self.server.is_at_rest() {
                return;
            }
            self.happen(&Happening::Commit);
            self.happen(&Happening::Arrive(0));
            self.happen(&Happening::Launched(0));
            self.happen(&Happening::Exit(0));
            self.check();
        }
        panic!("it does not come to rest by itself");
    }

    /// What is true at any time.
    pub(super) fn check(&self) {
        let programs = &self.server.programs;
        assert!(programs.len() <= self.slots, "more programs than slots");
        for tenant in programs.keys().map(|id| &self.rows[id].tenant) {
            let of = programs.keys().filter(|id| self.rows[id].tenant == *tenant).count();
            assert!(of <= slots_of(tenant), "more programs of {tenant} than it may have");
        }
        for (id, epoch) in programs {
            let life = &self.rows[id].life;
            assert_eq!(life.place, Place::Running(self.server.owner), "a program of nobody's");
            assert_eq!(life.epoch, *epoch, "a program of an epoch that is over");
        }
        for row in self.rows.values() {
            assert!(row.ends <= 1, "it ended twice: {row:?}");
            assert_eq!(row.ends == 1, matches!(row.life.place, Place::Ended(_)), "{row:?}");
            if row.on_interrupt == OnInterrupt::Fail {
                assert!(row.begun <= 1, "what may not run twice did: {row:?}");
            }
            assert!(row.begun <= row.life.attempt, "more runs than attempts: {row:?}");
            if let Some((begun, was_queued)) = row.begun_at_wish {
                let may_begin = u32::from(!was_queued);
                assert!(row.begun <= begun + may_begin, "cancelled and begun again: {row:?}");
            }
        }
    }

    /// What is true when nothing is left to happen.
    pub(super) fn check_at_rest(&self) {
        for row in self.rows.values() {
            assert_eq!(row.ends, 1, "accepted and never ended: {row:?}");
        }
        assert!(self.server.programs.is_empty());
        assert_eq!(self.server.desk.slots().free(), self.slots, "a slot was lost");
        assert_eq!(self.server.desk.queued(), 0, "the count of the queue is wrong");
    }

    pub(super) fn begun_and_ended(&self) -> (u32, u32) {
        let sum = |of: fn(&Row) -> u32| self.rows.values().map(of).sum();
        (sum(|row| row.begun), sum(|row| row.ends))
    }
}

fn running((id, row): (&ExecutionId, &Row)) -> Option<ExecutionId> {
    matches!(row.life.place, Place::Running(_)).then_some(*id)
}

impl Row {
    /// Settles it as one of which nobody sees the end any more.
    pub(super) fn settle(&mut self, begun: bool) {
        let epoch = self.life.epoch;
        let lost = Lost {
            begun,
            cancel: self.life.cancel.clone(),
            on_interrupt: self.on_interrupt,
            interruptions: self.life.interruptions,
        };
        match Fate::of(lost, "Lost.") {
            Fate::Requeue(why) => self.requeue(why),
            Fate::End(outcome) => {
                self.finish(Guard::Running(epoch), outcome.status());
            }
        }
    }

    pub(super) fn finish(&mut self, guard: Guard, status: Status) -> bool {
        let after = self.life.finish(guard, status);
        after.is_some_and(|after| {
            self.life = after;
            self.ends += 1;
            true
        })
    }

    fn requeue(&mut self, why: Requeue) {
        self.life = self.life.requeue(self.life.epoch, why).expect("it runs in its epoch");
    }
}
