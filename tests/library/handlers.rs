//! Handlers on the real engine: what they are called with, what becomes of what they return and
//! raise, and what their code finds around it. All of it cold without isolation, and warm in the
//! sandbox.

mod calling;
mod failing;
mod program;
mod results;
mod sending;
mod source;

use std::time::{Duration, Instant};

use ringback::Engine;
use ringback::config::{Config, Isolation};
use ringback::domain::{
    Entrypoint, ExecutionSpec, HandlerCall, Outcome, PayloadKind, ProgramResult, StartMode, Status,
};
use serde_json::{Value, json};

use super::support::{LONG, builder, ended, submit};

/// An engine that runs Python in one way.
pub struct Site {
    pub engine: Engine,
    start: StartMode,
    _data_dir: tempfile::TempDir,
}

/// What became of a call.
#[derive(Debug)]
pub struct Seen {
    pub status: Status,
    pub outcome: Outcome,
    pub result: ProgramResult,
    pub stdout: String,
    pub stderr: String,
}

impl Site {
    /// Cold at level none.
    pub async fn cold() -> Self {
        Self::with(StartMode::Cold, |_| {}).await
    }

    /// Warm in the sandbox.
    pub async fn warm() -> Self {
        Self::with(StartMode::Warm, |_| {}).await
    }

    /// Both.
    pub async fn both() -> [Self; 2] {
        [Self::cold().await, Self::warm().await]
    }

    /// One of them, configured differently.
    pub async fn with(start: StartMode, change: impl FnOnce(&mut Config)) -> Self {
        let is_warm = start == StartMode::Warm;
        let mut config = Config::default();
        config.execution.isolation = if is_warm { Isolation::Sandbox } else { Isolation::None };
        config.runtimes.get_mut("python").expect("there is Python").warm.enabled = is_warm;
        change(&mut config);
        let (_, data_dir) = builder();
        config.server.data_dir = data_dir.path().to_owned();
        let builder = ringback::Ringback::builder().config(config);
        let engine = builder.launcher_binary(env!("CARGO_BIN_EXE_ringback")).start().await.unwrap();
        let site = Self { engine, start, _data_dir: data_dir };
        let begun = Instant::now();
        while site.start_of(ExecutionSpec::new("python", "")).await != start {
            assert!(begun.elapsed() < LONG, "an execution starts {start:?}");
        }
        site
    }

    async fn start_of(&self, spec: ExecutionSpec) -> StartMode {
        let execution = ended(&self.engine, &submit(&self.engine, spec).await).await;
        execution.ended().unwrap().start.expect("it was started")
    }

    /// Runs it to its end.
    pub async fn run(&self, spec: ExecutionSpec) -> Seen {
        let execution = ended(&self.engine, &submit(&self.engine, spec).await).await;
        let status = execution.status();
        let ended = execution.ended().unwrap();
        if let Some(start) = ended.start {
            assert_eq!(start, self.start);
        }
        Seen {
            status,
            outcome: ended.outcome.clone(),
            result: ended.result.clone(),
            stdout: String::from_utf8(ended.stdout.bytes().0).unwrap(),
            stderr: String::from_utf8(ended.stderr.bytes().0).unwrap(),
        }
    }
}

impl Seen {
    /// Fails the test unless it returned this, and its program ended well.
    #[track_caller]
    pub fn returned(&self, wanted: Value) {
        assert_eq!(self.outcome, Outcome::Exited { code: 0 }, "{self:#?}");
        assert_eq!(self.value(), wanted, "{self:#?}");
    }

    /// What it returned.
    #[track_caller]
    pub fn value(&self) -> Value {
        match &self.result {
            ProgramResult::Json(json) => serde_json::from_str(json).unwrap(),
            other => panic!("{other:?} {self:#?}"),
        }
    }

    /// Fails the test unless it raised this, and its program exited with this code.
    #[track_caller]
    pub fn raised(&self, code: i32, error: &str) {
        let wanted = Outcome::Raised { code, error: error.to_owned() };
        assert_eq!(self.outcome, wanted, "{self:#?}");
        assert_eq!((self.status, &self.result), (Status::Failed, &ProgramResult::None));
    }
}

/// A handler of Python whose payload is an empty object.
pub fn handler(code: &str) -> ExecutionSpec {
    let mut spec = ExecutionSpec::new("python", code);
    spec.entrypoint = Entrypoint::Handler(Box::default());
    spec.stdin = Some("{}".to_owned());
    spec.timeout = Duration::from_secs(30);
    spec
}

/// One whose `handle_async` has these lines in it.
pub fn body(lines: &str) -> ExecutionSpec {
    let lines: Vec<String> = lines.lines().map(|line| format!("        {line}\n")).collect();
    handler(&format!(
        "class Handler:\n    def handle_async(self, payload, request_id):\n{}",
        lines.concat()
    ))
}

/// The same, called like that.
pub fn called(spec: ExecutionSpec, change: impl FnOnce(&mut HandlerCall)) -> ExecutionSpec {
    let mut call = HandlerCall::default();
    change(&mut call);
    ExecutionSpec { entrypoint: Entrypoint::Handler(Box::new(call)), ..spec }
}

/// The same, with this payload.
pub fn given(spec: ExecutionSpec, kind: PayloadKind, stdin: &str) -> ExecutionSpec {
    let spec = ExecutionSpec { stdin: Some(stdin.to_owned()), ..spec };
    called(spec, |call| call.payload = kind)
}

/// The same, with this configuration.
pub fn configured(spec: ExecutionSpec, config: Value) -> ExecutionSpec {
    called(spec, |call| call.config = config.as_object().expect("an object").clone())
}

/// Runs each of these at both sites and has it judged.
pub async fn each<T>(
    cases: impl IntoIterator<Item = (ExecutionSpec, T)>,
    judge: impl Fn(&Seen, &T),
) {
    let sites = Site::both().await;
    for (spec, wanted) in cases {
        for site in &sites {
            judge(&site.run(spec.clone()).await, &wanted);
        }
    }
}

/// Runs each of these at both sites; it must return that.
pub async fn each_returns(cases: impl IntoIterator<Item = (ExecutionSpec, Value)>) {
    each(cases, |seen, wanted| seen.returned(wanted.clone())).await;
}

/// Runs each of these at both sites; it must raise that, say so on stderr, and exit with 1.
pub async fn each_raises(cases: impl IntoIterator<Item = (ExecutionSpec, String)>) {
    each(cases, |seen, error| {
        seen.raised(1, error);
        assert!(seen.stderr.contains(error.as_str()), "{seen:#?}");
        assert!(!seen.stderr.contains("main.py"), "nothing of ours: {seen:#?}");
    })
    .await;
}

#[actix_rt::test]
async fn a_handler_of_another_language_is_not_started() {
    let site = Site::cold().await;
    let spec = ExecutionSpec { language: "sh".to_owned(), ..body("return {}") };
    let seen = site.run(spec).await;
    let reason = "A program in the language `sh` cannot have a handler: only `python` has them.";
    assert_eq!(seen.outcome, Outcome::SpawnFailed { reason: reason.to_owned() });
}

#[actix_rt::test]
async fn a_handler_runs_at_every_level() {
    for level in [Isolation::None, Isolation::Confined, Isolation::Sandbox] {
        let change = |config: &mut Config| config.execution.isolation = level;
        let site = Site::with(StartMode::Cold, change).await;
        site.run(body("return {'done': 1}")).await.returned(json!({"done": 1}));
        site.run(body("raise ValueError('bad')")).await.raised(1, "ValueError: bad");
    }
}
