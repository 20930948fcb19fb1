//! Answers that are given again when a request comes again with the same key.
//! Plain values and the function that makes one; knows no HTTP and keeps nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::ExecutionId;

/// What a request is to be answered whenever it comes again, to be kept with what it begins, a `T`.
#[derive(Debug)]
pub struct NewAnswer<T> {
    /// The name that its sender has given it, unique within the tenant.
    pub key: String,
    /// By which the same request is told from another one under that name.
    pub fingerprint: String,
    /// How long it is kept at least. It is kept for as long as its execution is, if that is longer.
    pub kept: Duration,
    /// What the answer is.
    pub giving: Giving<T>,
}

/// Whether an answer is given at once or only when its execution has ended.
pub enum Giving<T> {
    /// At once. Called in the transaction that begins what it is about: only there is it known how that
    /// stands.
    Now(Arc<dyn Fn(&T) -> KeptAnswer + Send + Sync>),
    /// From the record of the end, which does not change any more.
    AtTheEnd,
}

/// An answer as it is given, in any words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// The headers that are about this answer, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of a request under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The fingerprint of the request that was first.
    pub fingerprint: String,
    /// What it was answered.
    pub given: Given,
}

/// What there is to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// This.
    Kept(KeptAnswer),
    /// What comes of the record of this execution when it has ended.
    AtTheEnd(ExecutionId),
    /// Nothing any more: the execution was removed, and with it what there was to tell.
    Gone,
}

impl<T> Clone for NewAnswer<T> {
    fn clone(&self) -> Self {
        let Self { key, fingerprint, kept, giving } = self;
        let (key, fingerprint) = (key.clone(), fingerprint.clone());
        Self { key, fingerprint, kept: *kept, giving: giving.clone() }
    }
}

impl<T> Clone for Giving<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Now(make) => Self::Now(Arc::clone(make)),
            Self::AtTheEnd => Self::AtTheEnd,
        }
    }
}

impl<T> fmt::Debug for Giving<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Now",
            Self::AtTheEnd => "AtTheEnd",
        })
    }
}
