//! Follows executions: how each stands, what it writes while it writes it, and how it ends, told to
//! everybody who follows it at the speed at which they listen. Starts and cancels nothing, and knows
//! nothing of how it is told.

mod keeper;
mod said;
mod tail;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub(super) use self::said::Said;
pub(super) use self::tail::Ending;
use self::tail::{News, STREAMS, Standing, Tail};
use super::error::{Kind, Problem};
use crate::actors::{self, SupervisorActor};
use crate::domain::{ExecutionId, Status, Tenant};
use crate::process::{Launcher, Stream};
use crate::store::Store;

/// Whose execution is followed, and which.
type Of = (Tenant, ExecutionId);

/// All executions that somebody follows, each once. Shared by cloning.
#[derive(Clone)]
pub struct Followed(Arc<Inner>);

struct Inner {
    supervisor: actors::Standing<SupervisorActor>,
    store: Arc<dyn Store>,
    launcher: Launcher,
    tails: Mutex<HashMap<Of, Arc<Tail>>>,
}

/// Somebody who follows an execution.
pub(super) struct Follower {
    tail: Arc<Tail>,
    news: watch::Receiver<News>,
    place: Option<Place>,
    status: Option<(Status, u32)>,
    /// Which of the streams has been told of last: they take turns.
    last: usize,
}

/// How far an execution has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Of which attempt. The output of the next one begins anew.
    pub(super) attempt: u32,
    /// Of standard output and standard error, in bytes.
    pub(super) told: [u64; 2],
}

/// What comes next.
pub(super) enum Step {
    /// It stands otherwise than was told before; what it writes belongs to this attempt.
    Status { status: Status, attempt: u32 },
    /// It has written something.
    Said(Stream, Arc<Said>),
    /// It has ended, and all that there is of its output has been told.
    Ended(Arc<Ending>),
}

impl Followed {
    /// Nobody follows anything.
    pub fn new(
        supervisor: actors::Standing<SupervisorActor>,
        store: Arc<dyn Store>,
        launcher: Launcher,
    ) -> Self {
        let tails = Mutex::default();
        Self(Arc::new(Inner { supervisor, store, launcher, tails }))
    }

    /// Follows an execution from its beginning on. Must be called inside an actix system.
    pub(super) fn follow(&self, tenant: &Tenant, id: ExecutionId) -> Follower {
        let of = (tenant.clone(), id);
        let mut tails = self.tails();
        if let Some(tail) = tails.get(&of) {
            return Follower::new(Arc::clone(tail));
        }
        let tail = Arc::new(Tail::new(self.0.launcher.clone(), id));
        tails.insert(of.clone(), Arc::clone(&tail));
        // Before the keeper, who goes when nobody follows.
        let follower = Follower::new(Arc::clone(&tail));
        actix_rt::spawn(keeper::keep(self.clone(), of, tail));
        follower
    }

    /// Forgets an execution unless somebody follows it; whether nobody does.
    fn forget(&self, of: &Of, tail: &Arc<Tail>) -> bool {
        let mut tails = self.tails();
        // Who begins to follow does so under this lock.
        let is_over = tail.news.receiver_count() == 0;
        if is_over {
            tails.remove(of);
        }
        is_over
    }

    /// Lets nobody follow an execution by this tail any more.
    fn remove(&self, of: &Of, tail: &Arc<Tail>) {
        let mut tails = self.tails();
        // By now there may be another one.
        if tails.get(of).is_some_and(|present| Arc::ptr_eq(present, tail)) {
            tails.remove(of);
        }
    }

    fn tails(&self) -> MutexGuard<'_, HashMap<Of, Arc<Tail>>> {
        self.0.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    fn new(tail: Arc<Tail>) -> Self {
        let news = tail.news.subscribe();
        Self { tail, news, place: None, status: None, last: 1 }
    }

    /// Waits until it is known that there is such an execution, and goes on from where somebody has
    /// followed it to before; of another attempt than that, from the beginning.
    ///
    /// # Errors
    /// When there is none, when that cannot be found out, and when it has not come to that attempt.
    pub(super) async fn begin(&mut self, from: Option<Place>) -> Result<(), Problem> {
        let is_known = |news: &News| !matches!(news.standing, Standing::Unknown);
        let news = self.news.wait_for(is_known).await.map_err(|_| gone())?.clone();
        let attempt = match news.standing {
            Standing::Unknown | Standing::Missing => return Err(Problem::not_found()),
            Standing::Failed(problem) => return Err(problem),
            Standing::UnderWay { attempt, .. } => attempt,
            Standing::Ended(ending) => ending.execution.attempt,
        };
        if from.is_some_and(|from| from.attempt > attempt) {
            let detail = "This execution has not come to that attempt; its events have other ids.";
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        self.place = from;
        Ok(())
    }

    /// How far all has been told.
    pub(super) fn place(&self) -> Place {
        self.place.unwrap_or(Place { attempt: 1, told: [0; 2] })
    }

    /// Waits for what comes next. Whoever gives up waiting misses nothing; after the end, it is told
    /// again.
    ///
    /// # Errors
    /// When it cannot be told any further.
    pub(super) async fn next(&mut self) -> Result<Step, Problem> {
        loop {
            let news = self.news.borrow_and_update().clone();
            let step = match &news.standing {
                Standing::Unknown => None,
                Standing::Missing => return Err(Problem::not_found()),
                Standing::Failed(problem) => return Err(problem.clone()),
                Standing::UnderWay { status, attempt } => {
                    self.under_way((*status, *attempt), &news).await
                }
                Standing::Ended(ending) => Some(self.at_the_end(ending, &news).await),
            };
            if let Some(step) = step {
                return Ok(step);
            }
            self.news.changed().await.map_err(|_| gone())?;
        }
    }

    async fn under_way(&mut self, stands: (Status, u32), news: &News) -> Option<Step> {
        if self.status != Some(stands) {
            return Some(self.stands(stands));
        }
        if stands.0 == Status::Queued { None } else { self.said(news).await }
    }

    /// Who has followed it so far hears all that it has written before its status is terminal.
    async fn at_the_end(&mut self, ending: &Arc<Ending>, news: &News) -> Step {
        let stands = (ending.execution.status(), ending.execution.attempt);
        let is_of_this_attempt = self.status.is_some_and(|(_, attempt)| attempt == stands.1);
        if is_of_this_attempt && let Some(said) = self.said(news).await {
            return said;
        }
        if self.status != Some(stands) {
            return self.stands(stands);
        }
        Step::Ended(Arc::clone(ending))
    }

    fn stands(&mut self, (status, attempt): (Status, u32)) -> Step {
        self.status = Some((status, attempt));
        if self.place().attempt != attempt {
            self.place = Some(Place { attempt, told: [0; 2] });
        }
        Step::Status { status, attempt }
    }

    async fn said(&mut self, news: &News) -> Option<Step> {
        for turn in 1..=STREAMS.len() {
            let mut place = self.place();
            let index = (self.last + turn) % STREAMS.len();
            let Some(said) = self.tail.said(index, &place, news).await else { continue };
            place.told[index] = said.until();
            (self.place, self.last) = (Some(place), index);
            return Some(Step::Said(STREAMS[index], said));
        }
        None
    }
}

/// Nobody finds out any more how it stands.
fn gone() -> Problem {
    Problem::new(Kind::Unavailable, "The server could not follow this any further; try again.")
}
