//! The promises, one a file, each a function from what was found to the sentences of what is wrong.
//! None changes anything or looks anywhere else.

mod i1_accepted_exists;
mod i2_ends_once;
mod i3_is_told;
mod i4_same_bytes;
mod i5_none_alive;
mod i6_no_stale_write;
mod i7_runs_once;

use super::evidence::Evidence;

/// What checks a promise.
type Check = fn(&Evidence) -> Vec<String>;

const INVARIANTS: [(&str, Check); 7] = [
    ("I1", i1_accepted_exists::check),
    ("I2", i2_ends_once::check),
    ("I3", i3_is_told::check),
    ("I4", i4_same_bytes::check),
    ("I5", i5_none_alive::check),
    ("I6", i6_no_stale_write::check),
    ("I7", i7_runs_once::check),
];

/// A line for each broken promise, which begins with the promise's name.
pub fn check_all(evidence: &Evidence) -> Vec<String> {
    let checked = INVARIANTS.iter().map(|(name, check)| (name, check(evidence)));
    checked
        .flat_map(|(name, found)| found.into_iter().map(move |what| format!("{name}: {what}")))
        .collect()
}
