//! Keeps an actor standing: when it falls by a panic, the next one takes its place under the same
//! handle, so often and no more. Knows nothing of what the actor does.
//!
//! `actix::Supervisor` does not do this: it restarts an actor that stops, not one that panics.

use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::dev::{MessageResponse, ToEnvelope};
use actix::{Actor, Addr, Context, Handler, MailboxError, Message};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// How many falls in [`WITHIN`] are made good. A bug that is met now and then costs a moment; one
/// that is met again and again is better met by a new process.
const FALLS_MAX: usize = 20;

/// The time in which falls are counted.
const WITHIN: Duration = Duration::from_secs(60);

/// The handle of an actor that may be replaced. Shared by cloning.
pub struct Standing<A: Actor>(Arc<watch::Sender<Option<Addr<A>>>>);

impl<A: Actor> Clone for Standing<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What an actor holds as long as it stands. When it goes without having been told to, this tells.
#[derive(Debug)]
pub(super) struct Footing {
    tell: UnboundedSender<()>,
    stands: Rc<()>,
}

impl Footing {
    fn new(tell: UnboundedSender<()>) -> Self {
        Self { tell, stands: Rc::default() }
    }

    /// For work that the actor begins outside its own context, and that may outlast it.
    pub(super) fn stands(&self) -> Stands {
        Stands(Rc::downgrade(&self.stands))
    }
}

impl Drop for Footing {
    fn drop(&mut self) {
        // Nobody listens any more when the whole engine ends.
        let _ = self.tell.send(());
    }
}

/// Whether the actor that gave this out still stands. Known on its thread only, where it cannot
/// fall between the question and what is done about the answer.
#[derive(Debug, Clone)]
pub(super) struct Stands(Weak<()>);

impl Stands {
    /// False once it has fallen, whoever stands in its place by then.
    pub(super) fn still(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl<A: Actor<Context = Context<A>>> Standing<A> {
    /// A handle under which nobody stands yet.
    pub(super) fn vacant() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Waits until somebody stands there for the first time.
    pub(super) async fn stands(&self) {
        // The sender is ours and stays.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// The actor that stands there now. One that is kept for long may fall, and then answers
    /// nobody; this is to be asked again.
    pub fn addr(&self) -> Option<Addr<A>> {
        self.0.borrow().clone()
    }

    /// Sends a message, at once, and gives the answer to come.
    ///
    /// # Errors
    /// When nobody stands there, or the actor falls before it answers.
    pub fn send<M>(
        &self,
        message: M,
    ) -> impl Future<Output = Result<M::Result, MailboxError>> + use<A, M>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        <A as Handler<M>>::Result: MessageResponse<A, M>,
    {
        let request = self.addr().map(|addr| addr.send(message));
        async move {
            match request {
                Some(request) => request.await,
                None => Err(MailboxError::Closed),
            }
        }
    }

    /// Sends a message that nobody answers. What falls with its receiver is found in the store by
    /// the next.
    pub fn do_send<M>(&self, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        if let Some(addr) = self.addr() {
            addr.do_send(message);
        }
    }

    /// Makes an actor on this thread, and the next one whenever it falls; `make` is told which in
    /// the line it is, from 0. Returns when it falls too often, with a sentence that says so.
    pub(super) async fn keep(
        self,
        name: &str,
        mut make: impl FnMut(Footing, usize) -> A,
    ) -> String {
        let mut falls = Falls::default();
        let (falling, mut fell) = unbounded_channel();
        for number in 0.. {
            let addr = make(Footing::new(falling.clone()), number).start();
            self.0.send_replace(Some(addr));
            // Never none: we hold a sender.
            let _ = fell.recv().await;
            if !falls.one_more(Instant::now()) {
                break;
            }
            log::error!("{name} has failed and is started again");
        }
        let seconds = WITHIN.as_secs();
        format!("{name} has failed more than {FALLS_MAX} times in {seconds} s")
    }
}

/// When an actor has fallen, as far back as it counts.
#[derive(Debug, Default)]
struct Falls(VecDeque<Instant>);

impl Falls {
    /// Counts one more; false when it is one too many.
    fn one_more(&mut self, now: Instant) -> bool {
        let counts = |then: &Instant| now.duration_since(*then) < WITHIN;
        self.0.retain(counts);
        self.0.push_back(now);
        self.0.len() <= FALLS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_are_forgiven_so_often_in_so_long() {
        let (mut falls, begin) = (Falls::default(), Instant::now());
        let second = |n: u64| begin + Duration::from_secs(n);
        assert!((0..20).all(|n| falls.one_more(second(n))));
        assert!(!falls.one_more(second(20)), "the twenty-first in a minute");
        assert!(!falls.one_more(second(59)));
        assert!((80..95).all(|n| falls.one_more(second(n))), "the first ones are forgotten");
    }
}
