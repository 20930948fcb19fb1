//! What a server knows and is about to do: all of it goes with a crash.
//! Mirrors the handlers of the actors; what they decide by is the engine's own.

use std::collections::{BTreeMap, VecDeque};

use super::tenants::{desk, take_turn, tenant};
use super::world::Row;
use crate::actors::desk::Desk;
use crate::actors::slots::RunKey;
use crate::domain::{
    CancelWish, Epoch, ExecutionId, Exit, Guard, Life, OnInterrupt, OwnerId, Phase, Place, Requeue,
    RunEvent, RunMachine, RunStep, Status, StopReason, Tenant,
};
use crate::store::Turn;

pub(super) type Rows = BTreeMap<ExecutionId, Row>;

/// A write that was sent to the store.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Accept { id: ExecutionId, tenant: Tenant, is_start: bool, on_interrupt: OnInterrupt },
    Start { turns: Vec<Turn> },
    Finish { id: ExecutionId, epoch: Epoch, status: Status },
    Requeue { id: ExecutionId, epoch: Epoch, why: Requeue },
    Wish(ExecutionId),
    EndQueued(ExecutionId),
}

/// A message on its way.
#[derive(Debug, Clone)]
enum Mail {
    Accepted {
        id: ExecutionId,
        started: Option<Life>,
    },
    Filled(Vec<(ExecutionId, Life)>),
    Wished(ExecutionId),
    QueuedEnded(ExecutionId),
    SlotFree(RunKey),
    Finished {
        run: RunKey,
        is_requeued: bool,
    },
    /// To the actor of a run.
    ToRun {
        run: RunKey,
        event: RunEvent,
        is_requeued: bool,
    },
}

impl Mail {
    /// Whether it is for the supervisor, and falls with it.
    fn is_for_supervisor(&self) -> bool {
        !matches!(self, Self::ToRun { .. })
    }

    /// Whether it may come twice. The answer to a question comes once.
    fn may_come_twice(&self) -> bool {
        matches!(
            self,
            Self::Wished(_) | Self::SlotFree(_) | Self::Finished { .. } | Self::ToRun { .. }
        )
    }
}

#[derive(Debug)]
struct Run {
    machine: RunMachine,
    /// The launcher has been asked, and has not answered.
    is_launching: bool,
}

/// A server.
pub(super) struct Server {
    pub(super) owner: OwnerId,
    pub(super) desk: Desk<RunKey>,
    pub(super) programs: BTreeMap<ExecutionId, Epoch>,
    runs: BTreeMap<RunKey, Run>,
    writes: VecDeque<Write>,
    mail: Vec<Mail>,
}

impl Server {
    pub(super) fn start(slots: usize, rows: &Rows) -> Self {
        Self {
            owner: OwnerId::generate(),
            desk: desk(slots, rows),
            programs: BTreeMap::new(),
            runs: BTreeMap::new(),
            writes: VecDeque::new(),
            mail: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, write: Write) {
        self.writes.push_back(write);
    }

    pub(super) fn submit(&mut self, of: usize, on_interrupt: OnInterrupt) {
        let tenant = tenant(of);
        if let Ok(is_start) = self.desk.admit(&tenant, true) {
            let id = ExecutionId::generate();
            self.write(Write::Accept { id, tenant, is_start, on_interrupt });
        }
    }

    pub(super) fn fill(&mut self) {
        if let Some(turns) = self.desk.ask(true) {
            self.write(Write::Start { turns });
        }
    }

    pub(super) fn poll(&mut self) {
        self.desk.try_all_again();
        self.fill();
    }

    pub(super) fn drain(&mut self) {
        self.desk.drain();
        let live: Vec<_> = self.desk.slots().addresses().copied().collect();
        live.into_iter().for_each(|run| self.tell(run, RunEvent::Stop(StopReason::Shutdown)));
    }

    /// The store carries out the first write and answers.
    pub(super) fn commit(&mut self, rows: &mut Rows) {
        match self.writes.pop_front() {
            None => {}
            Some(Write::Accept { id, tenant, is_start, on_interrupt }) => {
                let life = Life::accept(is_start.then_some(self.owner));
                let started = is_start.then(|| life.clone());
                let row = Row {
                    tenant,
                    life,
                    on_interrupt,
                    begun: 0,
                    marked: None,
                    ends: 0,
                    begun_at_wish: None,
                };
                rows.insert(id, row);
                self.mail.push(Mail::Accepted { id, started });
            }
            Some(Write::Start { turns }) => {
                let started = turns.iter().flat_map(|turn| take_turn(self.owner, turn, rows));
                let started = started.collect();
                self.mail.push(Mail::Filled(started));
            }
            Some(Write::Finish { id, epoch, status }) => {
                rows.get_mut(&id).unwrap().finish(Guard::Running(epoch), status);
                self.settled((id, epoch), false);
            }
            Some(Write::Requeue { id, epoch, why }) => self.requeue(rows, (id, epoch), why),
            Some(Write::Wish(id)) => {
                let row = rows.get_mut(&id).unwrap();
                if let Some(wished) = row.life.wish_cancelled(CancelWish::default()) {
                    row.life = wished;
                    // Its program may be about to begin, once.
                    row.begun_at_wish.get_or_insert((row.begun, false));
                    self.mail.push(Mail::Wished(id));
                }
            }
            Some(Write::EndQueued(id)) => {
                let row = rows.get_mut(&id).unwrap();
                if row.finish(Guard::Queued, Status::Cancelled) {
                    row.begun_at_wish.get_or_insert((row.begun, true));
                    self.mail.push(Mail::QueuedEnded(id));
                }
            }
        }
    }

    fn requeue(&mut self, rows: &mut Rows, (id, epoch): RunKey, why: Requeue) {
        let row = rows.get_mut(&id).unwrap();
        if let Some(queued) = row.life.requeue(epoch, why) {
            row.life = queued;
            self.settled((id, epoch), true);
        } else if row.life.cancel.is_some() && row.life.epoch == epoch && row.ends == 0 {
            // What a client wants ended ends.
            self.write(Write::Finish { id, epoch, status: Status::Cancelled });
        } else {
            self.settled((id, epoch), false);
        }
    }

    fn settled(&mut self, run: RunKey, is_requeued: bool) {
        self.mail.push(Mail::ToRun { run, event: RunEvent::Settled, is_requeued });
    }

    fn tell(&mut self, run: RunKey, event: RunEvent) {
        self.mail.push(Mail::ToRun { run, event, is_requeued: false });
    }

    /// One of the messages arrives, and stays on its way if it comes twice.
    pub(super) fn arrive(&mut self, which: usize, twice: bool, rows: &Rows) {
        if self.mail.is_empty() {
            return;
        }
        let at = which % self.mail.len();
        let comes_again = twice && self.mail[at].may_come_twice();
        let mail = if comes_again { self.mail[at].clone() } else { self.mail.remove(at) };
        self.take(mail, rows);
    }

    fn take(&mut self, mail: Mail, rows: &Rows) {
        match mail {
            Mail::Accepted { id, started } => {
                self.desk.accepted(&rows[&id].tenant, started.is_some(), true);
                if let Some(life) = started {
                    self.give_birth(id, &life, rows);
                }
                self.desk.forget_early_wishes();
                self.fill();
            }
            Mail::Filled(started) => {
                self.desk.answered(started.iter().map(|(id, _)| &rows[id].tenant));
                for (id, life) in started {
                    self.give_birth(id, &life, rows);
                }
                self.desk.forget_early_wishes();
                self.fill();
            }
            Mail::Wished(id) => {
                let reason = StopReason::Cancel(CancelWish::default());
                if let Some(run) = self.desk.stop(id, reason.clone()) {
                    self.tell(run, RunEvent::Stop(reason));
                }
            }
            Mail::QueuedEnded(id) => self.desk.left_queue(&rows[&id].tenant),
            Mail::SlotFree(run) => {
                self.desk.vacate(run);
                self.fill();
            }
            Mail::Finished { run, is_requeued } => {
                if self.desk.finished(run, is_requeued) {
                    self.fill();
                }
            }
            Mail::ToRun { run, event, is_requeued } => self.take_in(run, event, is_requeued),
        }
    }

    fn give_birth(&mut self, id: ExecutionId, life: &Life, rows: &Rows) {
        let (run, stopped) = ((id, life.epoch), self.desk.stop_at_birth(id));
        let policy = rows[&id].on_interrupt;
        let (machine, first) = RunMachine::begin(policy, life.interruptions, stopped);
        self.runs.insert(run, Run { machine, is_launching: false });
        self.desk.occupy(run, rows[&id].tenant.clone(), run);
        self.step(run, first);
    }

    fn take_in(&mut self, key: RunKey, event: RunEvent, is_requeued: bool) {
        let Some(run) = self.runs.get_mut(&key) else { return };
        let steps = run.machine.step(event);
        if run.machine.phase() == Phase::Done {
            self.runs.remove(&key);
            self.mail.push(Mail::Finished { run: key, is_requeued });
        }
        steps.into_iter().for_each(|step| self.step(key, step));
    }

    fn step(&mut self, run: RunKey, step: RunStep) {
        let (id, epoch) = run;
        match step {
            RunStep::Launch => self.runs.get_mut(&run).unwrap().is_launching = true,
            // Programs end when the history says so, asked or not.
            RunStep::StartTimeout | RunStep::Terminate => {}
            RunStep::Finish(outcome, _) => {
                assert!(!self.programs.contains_key(&id), "its program still runs");
                self.mail.push(Mail::SlotFree(run));
                self.write(Write::Finish { id, epoch, status: outcome.status() });
            }
            RunStep::Requeue(why) => {
                assert!(!self.programs.contains_key(&id), "its program still runs");
                self.write(Write::Requeue { id, epoch, why });
            }
        }
    }

    fn launching(&mut self, which: usize) -> Option<RunKey> {
        let mut all: Vec<_> = self.runs.iter_mut().filter(|(_, run)| run.is_launching).collect();
        let at = (!all.is_empty()).then(|| which % all.len())?;
        all[at].1.is_launching = false;
        Some(*all[at].0)
    }

    pub(super) fn launched(&mut self, which: usize, rows: &mut Rows) {
        let Some(run) = self.launching(which) else { return };
        let row = rows.get_mut(&run.0).unwrap();
        row.marked = Some(run.1);
        row.begun += 1;
        assert_eq!(self.programs.insert(run.0, run.1), None, "two programs of one execution");
        self.tell(run, RunEvent::Launched);
    }

    pub(super) fn not_launched(&mut self, which: usize, is_failure: bool) {
        let Some(run) = self.launching(which) else { return };
        let failure = RunEvent::NotLaunched("No.".to_owned());
        self.tell(run, if is_failure { failure } else { RunEvent::NoLauncher });
    }

    pub(super) fn exit(&mut self, which: usize) {
        if let Some(run) = self.program(which) {
            self.programs.remove(&run.0);
            self.tell(run, RunEvent::Ended { exit: Exit::Code(0), raised: None, exceeded: None });
        }
    }

    pub(super) fn timeout(&mut self, which: usize) {
        if let Some(run) = self.program(which) {
            let reason = StopReason::Timeout(std::time::Duration::from_secs(1));
            self.tell(run, RunEvent::Stop(reason));
        }
    }

    fn program(&self, which: usize) -> Option<RunKey> {
        let at = (!self.programs.is_empty()).then(|| which % self.programs.len())?;
        self.programs.iter().nth(at).map(|(id, epoch)| (*id, *epoch))
    }

    pub(super) fn lose_launcher(&mut self, rows: &mut Rows) {
        for run in std::mem::take(&mut self.programs) {
            self.tell(run, RunEvent::Lost);
        }
        while let Some(run) = self.launching(0) {
            // It was asked, and may have begun it.
            rows.get_mut(&run.0).unwrap().marked = Some(run.1);
            self.tell(run, RunEvent::Lost);
        }
    }

    /// What `take_over` does, with the writes that were under way committed before.
    pub(super) fn replace_supervisor(&mut self, slots: usize, rows: &mut Rows) {
        let was_draining = self.desk.is_draining();
        self.mail.retain(|mail| !mail.is_for_supervisor());
        while !self.writes.is_empty() {
            self.commit(rows);
        }
        self.mail.retain(|mail| !mail.is_for_supervisor());
        let mut acting = Vec::new();
        self.desk = desk(slots, rows);
        let ours = |row: &&mut Row| row.life.place == Place::Running(self.owner);
        for (id, row) in rows.iter_mut().filter(|(_, row)| ours(row)) {
            let run = (*id, row.life.epoch);
            if self.runs.contains_key(&run) {
                acting.push((run, row.tenant.clone(), row.life.cancel.clone()));
            } else {
                row.settle(false);
                if row.life.place == Place::Queued {
                    self.desk.came_back(&row.tenant);
                }
            }
        }
        for (run, tenant, cancel) in acting {
            if let Some(wish) = cancel {
                self.tell(run, RunEvent::Stop(StopReason::Cancel(wish)));
            }
            self.desk.occupy(run, tenant, run);
        }
        if was_draining {
            self.desk.drain();
        }
        self.fill();
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.writes.is_empty()
            && self.mail.is_empty()
            && self.runs.is_empty()
            && (self.desk.is_draining() || self.desk.queued() == 0)
    }
}
