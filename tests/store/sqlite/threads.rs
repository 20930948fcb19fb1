//! The threads behind the store: writes that share a commit, and callers that go away.
//! Holds the writer up through the clock, which it asks in the middle of each write.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, poll_immediate};
use futures_util::{FutureExt, pin_mut};
use ringback::domain::ExecutionId;
use ringback::store::{Clock, NewExecution, Rooms, SqliteOptions, SqliteStore, Store, StoreError};

use super::SqliteBackend;
use crate::support::{Backend, NOW, ids, owe, plain, read, tenant};

/// A clock that shows no time while it is held, and panics once when told to.
#[derive(Clone, Default)]
struct HeldClock {
    held: Arc<(Mutex<bool>, Condvar)>,
    panics: Arc<AtomicBool>,
}

impl HeldClock {
    fn hold(&self, held: bool) {
        *self.held.0.lock().unwrap() = held;
        self.held.1.notify_all();
    }

    fn open(&self, backend: &SqliteBackend) -> SqliteStore {
        let this = self.clone();
        let clock = Clock::new(move || {
            let (held, changed) = &*this.held;
            drop(changed.wait_while(held.lock().unwrap(), |held| *held).unwrap());
            assert!(!this.panics.swap(false, Ordering::SeqCst), "the clock broke");
            NOW
        });
        SqliteStore::open(SqliteOptions { clock, ..backend.options() }).unwrap()
    }

    /// Accepts all of these at the same time: none is written before the last has been sent.
    async fn accept_together(
        &self,
        store: &SqliteStore,
        all: &[NewExecution],
    ) -> Vec<Result<ExecutionId, StoreError>> {
        self.hold(true);
        let accepts = all.iter().map(|new| store.accept(new.clone())).map(FutureExt::boxed);
        let release = async {
            self.hold(false);
        };
        // Polled in this order, and a write is sent at its first poll.
        let (answers, ()) = tokio::join!(biased; join_all(accepts), release);
        answers.into_iter().map(|answer| answer.map(|accepted| accepted.execution.id)).collect()
    }
}

#[tokio::test]
async fn writes_that_come_together_share_a_commit() {
    let clock = HeldClock::default();
    let store = clock.open(&SqliteBackend::new());
    let all: Vec<_> = (0..500).map(|_| plain()).collect();
    let before = store.commits();
    let answers = clock.accept_together(&store, &all).await;
    assert!(answers.iter().all(Result::is_ok));
    // One for what the writer had taken when it was held, one for all the others.
    let commits = store.commits() - before;
    assert!((1..=2).contains(&commits), "{commits}");
    assert_eq!(store.census().await.unwrap().queued, [(tenant(), 500)]);
}

#[tokio::test]
async fn a_write_that_fails_does_not_fail_those_that_share_its_commit() {
    let clock = HeldClock::default();
    let store = clock.open(&SqliteBackend::new());
    let mut all: Vec<_> = (0..99).map(|_| plain()).collect();
    for index in [3, 50, 98] {
        all[index] = NewExecution { start: true, ..all[index - 1].clone() };
    }
    let answers = clock.accept_together(&store, &all).await;
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_err(), [3, 50, 98].contains(&index), "{index}: {answer:?}");
    }
    let census = store.census().await.unwrap();
    assert_eq!((census.queued, census.running), (vec![(tenant(), 96)], 0));
}

#[tokio::test]
async fn a_write_that_panics_fails_alone() {
    let clock = HeldClock::default();
    let store = clock.open(&SqliteBackend::new());
    clock.panics.store(true, Ordering::SeqCst);
    let all: Vec<_> = (0..9).map(|_| plain()).collect();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let answers = clock.accept_together(&store, &all).await;
    panic::set_hook(hook);
    let error = answers[0].as_ref().unwrap_err().to_string();
    assert!(error.contains("the clock broke"), "{error}");
    assert!(answers[1..].iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(store.census().await.unwrap().queued, [(tenant(), 8)]);
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_write_whose_caller_goes_away_is_written_and_closing_waits_for_it() {
    let backend = SqliteBackend::new();
    let clock = HeldClock::default();
    let store = clock.open(&backend);
    let new = plain();
    clock.hold(true);
    assert!(poll_immediate(store.accept(new.clone())).await.is_none(), "it is under way");
    clock.hold(false);
    drop(store);
    read(&*backend.open().await, new.id).await;
}

#[tokio::test]
async fn claims_whose_caller_goes_away_are_given_back() {
    let store = SqliteBackend::new().open_sqlite();
    let (_, id) = owe(&store, "example.com").await;
    for _ in 0..20 {
        let claim = store.claim_deliveries(Rooms::total(9));
        pin_mut!(claim);
        // Once is enough to send it to a reader; then the caller is gone.
        let polled = futures_util::poll!(&mut claim);
        if let Poll::Ready(claim) = polled {
            store.release_deliveries(&ids(&claim.unwrap())).await.unwrap();
        }
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while ids(&store.claim_deliveries(Rooms::total(9)).await.unwrap()) != [id] {
        assert!(Instant::now() < deadline, "the claim was never given back");
    }
}

#[tokio::test]
async fn threads_of_callers_get_their_own_answers() {
    let store = Arc::new(SqliteBackend::new().open_sqlite());
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    for _ in 0..50 {
                        let accepted = store.accept(plain()).await.unwrap().execution;
                        assert_eq!(read(&*store, accepted.id).await, accepted);
                    }
                });
            })
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(store.census().await.unwrap().queued, [(tenant(), 400)]);
}
