//! Rules of answers that are kept to be given again.
//! Knows no HTTP: an answer is a number and some bytes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ringback::domain::{
    Execution, ExecutionId, Guard, IdempotencyKey, KeyHolds, RecoveryId, Tenant, Timestamp,
};
use ringback::store::{
    Answered, Given, Giving, KeptAnswer, NewAnswer, NewExecution, NewRecovery, Prune, Purged,
    Recovery, Settled, Store, StoreError,
};

use crate::support::{Backend, epoch, exited, finish, plain, running, tenant, turns};

const HOUR: Duration = Duration::from_secs(3600);

fn told(execution: &Execution) -> KeptAnswer {
    let headers = vec![("location".to_owned(), format!("/{}", execution.id))];
    let body = format!("{} {}", execution.status(), execution.created_at).into_bytes();
    KeptAnswer { status: 202, headers, body }
}

fn answer(key: &str, giving: Giving<Execution>) -> Option<NewAnswer<Execution>> {
    Some(NewAnswer { key: key.into(), fingerprint: "one".into(), kept: HOUR, giving })
}

fn at_once(key: &str) -> Option<NewAnswer<Execution>> {
    answer(key, Giving::Now(Arc::new(told)))
}

/// Accepts an execution that runs, with an answer that is given at once.
async fn begin(store: &dyn Store, key: &str) -> Execution {
    let new = NewExecution { answer: at_once(key), ..running() };
    store.accept(new).await.unwrap().execution
}

async fn end(store: &dyn Store, execution: &Execution) {
    let now = store.accept(plain()).await.unwrap().execution.created_at;
    let ended = ringback::domain::Ended { completed_at: now, ..exited(0) };
    let end = finish(execution.id, Guard::Running(epoch(execution)), ended);
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
}

async fn given(store: &dyn Store, key: &str) -> Option<Given> {
    store.answered(&tenant(), key).await.unwrap().map(|answered| answered.given)
}

/// Removes whatever has ended.
async fn sweep(store: &dyn Store) -> usize {
    let age = Some(Duration::ZERO);
    let prune = Prune { age, failed_age: age, count_max: None, batch: 99, after: None };
    store.prune(prune).await.unwrap().removed
}

pub async fn an_answer_is_made_of_what_is_kept_with_it(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(given(&*store, "a").await, None);
    let execution = begin(&*store, "a").await;
    let expected = Answered { fingerprint: "one".into(), given: Given::Kept(told(&execution)) };
    assert_eq!(store.answered(&tenant(), "a").await.unwrap(), Some(expected.clone()));
    end(&*store, &execution).await;
    drop(store);
    let store = backend.open().await;
    assert_eq!(store.answered(&tenant(), "a").await.unwrap(), Some(expected), "as it was told");
    assert_eq!(store.answered(&Tenant::new("acme"), "a").await.unwrap(), None);
    let later = NewExecution { answer: answer("b", Giving::AtTheEnd), ..plain() };
    let id = store.accept(later).await.unwrap().execution.id;
    assert_eq!(given(&*store, "b").await, Some(Given::AtTheEnd(id)));
}

pub async fn what_has_an_answer_is_not_begun_again(backend: &impl Backend) {
    let store = backend.open().await;
    let one = &*store;
    let twins = (0..20).map(|_| one.accept(NewExecution { answer: at_once("a"), ..plain() }));
    let all = join_all(twins).await;
    let begun: Vec<ExecutionId> =
        all.iter().filter_map(|each| Some(each.as_ref().ok()?.execution.id)).collect();
    assert_eq!(begun.len(), 1);
    let refused = |each: &Result<_, StoreError>| matches!(each, Err(StoreError::Answered));
    assert_eq!(all.iter().filter(|each| refused(each)).count(), 19);
    assert_eq!(store.start(&turns(99)).await.unwrap().len(), 1);
    let theirs = NewExecution { tenant: Tenant::new("acme"), answer: at_once("a"), ..plain() };
    assert!(store.accept(theirs).await.unwrap().is_new);
}

pub async fn an_execution_that_was_known_gets_an_answer_of_its_own(backend: &impl Backend) {
    let store = backend.open().await;
    let holds = KeyHolds::WithExecution;
    let key = Some(IdempotencyKey { scope: "f".into(), key: "mine".into(), holds });
    let first = NewExecution { key: key.clone(), ..plain() };
    let first = store.accept(first).await.unwrap().execution;
    let again = NewExecution { key, answer: at_once("a"), ..plain() };
    let again = store.accept(again).await.unwrap();
    assert_eq!((again.is_new, again.execution.id), (false, first.id));
    assert_eq!(given(&*store, "a").await, Some(Given::Kept(told(&first))));
}

pub async fn an_answer_is_kept_for_its_time_and_as_long_as_its_execution(backend: &impl Backend) {
    let store = backend.open().await;
    let [goes, stays] = [begin(&*store, "goes").await, begin(&*store, "stays").await];
    let held = NewExecution { answer: answer("held", Giving::AtTheEnd), ..running() };
    let held = store.accept(held).await.unwrap().execution;
    end(&*store, &goes).await;
    end(&*store, &held).await;
    // Removed before their time: the one can be given all the same, the other not.
    backend.advance(HOUR / 2).await;
    assert_eq!(sweep(&*store).await, 2);
    assert_eq!(store.forget_answers(99).await.unwrap(), 0);
    assert_eq!(given(&*store, "goes").await, Some(Given::Kept(told(&goes))));
    assert_eq!(given(&*store, "held").await, Some(Given::Gone));
    let twin = NewExecution { answer: at_once("goes"), ..plain() };
    assert!(matches!(store.accept(twin.clone()).await, Err(StoreError::Answered)));
    // Their time is over, and so they count as forgotten, before and after they are.
    backend.advance(HOUR).await;
    assert_eq!(given(&*store, "goes").await, None);
    assert_eq!(given(&*store, "stays").await, Some(Given::Kept(told(&stays))));
    assert_eq!(store.forget_answers(1).await.unwrap(), 1);
    let again = store.accept(twin).await.unwrap();
    assert!(again.is_new);
    assert_eq!(given(&*store, "goes").await, Some(Given::Kept(told(&again.execution))));
    assert_eq!(
        store.forget_answers(99).await.unwrap(),
        1,
        "the one that was to be told at its end"
    );
    // Of one that went after its time nothing is left.
    end(&*store, &stays).await;
    assert_eq!(sweep(&*store).await, 1);
    assert_eq!(given(&*store, "stays").await, None);
    assert_eq!(store.forget_answers(99).await.unwrap(), 0);
}

pub async fn of_what_is_purged_only_the_name_is_left(backend: &impl Backend) {
    let store = backend.open().await;
    let execution = begin(&*store, "a").await;
    end(&*store, &execution).await;
    assert_eq!(store.purge(&tenant(), execution.id).await.unwrap(), Purged::Removed);
    assert_eq!(given(&*store, "a").await, Some(Given::Gone));
    let twin = NewExecution { answer: at_once("a"), ..plain() };
    assert!(matches!(store.accept(twin.clone()).await, Err(StoreError::Answered)));
    backend.advance(HOUR).await;
    assert!(store.accept(twin).await.unwrap().is_new);
}

pub async fn a_recovery_is_answered_as_it_was_begun(backend: &impl Backend) {
    let store = backend.open().await;
    let wish = || NewRecovery {
        id: RecoveryId::generate(),
        tenant: tenant(),
        since: Timestamp::from_millis(0),
        until: Timestamp::from_millis(1),
        host: None,
        matched_max: 9,
    };
    let told = |recovery: &Recovery| {
        let body = recovery.wish.id.to_string().into_bytes();
        KeptAnswer { status: 202, headers: Vec::new(), body }
    };
    let (key, fingerprint) = ("a".to_owned(), "one".to_owned());
    let answer = NewAnswer { key, fingerprint, kept: HOUR, giving: Giving::Now(Arc::new(told)) };
    let begun = store.begin_recovery(wish(), Some(answer.clone())).await.unwrap();
    let again = store.begin_recovery(wish(), Some(answer.clone())).await;
    assert!(matches!(again, Err(StoreError::Answered)));
    assert_eq!(given(&*store, "a").await, Some(Given::Kept(told(&begun))));
    backend.advance(HOUR).await;
    assert_eq!(store.forget_answers(99).await.unwrap(), 1);
    assert!(store.begin_recovery(wish(), Some(answer)).await.is_ok());
}
