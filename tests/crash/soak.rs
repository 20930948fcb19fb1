//! The server under load, killed again and again at random moments and started again on the same
//! data, and an audit of everything at the end: nothing is lost, nothing is told in two ways,
//! nothing runs twice. `RINGBACK_SOAK_SECONDS` makes it long, `RINGBACK_SOAK_SEED` repeats it: the
//! same requests, answers and pauses, though not the same moment of every kill.

pub mod chance;
pub mod clients;
mod endpoint;
mod killer;
mod mixture;
pub mod progress;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::evidence::Evidence;
use crate::ledger::Outstanding;
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::wait::eventually;
use chance::Chance;
use clients::{Clients, Length};
use killer::Killer;
use progress::Progress;

/// How long what is left may take once the server is killed no more.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Longer than an answer of the endpoint takes, unless it takes for ever.
const TIMEOUT: &str = "400ms";

/// What lets one run of a soak be told from another.
struct Soak {
    seed: u64,
    length: Length,
    isolation: &'static str,
}

#[test]
fn killed_at_random_under_load_it_keeps_every_promise() {
    let length = match number("RINGBACK_SOAK_SECONDS") {
        Some(seconds) => Length::Time(Duration::from_secs(seconds)),
        None => Length::Executions(2_000),
    };
    Soak { seed: seed(), length, isolation: "none" }.run();
}

#[test]
fn killed_at_random_it_keeps_every_promise_at_the_strongest_isolation_too() {
    Soak { seed: seed(), length: Length::Executions(600), isolation: "auto" }.run();
}

impl Soak {
    fn run(&self) {
        let Self { seed, length, isolation } = self;
        eprintln!("soak: RINGBACK_SOAK_SEED={seed}, {length}, isolation {isolation}");
        let (evidence, progress) = (Arc::new(Evidence::new()), Progress::default());
        let endpoint = endpoint::flaky(Chance::new(*seed, "endpoint"), Arc::clone(&evidence));
        let mut app = TestApp::with(|options| self.options(evidence.allowing(options)));
        let clients = Clients::of(&app, &endpoint, &evidence, &progress);
        std::thread::scope(|scope| {
            let busy = clients.start(scope, *seed, *length);
            let chance = Chance::new(*seed, "killer");
            Killer::new(&mut app, &clients, &evidence, &progress, chance).kill_while(&busy);
        });
        eprintln!("soak: nobody is killed any more; {progress}");
        let (data_dir, begin) = (app.data_dir(), Instant::now());
        eventually(SETTLED_WITHIN, format!("all is settled (seed {seed})"), || {
            (Outstanding::of(&data_dir) == Outstanding::NOTHING).then_some(())
        });
        eprintln!("soak: all was settled {:.1?} later", begin.elapsed());
        app.terminate();
        let earlier = killer::snapshot(&evidence).display().to_string();
        let flags = ["--settled", "--stopped", "--mark", app.mark(), "--since", &earlier];
        let summary = evidence.audit(&data_dir, &flags);
        eprintln!("soak: {}\nsoak: {progress}", summary.replace("; ", "\n      "));
        progress.assert_something_happened();
    }

    fn options(&self, options: Options) -> Options {
        // Soon at first, and more often than any endpoint fails.
        let delays = ["100ms"; 20].into_iter().chain(["1s"; 30]).collect::<Vec<_>>().join(",");
        options
            .slots(16)
            .retry_schedule(&delays)
            .env("RINGBACK_EXECUTION__ISOLATION", self.isolation)
            .env("RINGBACK_WEBHOOK__TIMEOUT", TIMEOUT)
            .env("RINGBACK_WEBHOOK__IN_FLIGHT_PER_HOST_MAX", "32")
            .env("RINGBACK_QUEUE__POLL", "200ms")
            .env("RINGBACK_LOG", "warn")
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("soak: the same again with RINGBACK_SOAK_SEED={}", self.seed);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}` and no number")))
}

fn seed() -> u64 {
    number("RINGBACK_SOAK_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0)
}
