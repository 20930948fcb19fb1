//! Other systems' APIs as thin translations onto our own engine: one file for each system.
//! There is no second way of running anything.

mod repeat;

pub(super) mod hopx;
