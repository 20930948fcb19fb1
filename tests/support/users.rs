//! User ids that belong to nobody and to no other test: the kernel counts processes by user, and
//! tests run beside each other. Makes no user.

use std::sync::atomic::{AtomicU32, Ordering};

/// Whether this test may start processes as somebody else.
pub fn are_we_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A user id for servers of this test.
pub fn of_server() -> u32 {
    100_000 + own()
}

/// A user id for programs of this test.
pub fn of_programs() -> u32 {
    200_000 + own()
}

/// A number for each thread, since each test has one of its own.
fn own() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static OWN: u32 = std::process::id() % 1000 * 64 + NEXT.fetch_add(1, Ordering::Relaxed) % 64;
    }
    OWN.with(|own| *own)
}
