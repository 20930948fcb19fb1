//! How a server under test is started: flags and environment, with short words for the usual ones.
//! Starts nothing.

/// The admin key of every server under test.
pub const API_KEY: &str = "test-key-of-the-harness-0001";

/// What a server under test is started with.
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        let bare = Self { arguments: Vec::new(), environment: Vec::new() };
        bare.argument("--allow-callback-to", "127.0.0.1")
            .env("RINGBACK_API_KEY", API_KEY)
            // A test that ends has seen what it wanted to see; nothing is worth waiting for.
            .env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "100ms")
            .env("RINGBACK_EXECUTION__GRACE", "300ms")
            .env("RINGBACK_WEBHOOK__RETRY_SCHEDULE", "50ms,100ms,200ms")
    }
}

impl Options {
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

    /// Lets this many executions run at a time.
    pub fn slots(self, slots: usize) -> Self {
        self.env("RINGBACK_EXECUTION__SLOTS", &slots.to_string())
    }

    /// Waits this long between the attempts of a delivery.
    pub fn retry_schedule(self, delays: &str) -> Self {
        self.env("RINGBACK_WEBHOOK__RETRY_SCHEDULE", delays)
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
