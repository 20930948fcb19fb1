//! Accepting: all that is asked for, in one transaction, queued or running at once.
//! Admits nobody and refuses nobody; that was done before.

use std::time::Duration;

use rusqlite::{Connection, named_params};

use super::super::secrets::SpecSecrets;
use super::super::{Accepted, Clock, NewExecution, SealingKey};
use super::failure::Failure;
use super::values::{delays, json, millis};
use super::{answers, idempotency, labels, specs};
use crate::domain::{DeliverySummary, Epoch, Execution, OwnerId, Progress, Run, State, Timestamp};
use crate::failpoint;

/// The epoch of an execution that starts with being accepted, as any first start gives it.
const FIRST_EPOCH: Epoch = Epoch(1);

/// A new execution made ready for the writer: what can be worked out before is.
pub(super) struct Prepared {
    new: NewExecution,
    labels: String,
    metadata: String,
    sealed: Option<Vec<u8>>,
}

impl Prepared {
    /// Seals the secrets and writes the JSON, on the thread of the caller.
    pub(super) fn new(new: NewExecution, key: &SealingKey) -> Self {
        let labels = json(&new.spec.labels);
        let metadata = json(&new.spec.metadata);
        let sealed = SpecSecrets::seal(key, new.id.uuid(), &new.spec);
        Self { new, labels, metadata, sealed }
    }

    /// Keeps the execution and answers its record, unless its key holds for another.
    pub(super) fn insert(
        self,
        database: &Connection,
        owner: OwnerId,
        clock: &Clock,
    ) -> Result<Accepted, Failure> {
        let now = clock.now();
        let tenant = &self.new.tenant;
        let answer = self.new.answer.as_ref().map(|answer| (tenant, answer));
        if let Some(answer) = answer {
            answers::refuse_another(database, answer, now)?;
        }
        let key = self.new.key.as_ref().map(|key| (tenant, key));
        if let Some(key) = key
            && let Some(execution) = idempotency::find(database, key, now)?
        {
            if let Some(answer) = answer {
                answers::put(database, answer, (&execution, Some(execution.id)), now)?;
            }
            return Ok(Accepted { execution, is_new: false });
        }
        let id = self.new.id.uuid().into_bytes();
        let run = self.new.start.then_some(Run {
            started_at: now,
            epoch: FIRST_EPOCH,
            owner,
            interruptions: 0,
        });
        self.insert_record(database, now)?;
        labels::insert(database, id, tenant, &self.new.spec.labels)?;
        specs::insert(database, id, &self.new.spec, self.sealed.as_deref())?;
        self.insert_in_queue(database, run, clock.steady())?;
        if let Some(key) = key {
            idempotency::put(database, key, self.new.id)?;
        }
        let execution = record(&self.new, run, now);
        if let Some(answer) = answer {
            answers::put(database, answer, (&execution, Some(execution.id)), now)?;
        }
        failpoint::hit("accept-before-commit");
        Ok(Accepted { execution, is_new: true })
    }

    fn insert_record(&self, database: &Connection, now: Timestamp) -> Result<(), Failure> {
        let spec = &self.new.spec;
        let endpoint = spec.callback.as_ref().map(|callback| &callback.endpoint);
        let retry = endpoint.map(|endpoint| &endpoint.retry);
        let progress = endpoint.map(|endpoint| endpoint.progress);
        let call = spec.invocation.as_ref();
        database
            .prepare_cached(
                "INSERT INTO executions (id, tenant, language, created_at, timeout_ms,
                    callback_url, payload_format, labels, metadata, callback_progress,
                    retry_delays_ms, retry_max_age_ms, function, function_variant,
                    function_version, request_id, priority, traceparent)
                 VALUES (:id, :tenant, :language, :created_at, :timeout_ms,
                    :callback_url, :payload_format, :labels, :metadata, :callback_progress,
                    :retry_delays_ms, :retry_max_age_ms, :function, :function_variant,
                    :function_version, :request_id, :priority, :traceparent)",
            )?
            .execute(named_params! {
                ":id": self.new.id.uuid().into_bytes(),
                ":tenant": self.new.tenant.as_str(),
                ":language": spec.language,
                ":created_at": now.as_millis(),
                ":timeout_ms": millis(spec.timeout),
                ":callback_url": endpoint.map(|endpoint| &endpoint.url),
                ":payload_format": endpoint.map(|endpoint| endpoint.payload_format.as_str()),
                ":labels": self.labels,
                ":metadata": self.metadata,
                ":callback_progress":
                    progress.filter(|progress| !progress.is_none()).map(Progress::names),
                ":retry_delays_ms": retry.and_then(|retry| retry.schedule.as_ref()).map(delays),
                ":retry_max_age_ms": retry.and_then(|retry| retry.max_age).map(millis),
                ":function": call.map(|call| call.function.name.as_str()),
                ":function_variant": call.map(|call| call.function.variant.as_str()),
                ":function_version": call.map(|call| call.version),
                ":request_id": call.and_then(|call| call.request_id.as_ref()),
                ":priority": spec.priority.get(),
                ":traceparent": spec.traceparent.map(|traceparent| traceparent.to_string()),
            })?;
        Ok(())
    }

    fn insert_in_queue(
        &self,
        database: &Connection,
        run: Option<Run>,
        steady: Timestamp,
    ) -> Result<(), Failure> {
        let expires_at = self.new.spec.queue_timeout.map(|timeout| steady.after(timeout));
        database
            .prepare_cached(
                "INSERT INTO queue
                    (id, tenant, state, epoch, attempt, owner, started_at, expires_at, turn)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
            )?
            .execute((
                self.new.id.uuid().into_bytes(),
                self.new.tenant.as_str(),
                if run.is_some() { "running" } else { "queued" },
                run.map_or(0, |run| run.epoch.0),
                run.map(|run| run.owner.uuid().into_bytes()),
                run.map(|run| run.started_at.as_millis()),
                expires_at.map(Timestamp::as_millis),
                steady.as_millis().saturating_sub(millis(self.new.ahead)),
            ))?;
        Ok(())
    }
}

/// The record as it will be read back.
fn record(new: &NewExecution, run: Option<Run>, now: Timestamp) -> Execution {
    let spec = &new.spec;
    Execution {
        id: new.id,
        tenant: new.tenant.clone(),
        language: spec.language.clone(),
        timeout: as_kept(spec.timeout),
        priority: spec.priority,
        created_at: now,
        labels: spec.labels.clone(),
        metadata: spec.metadata.clone(),
        endpoint: spec.callback.as_ref().map(|callback| callback.endpoint.clone()),
        invocation: spec.invocation.clone(),
        traceparent: spec.traceparent,
        attempt: 1,
        cancelling: false,
        state: run.map_or(State::Queued, State::Running),
        delivery: DeliverySummary::None,
    }
}

fn as_kept(duration: Duration) -> Duration {
    Duration::from_millis(millis(duration).unsigned_abs())
}
