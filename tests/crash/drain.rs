//! The server ended with SIGTERM when that is least convenient: under load, while it recovers, with
//! an endpoint that hangs, on a full disk. What it promises then is what it always promises.

mod clients;
mod inconvenient;
mod load;

use std::time::Duration;

const COMPLETED: (&str, &str) = ("completed", "exited");
const INTERRUPTED: (&str, &str) = ("failed", "interrupted");
const CANCELLED: (&str, &str) = ("cancelled", "cancelled");

/// Runs until it is ended the first two times that it runs, and completes the third time.
const THIRD_TIME_LUCKY: &str =
    "[ \"$(grep -c \"$RINGBACK_EXECUTION_ID\" begun)\" -ge 3 ] || exec sleep 1000\necho again";

/// The same, and takes no notice of SIGTERM.
const DEAF_TWICE: &str = "[ \"$(grep -c \"$RINGBACK_EXECUTION_ID\" begun)\" -ge 3 ] && exec echo again\n\
     trap '' TERM; sleep 1000; sleep 1000; sleep 1000";

/// Takes no notice of SIGTERM, however often it runs.
const DEAF: &str = "trap '' TERM; sleep 1000; sleep 1000; sleep 1000";

/// How much longer than it must an end may take on a machine that has more to do.
const MARGIN: Duration = Duration::from_secs(8);
