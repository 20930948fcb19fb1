//! Finds out how an execution stands for all who follow it, for as long as anybody does: by what the
//! engine says of it, and by looking into the store. Reads no output before the end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::tail::{Ending, News, Standing, Tail};
use super::{Followed, Of, gone};
use crate::actors::ended;
use crate::domain::Execution;
use crate::process::Listener;
use crate::store::StoreError;

/// How soon the store is looked into again when it cannot be read for a moment.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// Keeps those who follow an execution informed until nobody does.
pub(super) async fn keep(followed: Followed, of: Of, tail: Arc<Tail>) {
    let keeper = Keeper { followed, of, tail };
    let mut listener = keeper.followed.0.launcher.listen(keeper.of.1);
    loop {
        tokio::select! {
            () = keeper.watch(&mut listener) => {}
            () = keeper.tail.news.closed() => {}
        }
        // Either nothing changes any more, or nobody would hear of it.
        keeper.tail.news.closed().await;
        if keeper.followed.forget(&keeper.of, &keeper.tail) {
            return;
        }
    }
}

struct Keeper {
    followed: Followed,
    of: Of,
    tail: Arc<Tail>,
}

impl Keeper {
    /// Returns when there is nothing more to be found out.
    async fn watch(&self, listener: &mut Listener) {
        while let Err(error) = self.until_over(listener).await {
            if !error.is_passing() || !self.is_known() {
                return self.tell(listener, Standing::Failed(error.into()));
            }
            actix_rt::time::sleep(TRY_AGAIN).await;
        }
    }

    async fn until_over(&self, listener: &mut Listener) -> Result<(), StoreError> {
        let (engine, (tenant, id)) = (&self.followed.0, &self.of);
        let mut ended = pin!(ended(&engine.supervisor, engine.store.as_ref(), (tenant, *id)));
        loop {
            let growth = listener.growth();
            let standing = standing_of(engine.store.execution(tenant, *id).await?);
            let is_over = !matches!(standing, Standing::UnderWay { .. });
            self.tail.news.send_replace(News { growth, standing });
            if is_over {
                return Ok(());
            }
            tokio::select! {
                found = &mut ended => {
                    self.tell(listener, standing_of(found?));
                    return Ok(());
                }
                () = self.relay(listener, growth.turns) => {}
            }
        }
    }

    /// Tells of what is recorded until the execution may stand otherwise than it did.
    async fn relay(&self, listener: &mut Listener, turns: u64) {
        loop {
            let growth = listener.grown().await;
            if growth.turns != turns {
                return;
            }
            self.tail.news.send_modify(|news| news.growth = growth);
        }
    }

    fn is_known(&self) -> bool {
        matches!(self.tail.news.borrow().standing, Standing::UnderWay { .. })
    }

    fn tell(&self, listener: &Listener, standing: Standing) {
        self.tail.news.send_replace(News { growth: listener.growth(), standing });
    }
}

fn standing_of(found: Option<Execution>) -> Standing {
    match found {
        None => Standing::Missing,
        Some(execution) if execution.ended().is_some() => {
            Standing::Ended(Arc::new(Ending::new(execution)))
        }
        Some(execution) => {
            Standing::UnderWay { status: execution.status(), attempt: execution.attempt }
        }
    }
}

impl Drop for Keeper {
    /// Whoever still follows it when its keeper goes, whatever the reason, must not wait for ever.
    fn drop(&mut self) {
        self.followed.remove(&self.of, &self.tail);
        self.tail.news.send_modify(|news| {
            if !matches!(news.standing, Standing::Ended(_)) {
                news.standing = Standing::Failed(gone());
            }
        });
    }
}
