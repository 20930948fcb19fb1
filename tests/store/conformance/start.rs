//! Rules of starting and requeueing.
//! Ends executions only where that shows who has them.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use ringback::domain::{
    Callback, CancelWish, Endpoint, Entrypoint, Epoch, ExecutionId, ExecutionSpec, FunctionKey,
    Guard, HandlerCall, Invocation, Limits, OnInterrupt, OnOutputLimit, PayloadFormat, PayloadKind,
    Priority, Progress, Requeue, RetryPolicy, RetrySchedule, State, Tenant, Traceparent,
    WorkingDir,
};
use ringback::store::{NewExecution, Requeued, Settled, Store, Turn};
use serde_json::json;

use crate::support::{Backend, epoch, exited, finish, plain, queued, read, running, turns};

fn full_spec() -> ExecutionSpec {
    ExecutionSpec {
        language: "node".into(),
        code: format!("'☃ \u{0} {}'", "x".repeat(1024 * 1024)),
        entrypoint: Entrypoint::Handler(Box::new(HandlerCall {
            config: json!({"webhook_url": "http://a/", "n": [1.5]}).as_object().unwrap().clone(),
            payload: PayloadKind::Bytes,
            request_id: Some("mine ☃".into()),
        })),
        stdin: Some("line\r\n\u{0}☃".into()),
        env: [("TOKEN".into(), "hunter2 ☃\u{0}".into()), ("EMPTY".into(), "".into())].into(),
        working_dir: WorkingDir::Workspace("data/ä".into()),
        timeout: Duration::from_millis(1),
        priority: Priority::MAX,
        queue_timeout: Some(Duration::from_secs(60)),
        output_bytes: 64 * 1024 * 1024,
        on_output_limit: OnOutputLimit::Fail,
        limits: Limits {
            memory_bytes: Some(64 * 1024 * 1024),
            processes: Some(1),
            cpu_time: Some(Duration::from_millis(1500)),
            open_files: Some(1024),
            disk_bytes: Some(1 << 40),
        },
        network: true,
        traceparent: Traceparent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"),
        on_interrupt: OnInterrupt::Rerun,
        labels: [("a".into(), "b".into())].into(),
        metadata: json!({"n": 1.5}).as_object().unwrap().clone(),
        callback: Some(Callback {
            endpoint: Endpoint {
                url: "https://example.com/".into(),
                payload_format: PayloadFormat::Hopx,
                progress: Progress { started: true, output: true },
                retry: RetryPolicy {
                    schedule: Some(RetrySchedule::new(vec![Duration::from_millis(1500)])),
                    max_age: Some(Duration::from_secs(60)),
                },
            },
            headers: vec![
                ("b".into(), "2".into()),
                ("a".into(), "1".into()),
                ("b".into(), "".into()),
            ],
            signing_secret: Some("whsec_x".into()),
        }),
        invocation: Some(Invocation {
            function: FunctionKey { name: "f".parse().unwrap(), variant: "v".parse().unwrap() },
            version: 7,
            request_id: Some("mine ☃".into()),
        }),
    }
}

pub async fn the_spec_comes_back_whole_with_the_start(backend: &impl Backend) {
    let store = backend.open().await;
    let listed = WorkingDir::Listed("/srv/data".into());
    let most = Some(u64::from(u32::MAX) << 31);
    let limits = Limits { disk_bytes: most, processes: None, ..full_spec().limits };
    let specs = [
        full_spec(),
        ExecutionSpec { limits, network: false, ..full_spec() },
        ExecutionSpec { working_dir: listed, stdin: Some(String::new()), ..full_spec() },
        ExecutionSpec::new("python", ""),
    ];
    for spec in specs {
        store.accept(queued(spec.clone())).await.unwrap();
        let started = store.start(&turns(1)).await.unwrap().remove(0);
        assert_eq!(*started.spec, spec);
        assert_eq!(read(&*store, started.execution.id).await, started.execution);
    }
}

pub async fn the_oldest_start_first_and_no_more_than_asked_for(backend: &impl Backend) {
    let store = backend.open().await;
    let mut accepted = Vec::new();
    for _ in 0..5 {
        accepted.push(store.accept(plain()).await.unwrap().execution.id);
    }
    backend.advance(Duration::from_secs(1)).await;
    for (slots, expected) in [(0, &[][..]), (2, &accepted[..2]), (9, &accepted[2..]), (9, &[])] {
        let started = store.start(&turns(slots)).await.unwrap();
        let ids: Vec<_> = started.iter().map(|started| started.execution.id).collect();
        assert_eq!(ids, expected, "{slots} slots");
        for started in started {
            let execution = started.execution;
            assert_eq!(epoch(&execution), Epoch(1));
            assert!(execution.started_at() > Some(execution.created_at));
        }
    }
}

/// Accepts one of a tenant's that is ahead by so many seconds, and says how it is called.
async fn accept_ahead(store: &dyn Store, tenant: &str, seconds: u64) -> ExecutionId {
    let (tenant, ahead) = (Tenant::new(tenant), Duration::from_secs(seconds));
    store.accept(NewExecution { tenant, ahead, ..plain() }).await.unwrap().execution.id
}

/// What of these tenants is started, so many at most of each.
async fn start_of(store: &dyn Store, turns: &[(&str, usize)]) -> Vec<ExecutionId> {
    let turn = |(tenant, at_most): &(&str, usize)| Turn {
        tenant: Tenant::new(*tenant),
        at_most: *at_most,
    };
    let turns: Vec<Turn> = turns.iter().map(turn).collect();
    let started = store.start(&turns).await.unwrap();
    started.into_iter().map(|started| started.execution.id).collect()
}

pub async fn each_tenant_has_what_is_asked_for_and_nobody_else_has_any(backend: &impl Backend) {
    let store = &*backend.open().await;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        a.push(accept_ahead(store, "a", 0).await);
        b.push(accept_ahead(store, "b", 0).await);
    }
    assert_eq!(start_of(store, &[]).await, []);
    assert_eq!(start_of(store, &[("nobody", 9), ("a", 0)]).await, []);
    assert_eq!(start_of(store, &[("b", 2)]).await, b[..2]);
    let rest: Vec<_> = b[2..].iter().chain(&a[..2]).copied().collect();
    assert_eq!(start_of(store, &[("b", 2), ("nobody", 1), ("a", 2)]).await, rest);
    assert_eq!(start_of(store, &[("b", 9), ("a", 9)]).await, a[2..]);
}

pub async fn who_is_ahead_starts_sooner_and_waits_no_longer_than_that(backend: &impl Backend) {
    let store = &*backend.open().await;
    let old = accept_ahead(store, "a", 0).await;
    backend.advance(Duration::from_secs(59)).await;
    let (ahead, twin) = (accept_ahead(store, "a", 60).await, accept_ahead(store, "a", 60).await);
    let far_ahead = accept_ahead(store, "a", 180).await;
    backend.advance(Duration::from_secs(2)).await;
    let too_late = accept_ahead(store, "a", 60).await;
    let order = [far_ahead, ahead, twin, old, too_late];
    for (count, expected) in [(1, &order[..1]), (3, &order[1..4]), (9, &order[4..])] {
        assert_eq!(start_of(store, &[("a", count)]).await, expected);
    }
}

pub async fn a_requeue_keeps_the_turn(backend: &impl Backend) {
    let store = &*backend.open().await;
    let first = store.accept(plain()).await.unwrap().execution.id;
    backend.advance(Duration::from_secs(1)).await;
    let second = store.accept(plain()).await.unwrap().execution.id;
    let started = store.start(&turns(1)).await.unwrap().remove(0).execution;
    assert_eq!(started.id, first);
    backend.advance(Duration::from_secs(1)).await;
    let requeued = store.requeue(first, epoch(&started), Requeue::Untried).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    let started = store.start(&turns(9)).await.unwrap();
    let ids: Vec<_> = started.iter().map(|started| started.execution.id).collect();
    assert_eq!(ids, [first, second]);
}

pub async fn concurrent_starts_never_take_one_execution_twice(backend: &impl Backend) {
    let store = backend.open().await;
    join_all((0..100).map(|_| store.accept(plain()))).await;
    let four = turns(4);
    let starts = join_all((0..32).map(|_| store.start(&four))).await;
    let mut taken: Vec<_> = starts
        .into_iter()
        .flat_map(|started| started.unwrap())
        .map(|started| started.execution.id)
        .collect();
    assert_eq!(taken.len(), 100);
    let distinct: HashSet<_> = taken.drain(..).collect();
    assert_eq!(distinct.len(), 100);
}

pub async fn requeueing_makes_another_attempt_and_fences_the_old_run(backend: &impl Backend) {
    let store = backend.open().await;
    let first = store.accept(running()).await.unwrap().execution;
    let id = first.id;
    let requeued = store.requeue(id, epoch(&first), Requeue::Interrupted).await.unwrap();
    assert_eq!(requeued, Requeued::Written);

    let waiting = read(&*store, id).await;
    assert_eq!((&waiting.state, waiting.attempt), (&State::Queued, 2));
    let old = Guard::Running(epoch(&first));
    assert_eq!(store.finish(finish(id, old, exited(0)).into()).await.unwrap(), Settled::Stale);

    let second = store.start(&turns(1)).await.unwrap().remove(0).execution;
    assert_eq!((second.id, second.attempt), (id, 2));
    assert!(epoch(&second) > epoch(&first));
    assert_eq!(store.finish(finish(id, old, exited(0)).into()).await.unwrap(), Settled::Stale);
    assert_eq!(read(&*store, id).await, second, "the old run has changed nothing");

    let new = Guard::Running(epoch(&second));
    assert_eq!(store.finish(finish(id, new, exited(0)).into()).await.unwrap(), Settled::Written);
    assert_eq!(read(&*store, id).await.attempt, 2);
}

pub async fn what_a_requeue_counts_depends_on_why(backend: &impl Backend) {
    let store = backend.open().await;
    let cases = [(Requeue::Untried, 1, 0), (Requeue::Drained, 2, 0), (Requeue::Interrupted, 2, 1)];
    for (why, attempt, interruptions) in cases {
        let first = store.accept(running()).await.unwrap().execution;
        let requeued = store.requeue(first.id, epoch(&first), why).await.unwrap();
        assert_eq!(requeued, Requeued::Written);
        let again = store.start(&turns(1)).await.unwrap().remove(0).execution;
        let State::Running(run) = again.state else { panic!("it runs: {again:?}") };
        assert_eq!((again.attempt, run.interruptions), (attempt, interruptions), "{why:?}");
        assert!(run.epoch > epoch(&first), "{why:?}");
    }
}

pub async fn only_a_run_in_its_epoch_is_requeued(backend: &impl Backend) {
    let store = backend.open().await;
    let requeue = async |id, epoch| store.requeue(id, epoch, Requeue::Interrupted).await.unwrap();
    let queued = store.accept(plain()).await.unwrap().execution;
    assert_eq!(requeue(queued.id, Epoch(0)).await, Requeued::Stale, "it waits");
    let running = store.accept(running()).await.unwrap().execution;
    assert_eq!(requeue(running.id, Epoch(0)).await, Requeued::Stale, "an older epoch");
    assert_eq!(requeue(running.id, Epoch(2)).await, Requeued::Stale, "an epoch to come");
    assert_eq!(read(&*store, running.id).await, running);

    let guard = Guard::Running(epoch(&running));
    let _ = store.finish(finish(running.id, guard, exited(0)).into()).await.unwrap();
    assert_eq!(requeue(running.id, epoch(&running)).await, Requeued::Stale, "it has ended");
    assert_eq!(requeue(plain().id, Epoch(1)).await, Requeued::Stale, "there is none");
}

pub async fn what_is_to_be_cancelled_is_not_requeued(backend: &impl Backend) {
    let store = backend.open().await;
    let running = store.accept(running()).await.unwrap().execution;
    let wish = CancelWish { reason: Some("enough".into()), by: Some("ops".into()) };
    assert!(store.wish_cancelled(running.id, wish.clone()).await.unwrap());
    let again = store.requeue(running.id, epoch(&running), Requeue::Drained).await.unwrap();
    assert_eq!(again, Requeued::Unwanted(wish));
    assert_eq!(
        store.requeue(running.id, Epoch(9), Requeue::Drained).await.unwrap(),
        Requeued::Stale
    );
    assert!(matches!(read(&*store, running.id).await.state, State::Running(_)));
}
