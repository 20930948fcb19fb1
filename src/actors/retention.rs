//! Has the store remove what was kept long enough, and forget answers: at the start, and then again and again.
//! Holds nothing and decides of no execution whether it goes; no actor, since nobody speaks to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_rt::time::sleep;
use log::Level;

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

/// Sweeps for as long as it is polled. A store that fails may be well again at the next sweep.
pub async fn retain(store: Arc<dyn Store>, retention: Retention) {
    let mut failed_before = false;
    loop {
        let swept = sweep(store.as_ref(), &retention).await;
        if let Some((level, sentence)) = news(&swept, failed_before) {
            log::log!(level, "{sentence}");
        }
        failed_before = swept.is_err();
        sleep(retention.interval).await;
    }
}

/// What there is to say about a sweep. A store that goes on failing is complained of once.
fn news(swept: &Result<usize, StoreError>, failed_before: bool) -> Option<(Level, String)> {
    match swept {
        Ok(0) => None,
        Ok(1) => Some((Level::Info, "1 execution was kept long enough and is removed".to_owned())),
        Ok(removed) => {
            let said = format!("{removed} executions were kept long enough and are removed");
            Some((Level::Info, said))
        }
        Err(_) if failed_before => None,
        Err(error) => {
            let said = format!("what was kept long enough cannot be removed: {error}");
            Some((Level::Error, said))
        }
    }
}

/// Removes all that was kept long enough, and answers how many executions that were.
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
        let Some(next) = pruned.next else { break };
        after = Some(next);
        // A batch shares the one writer with everybody who waits for an answer. However much there
        // is to remove, and however slow the disk, they have at least half of its time.
        sleep(began.elapsed()).await;
    }
    forget_answers(store, retention.batch).await?;
    Ok(removed)
}

/// Has the store forget the answers that were kept long enough, in the same batches.
async fn forget_answers(store: &dyn Store, batch: usize) -> Result<(), StoreError> {
    loop {
        let began = Instant::now();
        if store.forget_answers(batch).await? < batch {
            return Ok(());
        }
        sleep(began.elapsed()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fails_is_complained_of_once_until_it_is_well_again() {
        let error = StoreError::Database { reason: "it is busy".into() };
        let sweeps = [Err(error.clone()), Err(error.clone()), Ok(0), Err(error), Ok(7), Ok(0)];
        let mut failed_before = false;
        let said = sweeps.map(|swept| {
            let said = news(&swept, failed_before);
            failed_before = swept.is_err();
            said.map(|(level, _)| level)
        });
        let [complaint, removal] = [Some(Level::Error), Some(Level::Info)];
        assert_eq!(said, [complaint, None, None, complaint, removal, None]);
    }
}
