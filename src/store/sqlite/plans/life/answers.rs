//! The verbs of answers that are kept.
//! Judges nothing; it is there to be listened to.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::super::{
    Given, Giving, KeptAnswer, NewAnswer, NewExecution, Store, StoreError,
};
use super::tenant;

/// An answer under this name, to whatever has begun.
pub(super) fn of<T>(key: &str) -> NewAnswer<T> {
    let answer = KeptAnswer { status: 202, headers: Vec::new(), body: b"{}".to_vec() };
    NewAnswer {
        key: key.to_owned(),
        fingerprint: "f".to_owned(),
        kept: Duration::from_secs(1),
        giving: Giving::Now(Arc::new(move |_| answer.clone())),
    }
}

/// The answer that came with an execution is there, and there is no other beside it.
pub(super) async fn are_kept(store: &impl Store, new: &NewExecution) {
    assert!(matches!(store.accept(new.clone()).await, Err(StoreError::Answered)));
    let key = &new.answer.as_ref().unwrap().key;
    let found = store.answered(&tenant(), key).await.unwrap().unwrap();
    assert!(matches!(found.given, Given::Kept(_)));
    assert!(store.answered(&tenant(), "another").await.unwrap().is_none());
}

/// Those that were kept long enough go.
pub(super) async fn are_forgotten(store: &impl Store) {
    assert!(store.forget_answers(1).await.unwrap() > 0);
}
