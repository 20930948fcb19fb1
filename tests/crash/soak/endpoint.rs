//! An endpoint that can be relied on for nothing: it takes most of what comes, and otherwise fails,
//! dawdles, says nothing, or breaks the connection. Everything that comes is written down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::chance::Chance;
use crate::evidence::Evidence;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

/// Less than the timeout of an attempt.
const SLOW: Duration = Duration::from_millis(80);

/// Starts one.
pub fn flaky(chance: Chance, evidence: Arc<Evidence>) -> TestReceiver {
    let answers = [
        (60, Scripted::status(200)),
        (8, Scripted::status(204).after(SLOW)),
        (12, Scripted::status(500)),
        (5, Scripted::status(503).after(SLOW)),
        (3, Scripted::silence()),
        (4, Scripted::close()),
        (8, Scripted::reset()),
    ];
    let chance = Mutex::new(chance);
    let choose = move || {
        let mut chance = chance.lock().expect("nobody panics with the lock");
        chance.weighted(&answers).clone()
    };
    TestReceiver::choosing(choose).observed_by(move |request| evidence.received(request))
}
