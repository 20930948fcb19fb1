//! What the body of a webhook costs: each format, for a program that said little and one that
//! said much. Signs nothing.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringback::domain::{
    Captured, DeliverySummary, Ended, Endpoint, Event, Execution, ExecutionId, Outcome,
    PayloadFormat, Priority, State, Tenant, Timestamp,
};
use ringback::webhook::payload::{self, Room};

const ROOM: Room = Room { bytes_max: 256 * 1024, public_url: String::new() };

fn payloads(criterion: &mut Criterion) {
    let line = "2025-06-15T15:06:40.120Z INFO \"quoted\" and a\ttab, as logs have them\n";
    let large = line.repeat(64 * 1024 / line.len());
    let mut group = criterion.benchmark_group("payload");
    for (size, output) in [("small", "hi\n"), ("64 KiB", &large)] {
        for format in PayloadFormat::ALL {
            let event = event(format, output);
            group.throughput(Throughput::Bytes(payload::body(format, &event, &ROOM).len() as u64));
            let name = BenchmarkId::new(format.as_str(), size);
            group.bench_with_input(name, &event, |bench, event| {
                bench.iter(|| payload::body(format, black_box(event), &ROOM));
            });
        }
    }
    group.finish();
}

/// A program that ran for 1.5 s and exited 0.
fn event(format: PayloadFormat, output: &str) -> Event {
    let outcome = Outcome::Exited { code: 0 };
    let started_at = Some(Timestamp::from_millis(2_000));
    let ended = Ended::without_output(outcome, started_at, Timestamp::from_millis(3_500));
    let ended = Ended { stdout: Captured::whole(output), ..ended };
    let execution = Execution {
        id: ExecutionId::generate(),
        tenant: Tenant::default(),
        language: "python".to_owned(),
        timeout: Duration::from_secs(60),
        priority: Priority::default(),
        created_at: Timestamp::from_millis(1_000),
        labels: [("team".to_owned(), "reports".to_owned())].into(),
        metadata: serde_json::Map::new(),
        endpoint: Some(Endpoint::new("https://example.com/hooks", format)),
        invocation: None,
        traceparent: None,
        attempt: 1,
        cancelling: false,
        state: State::Queued,
        delivery: DeliverySummary::None,
    };
    Event::of(&execution.into_ended(ended)).expect("it has ended")
}

criterion_group!(benches, payloads);
criterion_main!(benches);
