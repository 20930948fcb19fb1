//! `[retention]`: how long executions are kept when they have ended.
//! Removes none.

use std::time::Duration;

use super::reader::{ANY, Reader};

/// The most that one transaction may remove; everything that is to be written waits for it.
const BATCH_MAX: i64 = 10_000;

/// `[retention]`: how long executions are kept when they have ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetentionConfig {
    /// How long one is kept after its end; none is for ever.
    pub age: Option<Duration>,
    /// The same for one whose delivery was exhausted or refused.
    pub failed_age: Option<Duration>,
    /// How many are kept at most; none is no bound.
    pub count_max: Option<usize>,
    /// How often the server looks for what goes.
    pub interval: Duration,
    /// How many go in one transaction.
    pub batch: usize,
}

impl RetentionConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let unless_zero = |age: Duration| Some(age).filter(|age| !age.is_zero());
        let count_max = reader.number("retention.count_max", 0..=ANY);
        Self {
            age: unless_zero(reader.get("retention.age")),
            failed_age: unless_zero(reader.get("retention.failed_age")),
            count_max: Some(count_max).filter(|&count| count > 0),
            interval: reader.wait("retention.interval"),
            batch: reader.number("retention.batch", 1..=BATCH_MAX),
        }
    }
}
