//! How many executions a second are accepted durably, and what a long queue costs in memory.
//! One long program has the only slot, so that nothing but accepting goes on.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tokio::sync::Semaphore;

use super::client::Target;
use super::figures::percentile_ms;
use super::proc;
use super::server::{API_KEY, Server};
use super::{Plan, execution};

/// How many are queued when the memory is read.
const QUEUED: usize = 10_000;

/// What accepting costs.
pub struct Accepts {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Processor time of the server for one of them, in microseconds.
    pub server_us: f64,
    /// The same of the load generator.
    pub generator_us: f64,
    /// Resident memory of the server after its start, in bytes.
    pub idle_bytes: u64,
    /// The same with [`QUEUED`] executions queued.
    pub queued_bytes: u64,
}

/// Measures one server from its start to its being killed.
pub async fn measure(plan: &Plan) -> Result<Accepts> {
    let mut server = Server::start(1, &plan.program, &plan.data_dir)?;
    let idle_bytes = server.quiet()?;
    occupy_the_slot(&server).await?;
    // Nothing is called back: nothing that is measured here runs.
    let body = execution("127.0.0.1:9".parse()?);
    let target = Target::new(server.address, API_KEY, &body);
    let endless = Rc::new(Semaphore::new(Semaphore::MAX_PERMITS));

    let work = (QUEUED, plan.connections);
    let first = target.clone().submit_many(work, Rc::clone(&endless)).await?.len();
    let queued_bytes = server.quiet()?;

    let (before, own_before) = (server.cpu()?, proc::cpu(std::process::id())?);
    let began = Instant::now();
    let accepted = target.submit_many((plan.accepts, plan.connections), endless).await?;
    let took = began.elapsed();
    let (after, own_after) = (server.cpu()?, proc::cpu(std::process::id())?);

    server.kill()?;
    // The long program is one more.
    let expected = first + accepted.len() + 1;
    let found = kept(&server)?;
    ensure!(found == expected, "{expected} were accepted, and {found} are in the database");

    let each_us = |time: Duration| time.as_secs_f64() * 1e6 / accepted.len() as f64;
    let mut times: Vec<Duration> = accepted.iter().map(|accepted| accepted.took).collect();
    Ok(Accepts {
        per_second: accepted.len() as f64 / took.as_secs_f64(),
        p50_ms: percentile_ms(&mut times, 50),
        p99_ms: percentile_ms(&mut times, 99),
        server_us: each_us(after.own - before.own),
        generator_us: each_us(own_after.own - own_before.own),
        idle_bytes,
        queued_bytes,
    })
}

/// How many executions a database holds whose server was killed.
fn kept(server: &Server) -> Result<usize> {
    let database = Connection::open_with_flags(
        server.database(),
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let executions =
        database.query_row("SELECT count(*) FROM executions", [], |row| row.get::<_, i64>(0))?;
    let queue = database.query_row("SELECT count(*) FROM queue", [], |row| row.get::<_, i64>(0))?;
    ensure!(executions == queue, "{executions} executions, and {queue} in the queue");
    Ok(usize::try_from(executions)?)
}

/// Gives the only slot away, to a program that outlasts the run and ends with the server.
async fn occupy_the_slot(server: &Server) -> Result<()> {
    let body = json!({ "language": "sh", "code": "exec sleep 3600" });
    let target = Target::new(server.address, API_KEY, &body);
    target.submit(&mut target.connect().await?).await?;
    server.quiet()?;
    Ok(())
}
