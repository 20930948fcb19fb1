//! The steps of an execution's life, taken in any order and with any belief about where it is:
//! a store takes exactly those that `domain::Life` allows, and makes of them what it does.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ringback::domain::{
    CancelWish, Epoch, Execution, ExecutionId, Guard, Life, OwnerId, Place, Requeue, State, Status,
};
use ringback::store::{NewExecution, Requeued, Settled, Store};

use crate::support::{Backend, exited, finish, plain, read, turns};

/// How many sequences of steps are tried.
const SEQUENCES: usize = 300;

/// One step. `off` says by how much the epoch that it believes in is wrong.
#[derive(Debug, Clone)]
enum Step {
    Accept { start: bool },
    Start,
    Requeue { which: usize, off: u32, why: Requeue },
    FinishQueued { which: usize },
    FinishRunning { which: usize, off: u32 },
    Wish { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0_usize..4;
    let off = || prop_oneof![5 => Just(0_u32), 1 => Just(1), 1 => Just(u32::MAX)];
    let why =
        prop_oneof![Just(Requeue::Untried), Just(Requeue::Drained), Just(Requeue::Interrupted)];
    prop_oneof![
        2 => any::<bool>().prop_map(|start| Step::Accept { start }),
        3 => Just(Step::Start),
        3 => (which.clone(), off(), why).prop_map(|(which, off, why)| Step::Requeue { which, off, why }),
        1 => which.clone().prop_map(|which| Step::FinishQueued { which }),
        2 => (which.clone(), off()).prop_map(|(which, off)| Step::FinishRunning { which, off }),
        2 => which.prop_map(|which| Step::Wish { which }),
    ]
}

/// The executions of a sequence, as the model has them.
struct Model {
    owner: OwnerId,
    lives: Vec<(ExecutionId, Life)>,
}

pub async fn a_store_takes_the_steps_of_a_life_and_no_others(backend: &impl Backend) {
    let store = backend.open().await;
    let mut runner = TestRunner::default();
    let steps = proptest::collection::vec(step(), 1..25);
    for _ in 0..SEQUENCES {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let mut model = Model { owner: OwnerId::generate(), lives: Vec::new() };
        for (at, step) in steps.iter().enumerate() {
            model.take(&*store, step).await;
            for (id, life) in &model.lives {
                assert_same(&read(&*store, *id).await, life, &steps[..=at]);
            }
        }
        model.clear(&*store).await;
    }
}

/// Whether a record says what the model says.
fn assert_same(record: &Execution, life: &Life, steps: &[Step]) {
    match (&record.state, life.place) {
        (State::Queued, Place::Queued) => {}
        (State::Running(run), Place::Running(_)) => {
            assert_eq!(run.epoch, life.epoch, "{steps:#?}");
            assert_eq!(run.interruptions, life.interruptions, "{steps:#?}");
        }
        (State::Ended(ended), Place::Ended(status)) => {
            assert_eq!(ended.outcome.status(), status, "{steps:#?}");
        }
        (state, place) => panic!("{state:?} is not {place:?} after {steps:#?}"),
    }
    assert_eq!(record.attempt, life.attempt, "{steps:#?}");
    let is_over = matches!(life.place, Place::Ended(_));
    assert_eq!(record.cancelling, life.cancel.is_some() && !is_over, "{steps:#?}");
}

impl Model {
    async fn take(&mut self, store: &dyn Store, step: &Step) {
        match *step {
            Step::Accept { start } => {
                let new = NewExecution { start, ..plain() };
                let life = Life::accept(start.then_some(self.owner));
                self.lives.push((new.id, life));
                store.accept(new).await.unwrap();
            }
            Step::Start => self.start(store).await,
            Step::Requeue { which, off, why } => {
                let Some((id, life)) = self.one(which) else { return };
                let epoch = Epoch(life.epoch.0.wrapping_add(off));
                let after = life.requeue(epoch, why);
                let is_unwanted = life.cancel.is_some()
                    && life.epoch == epoch
                    && matches!(life.place, Place::Running(_));
                let said = store.requeue(id, epoch, why).await.unwrap();
                match said {
                    Requeued::Written => assert!(after.is_some()),
                    Requeued::Stale => assert!(after.is_none() && !is_unwanted),
                    Requeued::Unwanted(_) => assert!(after.is_none() && is_unwanted),
                }
                self.becomes(which, after);
            }
            Step::FinishQueued { which } => self.finish(store, which, |_| Guard::Queued).await,
            Step::FinishRunning { which, off } => {
                let guard = |life: &Life| Guard::Running(Epoch(life.epoch.0.wrapping_add(off)));
                self.finish(store, which, guard).await;
            }
            Step::Wish { which } => {
                let Some((id, life)) = self.one(which) else { return };
                let wish = CancelWish { reason: None, by: None };
                let after = life.wish_cancelled(wish.clone());
                assert_eq!(store.wish_cancelled(id, wish).await.unwrap(), after.is_some());
                self.becomes(which, after);
            }
        }
    }

    /// The oldest one that waits is started.
    async fn start(&mut self, store: &dyn Store) {
        let started = store.start(&turns(1)).await.unwrap();
        let waits = |(_, life): &&mut (ExecutionId, Life)| life.place == Place::Queued;
        match self.lives.iter_mut().filter(waits).min_by_key(|(id, _)| *id) {
            Some((id, life)) => {
                assert_eq!(started.iter().map(|s| s.execution.id).collect::<Vec<_>>(), [*id]);
                *life = life.start(self.owner).expect("it waits");
            }
            None => assert!(started.is_empty()),
        }
    }

    async fn finish(&mut self, store: &dyn Store, which: usize, guard: impl Fn(&Life) -> Guard) {
        let Some((id, life)) = self.one(which) else { return };
        let guard = guard(&life);
        let after = life.finish(guard, Status::Completed);
        let settled = store.finish(finish(id, guard, exited(0)).into()).await.unwrap();
        assert_eq!(settled == Settled::Written, after.is_some());
        self.becomes(which, after);
    }

    fn one(&self, which: usize) -> Option<(ExecutionId, Life)> {
        self.lives.get(which).cloned()
    }

    fn becomes(&mut self, which: usize, after: Option<Life>) {
        if let Some(after) = after {
            self.lives[which].1 = after;
        }
    }

    /// Ends what has not ended, so that the next sequence begins with an empty queue.
    async fn clear(&mut self, store: &dyn Store) {
        for which in 0..self.lives.len() {
            let place = self.lives[which].1.place;
            let guard = |life: &Life| match place {
                Place::Queued => Guard::Queued,
                _ => Guard::Running(life.epoch),
            };
            self.finish(store, which, guard).await;
        }
    }
}
