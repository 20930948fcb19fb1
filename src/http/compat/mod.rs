//! Other systems' APIs as thin translations onto our own engine: one file or folder for each system.
//! There is no second way of running anything.

pub(super) mod cortex;
pub(super) mod fetch_hive;
pub(super) mod hopx;
