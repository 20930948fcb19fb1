//! Other systems' APIs as thin translations onto our own engine: one file for each system.
//! There is no second way of running anything.

pub(super) mod cortex;
pub(super) mod hopx;
