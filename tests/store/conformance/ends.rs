//! What is kept of an end: outcome, output, result, usage.
//! Says nothing about who may end an execution.

use std::time::Duration;

use ringback::domain::{
    Captured, Ended, Exceeded, Execution, Exit, Guard, Outcome, ProgramResult, StartMode,
    Timestamp, Usage,
};
use ringback::store::{Settled, Store};

use crate::support::{Backend, NOW, epoch, exited, finish, page, read, running, tenant};

/// Ends an execution like that and reads it back.
async fn end(store: &dyn Store, ended: Ended) -> Execution {
    let accepted = store.accept(running()).await.unwrap().execution;
    let guard = Guard::Running(epoch(&accepted));
    let settled = store.finish(finish(accepted.id, guard, ended.clone()).into()).await.unwrap();
    assert_eq!(settled, Settled::Written);
    let found = read(store, accepted.id).await;
    assert_eq!(found.ended(), Some(&ended));
    assert!(!found.cancelling);
    assert_eq!(found.created_at, accepted.created_at);
    found
}

pub async fn every_outcome_reads_back(backend: &impl Backend) {
    let store = backend.open().await;
    let over = |exceeded, exit| Outcome::LimitExceeded { exceeded, exit };
    let text = || Some("☃ 'its' \"text\"".to_owned());
    let outcomes = [
        Outcome::Exited { code: 0 },
        Outcome::Exited { code: 255 },
        Outcome::Exited { code: i32::MIN },
        Outcome::Raised { code: 1, error: "ValueError: ☃ 'its' \"text\"".into() },
        Outcome::Raised { code: 0, error: String::new() },
        Outcome::Signaled { signal: 9 },
        Outcome::TimedOut { timeout: Duration::from_millis(1500), exit: Some(Exit::Signal(9)) },
        Outcome::Cancelled { reason: None, by: None, exit: None },
        Outcome::Cancelled { reason: text(), by: None, exit: None },
        Outcome::Cancelled {
            reason: Some(String::new()),
            by: text(),
            exit: Some(Exit::Signal(15)),
        },
        over(Exceeded::Memory { limit_bytes: 64 * 1024 * 1024 }, Some(Exit::Signal(9))),
        over(Exceeded::CpuTime { limit: Duration::from_millis(2500) }, Some(Exit::Signal(24))),
        over(Exceeded::Output { limit_bytes: 1 << 40 }, Some(Exit::Code(0))),
        over(Exceeded::Output { limit_bytes: 1 }, None),
        Outcome::SpawnFailed { reason: "no such command".into() },
        Outcome::Interrupted { reason: String::new() },
        Outcome::QueueExpired { queue_timeout: Duration::from_secs(2) },
    ];
    for outcome in outcomes {
        let ended = Ended::without_output(outcome.clone(), None, NOW);
        let found = end(&*store, ended).await;
        assert_eq!(found.status(), outcome.status());
        assert_eq!(found.started_at(), None, "as the end says, it never started");
    }
    let usage = Some(Usage { cpu_seconds: 0.1 + 0.2, memory_peak_bytes: 1 << 40 });
    let started_at = Some(Timestamp::from_millis(NOW.as_millis() - 1));
    end(&*store, Ended { usage, started_at, ..exited(0) }).await;
}

pub async fn how_a_program_started_and_what_it_left_behind_read_back(backend: &impl Backend) {
    let store = backend.open().await;
    for start in [None, Some(StartMode::Cold), Some(StartMode::Warm)] {
        for descendants_killed in [0, 3, u32::MAX] {
            let found = end(&*store, Ended { start, descendants_killed, ..exited(0) }).await;
            let listed = store.executions(&tenant(), page(1)).await.unwrap();
            assert_eq!(listed, [found], "a page has it as well");
        }
    }
}

pub async fn output_reads_back_byte_for_byte(backend: &impl Backend) {
    let store = backend.open().await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let large = every_byte.repeat(16 * 1024);
    let cut = |total| Captured { head: large.clone(), tail: every_byte.clone(), total };
    let outputs = [
        Captured::default(),
        Captured::whole(*b"\x00"),
        Captured::whole("☃\u{0}\r\n"),
        Captured::whole(every_byte.clone()),
        cut(1 << 40),
        Captured { total: 7, ..Captured::default() },
    ];
    for stdout in &outputs {
        for stderr in &outputs {
            let ended = Ended { stdout: stdout.clone(), stderr: stderr.clone(), ..exited(0) };
            end(&*store, ended).await;
        }
    }
}

pub async fn results_read_back(backend: &impl Backend) {
    let store = backend.open().await;
    let long = format!("[{}0]", "0,".repeat(500_000));
    let results = [
        ProgramResult::None,
        ProgramResult::Json("null".into()),
        ProgramResult::Json("{\"b\": 1.0,  \"a\":\t\"\\u0000 ☃\", \"b\": 2}".into()),
        ProgramResult::Json(long),
        ProgramResult::Rejected("The result is not JSON.".into()),
    ];
    for result in results {
        end(&*store, Ended { result, ..exited(0) }).await;
    }
}
