//! Engines on temporary directories, and what tests submit to them.
//! Asserts nothing itself but that things end in time.

use std::time::Duration;

use ringback::domain::{Execution, ExecutionSpec, Tenant};
use ringback::{Builder, Engine, Ringback, Submit};

pub const KEY: &str = "a-key-of-16-characters";

/// Longer than anything here should ever take.
pub const LONG: Duration = Duration::from_secs(20);

/// A builder on a directory that is gone with the answer's second half.
pub fn builder() -> (Builder, tempfile::TempDir) {
    let data_dir = tempfile::tempdir().unwrap();
    let builder = Ringback::builder().data_dir(data_dir.path()).api_key(KEY).slots(2);
    // The main function of a test is not ours to call anything in.
    (builder.launcher_binary(env!("CARGO_BIN_EXE_ringback")), data_dir)
}

pub async fn submit(engine: &Engine, spec: ExecutionSpec) -> Execution {
    let submit = Submit::new(Tenant::default(), spec);
    engine.supervisor().send(submit).await.unwrap().unwrap().execution
}

pub async fn ended(engine: &Engine, execution: &Execution) -> Execution {
    let tenant = Tenant::default();
    let ended = engine.ended(&tenant, execution.id);
    actix_rt::time::timeout(LONG, ended).await.expect("it ends in time").unwrap().unwrap()
}

pub async fn run(engine: &Engine, code: &str) -> Execution {
    let accepted = submit(engine, ExecutionSpec::new("sh", code)).await;
    ended(engine, &accepted).await
}

pub fn stdout(execution: &Execution) -> String {
    let ended = execution.ended().expect("it has ended");
    String::from_utf8(ended.stdout.bytes().0).unwrap()
}
