//! One run of an execution, from its slot to its end, as a machine: what each event leads to.
//! Starts, signals and writes nothing; whoever drives it does.

use super::{CancelWish, Exceeded, Exit, Fate, Lost, OnInterrupt, Outcome, Requeue, StopReason};

/// What ends a program together with its launcher.
const SIGKILL: i32 = 9;

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its program is being prepared, and may begin at any moment.
    Launching,
    /// Its program runs.
    Running,
    /// Its program has ended, or never began: what becomes of it is being written down.
    Settling,
    /// It is written down.
    Done,
}

/// What can happen to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// The program runs.
    Launched,
    /// The program cannot be started; the sentence says why.
    NotLaunched(String),
    /// There is nobody who could start it. Nothing of it has begun.
    NoLauncher,
    /// Somebody wants it to end.
    Stop(StopReason),
    /// The program has ended.
    Ended {
        /// How.
        exit: Exit,
        /// Why the handler in it has not returned, if there is one and it has not.
        raised: Option<String>,
        /// The limit that it was ended for, if it was.
        exceeded: Option<Exceeded>,
    },
    /// The launcher has gone, and the program with it, if it had begun.
    Lost,
    /// What became of it is on disk, or for others to say.
    Settled,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunStep {
    /// Start the program.
    Launch,
    /// Let its timeout begin.
    StartTimeout,
    /// Ask the program to end, and kill it after the grace.
    Terminate,
    /// Write down its end.
    Finish(Outcome, Remains),
    /// Put it back into the queue.
    Requeue(Requeue),
}

/// What there is of a program that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// It never began.
    Nothing,
    /// Nobody saw its end; there is what was recorded while it ran.
    Recording,
    /// Its output, its result and what it used.
    All,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct RunMachine {
    phase: Phase,
    /// Why it is to end; what it is told first counts.
    stopped: Option<StopReason>,
    on_interrupt: OnInterrupt,
    interruptions: u32,
}

impl RunMachine {
    /// A run that has its slot, of an execution with this policy and so many interruptions
    /// behind it; and what to do first. `stopped` is a wish that came before.
    pub fn begin(
        on_interrupt: OnInterrupt,
        interruptions: u32,
        stopped: Option<StopReason>,
    ) -> (Self, RunStep) {
        let mut machine = Self { phase: Phase::Launching, stopped, on_interrupt, interruptions };
        let first = match machine.stopped {
            None => RunStep::Launch,
            Some(_) => machine.never_began(),
        };
        (machine, first)
    }

    /// Where it is.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether somebody wants it to end.
    pub const fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// The wish of a client that it is to end for, if that is why.
    pub fn cancel_wish(&self) -> Option<CancelWish> {
        match &self.stopped {
            Some(StopReason::Cancel(wish)) => Some(wish.clone()),
            _ => None,
        }
    }

    /// Takes in what has happened and says what to do, in this order. What comes too late, or
    /// twice, leads to nothing.
    pub fn step(&mut self, event: RunEvent) -> Vec<RunStep> {
        match (self.phase, event) {
            (Phase::Launching, RunEvent::Launched) => {
                self.phase = Phase::Running;
                let ending = self.is_stopped().then_some(RunStep::Terminate);
                [RunStep::StartTimeout].into_iter().chain(ending).collect()
            }
            (Phase::Launching, RunEvent::NotLaunched(reason)) => vec![match self.stopped {
                None => self.finish(Outcome::SpawnFailed { reason }, Remains::Nothing),
                Some(_) => self.never_began(),
            }],
            (Phase::Launching, RunEvent::NoLauncher) => vec![self.never_began()],
            (Phase::Launching | Phase::Running, RunEvent::Stop(reason)) => self.stop(reason),
            (Phase::Launching | Phase::Running, RunEvent::Ended { exit, raised, exceeded }) => {
                vec![self.ended(exit, raised, exceeded)]
            }
            (Phase::Launching | Phase::Running, RunEvent::Lost) => vec![self.lost()],
            (Phase::Settling, RunEvent::Settled) => {
                self.phase = Phase::Done;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The first reason counts, but a client's wish comes before the server's own end: it has been
    /// promised.
    fn stop(&mut self, reason: StopReason) -> Vec<RunStep> {
        match (&self.stopped, &reason) {
            (None, _) => {
                self.stopped = Some(reason);
                let runs = self.phase == Phase::Running;
                if runs { vec![RunStep::Terminate] } else { Vec::new() }
            }
            (Some(StopReason::Shutdown), StopReason::Cancel(_)) => {
                self.stopped = Some(reason);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// What has not begun ends for whatever reason it is to end, and is begun later if there is
    /// none but the server's own end.
    fn never_began(&mut self) -> RunStep {
        match self.stopped.clone() {
            None | Some(StopReason::Shutdown) => self.requeue(Requeue::Untried),
            Some(reason) => self.finish(Outcome::before_start(reason), Remains::Nothing),
        }
    }

    fn ended(&mut self, exit: Exit, raised: Option<String>, exceeded: Option<Exceeded>) -> RunStep {
        let is_drained = self.stopped == Some(StopReason::Shutdown);
        if is_drained && self.on_interrupt == OnInterrupt::Rerun {
            return self.requeue(Requeue::Drained);
        }
        let reason = self.stopped.clone().or(exceeded.map(StopReason::Limit));
        self.finish(Outcome::of(exit, raised, reason), Remains::All)
    }

    /// A reason that came before the loss counts; else the execution's own policy.
    fn lost(&mut self) -> RunStep {
        match self.stopped.clone() {
            None | Some(StopReason::Shutdown) => {
                let lost = Lost {
                    begun: true,
                    cancel: None,
                    on_interrupt: self.on_interrupt,
                    interruptions: self.interruptions,
                };
                match Fate::of(lost, "The launcher was lost while the program was running.") {
                    Fate::Requeue(why) => self.requeue(why),
                    Fate::End(outcome) => self.finish(outcome, Remains::Recording),
                }
            }
            Some(reason) => {
                let killed = Outcome::of(Exit::Signal(SIGKILL), None, Some(reason));
                self.finish(killed, Remains::Recording)
            }
        }
    }

    fn finish(&mut self, outcome: Outcome, remains: Remains) -> RunStep {
        self.phase = Phase::Settling;
        RunStep::Finish(outcome, remains)
    }

    fn requeue(&mut self, why: Requeue) -> RunStep {
        self.phase = Phase::Settling;
        RunStep::Requeue(why)
    }
}

#[cfg(test)]
mod tests;
