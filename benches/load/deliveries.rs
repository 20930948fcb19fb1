//! The whole way, from the request to the webhook: how many a second, and how long one takes.
//! Fails when anything that was accepted is not told of exactly once.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use ringback::domain::ExecutionId;
use tokio::sync::Semaphore;

use super::client::{Accepted, Target, beside};
use super::figures::percentile_ms;
use super::receiver::Receiver;
use super::server::{API_KEY, Server};
use super::{Plan, execution, floor, proc};

/// How many are run before anything is measured: caches fill, buffers grow, threads start.
const WARM_UP: usize = 200;

/// What running programs and telling of them costs.
pub struct Deliveries {
    /// Executions per second, until the last webhook has come.
    pub per_second: f64,
    /// Plain starts of the same program per second, as many at a time.
    pub floor_per_second: f64,
    /// Processor time of the server for one execution, without its program, in microseconds.
    pub server_us: f64,
    /// The same of the programs.
    pub program_us: f64,
    /// The same of the load generator.
    pub generator_us: f64,
    /// From writing the request to having read the webhook, one at a time.
    pub one_p50_ms: f64,
    pub one_p99_ms: f64,
    /// One plain start of the same program.
    pub floor_one_p50_ms: f64,
}

/// Measures one server from its start to its orderly end.
pub async fn measure(plan: &Plan) -> Result<Deliveries> {
    let receiver = Rc::new(Receiver::start().await?);
    let mut server = Server::start(plan.slots, &plan.program, &plan.data_dir)?;
    let target = Target::new(server.address, API_KEY, &execution(receiver.address));
    let run = Run { plan, receiver: &receiver, target: &target };
    run.many(WARM_UP).await?;

    // The floor is measured before and after: others may use this machine, too.
    let floor_before = floor::per_second(&plan.program, plan.slots, plan.executions)?;
    let (before, own_before) = (server.cpu()?, proc::cpu(std::process::id())?);
    let took = run.many(plan.executions).await?;
    let (after, own_after) = (server.cpu()?, proc::cpu(std::process::id())?);
    let floor_after = floor::per_second(&plan.program, plan.slots, plan.executions)?;

    let mut ones = run.one_at_a_time(plan.latencies).await?;
    let mut floor_ones = floor::one_at_a_time(&plan.program, plan.latencies)?;
    server.stop()?;
    ensure!(!receiver.has_more(), "more webhooks have come than executions were accepted");

    let each_us = |time: Duration| time.as_secs_f64() * 1e6 / plan.executions as f64;
    Ok(Deliveries {
        per_second: plan.executions as f64 / took.as_secs_f64(),
        floor_per_second: f64::midpoint(floor_before, floor_after),
        server_us: each_us(after.own - before.own),
        program_us: each_us(after.children - before.children),
        generator_us: each_us(own_after.own - own_before.own),
        one_p50_ms: percentile_ms(&mut ones, 50),
        one_p99_ms: percentile_ms(&mut ones, 99),
        floor_one_p50_ms: percentile_ms(&mut floor_ones, 50),
    })
}

struct Run<'a> {
    plan: &'a Plan,
    receiver: &'a Rc<Receiver>,
    target: &'a Target,
}

impl Run<'_> {
    /// Keeps so many executions under way that the slots are never idle; answers the time from
    /// the first request to the last webhook.
    async fn many(&self, count: usize) -> Result<Duration> {
        let gate = Rc::new(Semaphore::new(self.plan.in_flight));
        let work = (count, self.plan.connections);
        let began = Instant::now();
        let submitting = beside(self.target.clone().submit_many(work, Rc::clone(&gate)));
        let receiver = Rc::clone(self.receiver);
        let receiving = beside(async move {
            let mut told = HashMap::with_capacity(count);
            let mut last = began;
            for _ in 0..count {
                let arrival = receiver.next().await?;
                gate.add_permits(1);
                *told.entry(arrival.execution).or_insert(0) += 1;
                last = arrival.at;
            }
            Ok((told, last))
        });
        let (accepted, (told, last)) = tokio::try_join!(submitting, receiving)?;
        reconcile(&accepted, &told)?;
        Ok(last - began)
    }

    /// One execution after the other; answers how long each took.
    async fn one_at_a_time(&self, count: usize) -> Result<Vec<Duration>> {
        let mut connection = self.target.connect().await?;
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let began = Instant::now();
            let submitting = self.target.submit(&mut connection);
            let (accepted, arrival) = tokio::try_join!(submitting, self.receiver.next())?;
            ensure!(accepted.id == arrival.execution, "a webhook of another execution");
            all.push(arrival.at - began);
        }
        Ok(all)
    }
}

/// Every accepted execution has exactly one webhook, and there is no webhook beside these.
fn reconcile(accepted: &[Accepted], told: &HashMap<ExecutionId, usize>) -> Result<()> {
    for Accepted { id, .. } in accepted {
        match told.get(id) {
            Some(1) => {}
            Some(times) => bail!("{id} was told of {times} times"),
            None => bail!("{id} was accepted, and never told of"),
        }
    }
    ensure!(accepted.len() == told.len(), "a webhook of an execution that nobody submitted");
    Ok(())
}
