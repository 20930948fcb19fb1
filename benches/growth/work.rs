//! What is asked of a store all day long, one after the other, each timed by itself.
//! Knows nothing of how large the database is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ringback::domain::{
    Attempt, AttemptOutcome, Callback, Captured, DeliveryId, Ended, Endpoint, EventId, EventType,
    Execution, ExecutionId, ExecutionSpec, Guard, Next, Outcome, PayloadFormat, State, Status,
    Tenant, Timings, Trigger,
};
use ringback::store::{
    AttemptMade, Clock, Finish, NewDelivery, NewExecution, Page, Rooms, Settled, Store, Turn,
};

/// How often each thing is done in a round.
const TIMES: usize = 50;

/// How many of each kind fill a page.
const PAGE: usize = 50;

const URL: &str = "http://127.0.0.1:9/hooks/executions";

/// What was done, and how long it took each time.
pub type Figures = Vec<(&'static str, Vec<Duration>)>;

/// What the store is asked for one execution.
fn one_turn() -> [Turn; 1] {
    [Turn { tenant: Tenant::default(), at_most: 1 }]
}

/// Leaves enough executions for a page of those that failed, and for one of those that wait.
pub async fn leave_some(store: &dyn Store, clock: &Clock) -> Result<()> {
    for _ in 0..PAGE {
        accept(store).await?;
        let started = store.start(&one_turn()).await?.pop().context("one waits")?;
        finish(store, started.execution, 1, clock).await?;
        let claimed = store.claim_deliveries(Rooms::total(1)).await?;
        deliver(store, claimed.due.first().context("one is due")?.id, clock).await?;
    }
    for _ in 0..PAGE {
        accept(store).await?;
    }
    Ok(())
}

/// Runs the whole life of a few executions, a step of all of them at a time.
pub async fn all(store: &dyn Store, clock: &Clock) -> Result<Figures> {
    let [mut accepts, mut starts, mut finishes, mut claims, mut attempts] =
        [const { Vec::new() }; 5];
    let mut started = Vec::new();
    for _ in 0..TIMES {
        timed(&mut accepts, accept(store)).await?;
    }
    for _ in 0..TIMES {
        let mut one = timed(&mut starts, async { Ok(store.start(&one_turn()).await?) }).await?;
        started.push(one.pop().context("one waits")?.execution);
    }
    for execution in started {
        timed(&mut finishes, finish(store, execution, 0, clock)).await?;
    }
    for _ in 0..TIMES {
        let claim = async { Ok(store.claim_deliveries(Rooms::total(1)).await?) };
        let claimed = timed(&mut claims, claim).await?;
        let delivery = claimed.due.first().context("one is due")?.id;
        timed(&mut attempts, deliver(store, delivery, clock)).await?;
    }
    Ok(vec![
        ("accept", accepts),
        ("start one", starts),
        ("finish, with a delivery", finishes),
        ("claim a delivery", claims),
        ("record an attempt", attempts),
        ("read one", reads(store).await?),
        ("list 50", lists(store, None).await?),
        ("list 50 that failed", lists(store, Some(Status::Failed)).await?),
        ("list 50 that wait", lists(store, Some(Status::Queued)).await?),
    ])
}

async fn timed<T>(times: &mut Vec<Duration>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let began = Instant::now();
    let done = work.await;
    times.push(began.elapsed());
    done
}

/// Accepts one execution, to be queued.
pub async fn accept(store: &dyn Store) -> Result<()> {
    let callback = Callback {
        endpoint: Endpoint::new(URL, PayloadFormat::Standard),
        headers: Vec::new(),
        signing_secret: None,
    };
    let spec = ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("sh", "true") };
    let id = ExecutionId::generate();
    let new = NewExecution {
        id,
        tenant: Tenant::default(),
        spec: Arc::new(spec),
        start: false,
        ahead: Duration::ZERO,
        key: None,
        answer: None,
    };
    store.accept(new).await?;
    Ok(())
}

async fn finish(store: &dyn Store, execution: Execution, code: i32, clock: &Clock) -> Result<()> {
    let State::Running(run) = execution.state else { anyhow::bail!("it was started") };
    let ended = Ended {
        stdout: Captured::whole(b"report 1\nreport 2\n".to_vec()),
        ..Ended::without_output(Outcome::Exited { code }, Some(run.started_at), clock.now())
    };
    let delivery = NewDelivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(execution.id),
        event_type: EventType::Completed,
        tenant: Tenant::default(),
        url: URL.to_owned(),
        host: "127.0.0.1:9".to_owned(),
        payload_format: PayloadFormat::Standard,
        body: vec![b'x'; 600],
        schedule: None,
        attempts_max: 9,
        max_age: None,
    };
    let guard = Guard::Running(run.epoch);
    let finish = Finish { id: execution.id, guard, ended, delivery: Some(delivery) };
    ensure!(store.finish(finish.into()).await? == Settled::Written, "nobody was first");
    Ok(())
}

async fn deliver(store: &dyn Store, delivery: DeliveryId, clock: &Clock) -> Result<()> {
    let attempt = Attempt {
        number: 1,
        trigger: Trigger::Schedule,
        started_at: clock.now(),
        address: None,
        request_headers: Vec::new(),
        outcome: AttemptOutcome { status_code: Some(200), ..AttemptOutcome::default() },
        timings: Timings { total: Duration::from_millis(3), ..Timings::default() },
        next_attempt_at: None,
    };
    let made = AttemptMade { delivery, wishes: 0, attempt, next: Next::Delivered };
    store.record_attempt(made).await?;
    Ok(())
}

async fn lists(store: &dyn Store, status: Option<Status>) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let page = Page { limit: PAGE, status, ..Page::default() };
        timed(&mut times, async { Ok(store.executions(&Tenant::default(), page).await?) }).await?;
    }
    Ok(times)
}

async fn reads(store: &dyn Store) -> Result<Vec<Duration>> {
    let page = Page { limit: TIMES, ..Page::default() };
    let mut times = Vec::new();
    for execution in store.executions(&Tenant::default(), page).await? {
        let read = async { Ok(store.execution(&Tenant::default(), execution.id).await?) };
        timed(&mut times, read).await?.context("it was listed")?;
    }
    Ok(times)
}
