//! The steps of an execution's life, each a named function: what it needs, and what it makes.
//! A store takes the same steps with guarded writes; tests hold it to these.

use super::{CancelWish, Epoch, OnInterrupt, Outcome, OwnerId, Status};

/// How many interruptions of one execution are forgiven by running it again.
pub const INTERRUPTIONS_MAX: u32 = 1;

/// As much of an execution as its steps depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Where it is.
    pub place: Place,
    /// The fencing token: grows with every start and every requeue, and never shrinks.
    pub epoch: Epoch,
    /// Which run this is or will be, from 1.
    pub attempt: u32,
    /// How many runs were cut short by a loss.
    pub interruptions: u32,
    /// A client's wish that this run end; the first one stays.
    pub cancel: Option<CancelWish>,
}

/// Where an execution is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It waits for a slot.
    Queued,
    /// This process start has it.
    Running(OwnerId),
    /// It is over, for ever.
    Ended(Status),
}

/// The only places from which an execution can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// It waits, in whatever epoch.
    Queued,
    /// It runs, in exactly this epoch.
    Running(Epoch),
}

/// Why a running execution goes back into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeue {
    /// Its program was never begun: this was no run at all.
    Untried,
    /// The server stops in order and its client lets it run again; nobody failed.
    Drained,
    /// The server or the launcher was lost under it, and its client lets it run again.
    Interrupted,
}

impl Requeue {
    /// By how much the number of its run grows.
    pub const fn attempts(self) -> u32 {
        match self {
            Self::Untried => 0,
            Self::Drained | Self::Interrupted => 1,
        }
    }

    /// By how much the number of its interruptions grows.
    pub const fn interruptions(self) -> u32 {
        match self {
            Self::Untried | Self::Drained => 0,
            Self::Interrupted => 1,
        }
    }
}

impl Life {
    /// The beginning of every life. With an owner it starts with being accepted.
    pub fn accept(start: Option<OwnerId>) -> Self {
        let place = Place::Queued;
        let queued = Self { place, epoch: Epoch(0), attempt: 1, interruptions: 0, cancel: None };
        start.and_then(|owner| queued.start(owner)).unwrap_or(queued)
    }

    /// A slot is free: from the queue to a new owner, in a new epoch.
    pub fn start(&self, owner: OwnerId) -> Option<Self> {
        let is_queued = self.place == Place::Queued;
        is_queued.then(|| Self { place: Place::Running(owner), ..self.in_next_epoch() })
    }

    /// Back into the queue, in a new epoch that fences the run it leaves. What a client wants ended
    /// does not go back: it ends.
    pub fn requeue(&self, epoch: Epoch, why: Requeue) -> Option<Self> {
        let goes = self.allows(Guard::Running(epoch)) && self.cancel.is_none();
        goes.then(|| Self {
            place: Place::Queued,
            attempt: self.attempt + why.attempts(),
            interruptions: self.interruptions + why.interruptions(),
            ..self.in_next_epoch()
        })
    }

    /// The end, if it still is as whoever ends it believes.
    pub fn finish(&self, guard: Guard, status: Status) -> Option<Self> {
        self.allows(guard).then(|| Self { place: Place::Ended(status), ..self.clone() })
    }

    /// A client's wish that a run end; the first one stays. What waits needs no wish: it ends.
    pub fn wish_cancelled(&self, wish: CancelWish) -> Option<Self> {
        let cancel = self.cancel.clone().or(Some(wish));
        matches!(self.place, Place::Running(_)).then(|| Self { cancel, ..self.clone() })
    }

    fn allows(&self, guard: Guard) -> bool {
        match guard {
            Guard::Queued => self.place == Place::Queued,
            Guard::Running(epoch) => matches!(self.place, Place::Running(_)) && self.epoch == epoch,
        }
    }

    fn in_next_epoch(&self) -> Self {
        Self { epoch: Epoch(self.epoch.0 + 1), ..self.clone() }
    }
}

/// What becomes of an execution that was running when its server or its launcher was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes back into the queue.
    Requeue(Requeue),
    /// It is over.
    End(Outcome),
}

/// What is known of a run that was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Whether any of the program's own code may have run.
    pub begun: bool,
    /// The wish of a client that nobody lived to fulfil.
    pub cancel: Option<CancelWish>,
    /// What the client wants in this case.
    pub on_interrupt: OnInterrupt,
    /// How many runs were cut short before this one.
    pub interruptions: u32,
}

impl Fate {
    /// A client's wish comes first. What was never begun is begun later. Then the execution's own
    /// policy, which forgives [`INTERRUPTIONS_MAX`] losses; `reason` is the sentence otherwise.
    pub fn of(lost: Lost, reason: &str) -> Self {
        if let Some(CancelWish { reason, by }) = lost.cancel {
            return Self::End(Outcome::Cancelled { reason, by, exit: None });
        }
        if !lost.begun {
            return Self::Requeue(Requeue::Untried);
        }
        if lost.on_interrupt == OnInterrupt::Rerun && lost.interruptions < INTERRUPTIONS_MAX {
            return Self::Requeue(Requeue::Interrupted);
        }
        Self::End(Outcome::Interrupted { reason: reason.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> (Life, Epoch) {
        let life = Life::accept(Some(OwnerId::generate()));
        let epoch = life.epoch;
        (life, epoch)
    }

    #[test]
    fn starting_with_being_accepted_is_accepting_and_starting() {
        let owner = OwnerId::generate();
        assert_eq!(Life::accept(Some(owner)), Life::accept(None).start(owner).unwrap());
        assert_eq!(Life::accept(Some(owner)).start(owner), None, "nothing runs twice at once");
    }

    #[test]
    fn every_requeue_fences_and_only_a_loss_counts_as_an_interruption() {
        let cases =
            [(Requeue::Untried, 1, 0), (Requeue::Drained, 2, 0), (Requeue::Interrupted, 2, 1)];
        for (why, attempt, interruptions) in cases {
            let (life, epoch) = running();
            let queued = life.requeue(epoch, why).unwrap();
            assert_eq!((queued.attempt, queued.interruptions), (attempt, interruptions));
            assert_eq!(queued.finish(Guard::Running(epoch), Status::Failed), None);
            let again = queued.start(OwnerId::generate()).unwrap();
            assert!(again.epoch > epoch);
            assert_eq!(again.requeue(epoch, why), None, "that run is over");
        }
    }

    #[test]
    fn an_end_is_for_ever() {
        let (life, epoch) = running();
        let ended = life.finish(Guard::Running(epoch), Status::Completed).unwrap();
        assert_eq!(ended.finish(Guard::Running(epoch), Status::Failed), None);
        assert_eq!(ended.finish(Guard::Queued, Status::Failed), None);
        assert_eq!(ended.requeue(epoch, Requeue::Interrupted), None);
        assert_eq!(ended.start(OwnerId::generate()), None);
        assert_eq!(ended.wish_cancelled(CancelWish::default()), None);
    }

    #[test]
    fn the_first_wish_stays() {
        let wish = |reason: &str| CancelWish { reason: Some(reason.into()), by: None };
        let (life, epoch) = running();
        let wished = life.wish_cancelled(wish("one")).unwrap();
        assert_eq!(wished.wish_cancelled(wish("two")).unwrap().cancel, Some(wish("one")));
        assert_eq!(wished.requeue(epoch, Requeue::Drained), None, "it ends and is not run again");
        assert_eq!(Life::accept(None).wish_cancelled(wish("one")), None, "it ends at once");
    }

    #[test]
    fn a_loss_is_met_by_wish_then_by_whether_it_began_then_by_policy() {
        let rerun =
            Lost { begun: true, cancel: None, on_interrupt: OnInterrupt::Rerun, interruptions: 0 };
        let fate = |lost: &Lost| Fate::of(lost.clone(), "Lost.");
        let failed = Fate::End(Outcome::Interrupted { reason: "Lost.".into() });
        assert_eq!(fate(&rerun), Fate::Requeue(Requeue::Interrupted));
        assert_eq!(fate(&Lost { interruptions: 1, ..rerun.clone() }), failed);
        let fail = Lost { on_interrupt: OnInterrupt::Fail, ..rerun.clone() };
        assert_eq!(fate(&fail), failed);
        assert_eq!(fate(&Lost { begun: false, ..fail }), Fate::Requeue(Requeue::Untried));
        let wished = Lost { begun: false, cancel: Some(CancelWish::default()), ..rerun };
        let cancelled = Outcome::Cancelled { reason: None, by: None, exit: None };
        assert_eq!(fate(&wished), Fate::End(cancelled));
    }
}
