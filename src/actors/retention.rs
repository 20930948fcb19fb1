//! Has the store remove what was kept long enough: at the start, and then again and again.
//! Holds nothing and decides of no execution whether it goes; no actor, since nobody speaks to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_rt::time::sleep;

use crate::store::{Prune, PruneCursor, Store, StoreError};

/// How long executions are kept when they have ended.
#[derive(Debug, Clone)]
pub struct Retention {
    /// How long one is kept after its end; none is for ever.
    pub age: Option<Duration>,
    /// The same for one whose delivery was exhausted or refused.
    pub failed_age: Option<Duration>,
    /// How many are kept at most; none is no bound.
    pub count_max: Option<usize>,
    /// How long it is from one sweep to the next.
    pub interval: Duration,
    /// How many go in one transaction.
    pub batch: usize,
}

/// Sweeps for as long as it is polled. A store that fails may be well again at the next sweep; it
/// is complained of once.
pub async fn retain(store: Arc<dyn Store>, retention: Retention) {
    let mut fails = false;
    loop {
        match sweep(store.as_ref(), &retention).await {
            Ok(removed) => {
                fails = false;
                if removed > 0 {
                    log::info!("{removed} executions were kept long enough and have been removed");
                }
            }
            Err(error) if !fails => {
                fails = true;
                log::error!("what was kept long enough cannot be removed: {error}");
            }
            Err(_) => {}
        }
        sleep(retention.interval).await;
    }
}

/// Removes all that was kept long enough, and answers how much that was.
///
/// # Errors
/// When the store cannot be read or written. What the batches before have removed is gone.
pub async fn sweep(store: &dyn Store, retention: &Retention) -> Result<usize, StoreError> {
    let mut removed = 0;
    let mut after: Option<PruneCursor> = None;
    loop {
        let began = Instant::now();
        let prune = Prune {
            age: retention.age,
            failed_age: retention.failed_age,
            count_max: retention.count_max,
            batch: retention.batch,
            after,
        };
        let pruned = store.prune(prune).await?;
        removed += pruned.removed;
        let Some(next) = pruned.next else { return Ok(removed) };
        after = Some(next);
        // A batch shares the one writer with everybody who waits for an answer. However much there
        // is to remove, and however slow the disk, they have at least half of its time.
        sleep(began.elapsed()).await;
    }
}
