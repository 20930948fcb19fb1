//! How a server under test is started: flags and environment, with short words for the usual ones.
//! Starts nothing.

use std::sync::atomic::{AtomicU32, Ordering};

/// The admin key of every server under test.
pub const API_KEY: &str = "test-key-of-the-harness-0001";

/// What a server under test is started with.
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    /// As whom the server runs; none for the user of the tests.
    pub(super) user: Option<u32>,
    mark: String,
    pub(super) is_way_open: bool,
    /// The command that starts the server; empty when nothing stands between it and the test.
    pub(super) starter: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let bare = Self {
            arguments: Vec::new(),
            environment: Vec::new(),
            mark: String::new(),
            user: None,
            is_way_open: false,
            starter: Vec::new(),
        };
        bare.argument("--allow-callback-to", "127.0.0.1")
            .env("RINGBACK_API_KEY", API_KEY)
            // What most tests look at is on the machine's own disk and loopback. Levels have tests
            // of their own.
            .env("RINGBACK_EXECUTION__ISOLATION", "none")
            // Tests have small disks of their own, and are not about how full the machine's is.
            .env("RINGBACK_SERVER__DISK_FREE_BYTES_MIN", "0")
            // A test that ends has seen what it wanted to see; nothing is worth waiting for.
            .env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "100ms")
            .env("RINGBACK_EXECUTION__GRACE", "300ms")
            .env("RINGBACK_WEBHOOK__RETRY_SCHEDULE", "50ms,100ms,200ms")
    }
}

impl Options {
    /// Lets every program of the server carry a mark in its `PATH` that nobody else's has, by
    /// which it is found wherever it went.
    pub(super) fn marked(mut self) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        self.mark = format!("/nowhere/ringback-test-{}-{next}", std::process::id());
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let marked = format!("{path}:{}", self.mark);
        self.env("RINGBACK_EXECUTION__PATH", &marked)
    }

    /// The mark.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Lets everybody pass the directory above the data directory, which is closed otherwise.
    pub fn way_open(mut self) -> Self {
        self.is_way_open = true;
        self
    }

    /// Adds a flag with its value.
    pub fn argument(mut self, flag: &str, value: &str) -> Self {
        self.arguments.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    /// Sets a variable in the server's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(present, _)| present != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets the server do this at its failpoints; an empty text lets it do nothing.
    pub fn failpoints(self, actions: &str) -> Self {
        self.env("FAILPOINTS", actions)
    }

    /// Starts the server as this user and group, with no others. Only for tests that root runs.
    pub fn run_by(mut self, id: u32) -> Self {
        self.user = Some(id);
        self
    }

    /// Has the server started by a command, which finds the server's own behind its arguments and
    /// becomes it.
    pub fn started_by(mut self, command: Vec<String>) -> Self {
        self.starter = command;
        self
    }

    /// Lets this many executions run at a time.
    pub fn slots(self, slots: usize) -> Self {
        self.env("RINGBACK_EXECUTION__SLOTS", &slots.to_string())
    }

    /// Waits this long between the attempts of a delivery.
    pub fn retry_schedule(self, delays: &str) -> Self {
        self.env("RINGBACK_WEBHOOK__RETRY_SCHEDULE", delays)
    }

    /// Makes every attempt when it is due, however often a host has failed.
    pub fn without_breakers(self) -> Self {
        self.env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "0")
    }

    /// Gives a program this long between SIGTERM and SIGKILL.
    pub fn grace(self, grace: &str) -> Self {
        self.env("RINGBACK_EXECUTION__GRACE", grace)
    }

    /// Names no address that callbacks may go to, as an operator has it who says nothing.
    pub fn callbacks_only_to_the_world(mut self) -> Self {
        self.arguments.clear();
        self
    }

    /// Configures no API key, so that the server makes one.
    pub fn without_api_key(mut self) -> Self {
        self.environment.retain(|(name, _)| name != "RINGBACK_API_KEY");
        self
    }
}
