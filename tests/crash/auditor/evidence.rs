//! Everything that an audit looks at, gathered in an order in which nothing that goes on meanwhile
//! can look like a broken promise. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::Arguments;
use super::client::Client;
use super::database::{self, Database, Delivery, Execution};
use super::processes::{self, Live};
use super::receiver::{self, Request};
use super::runs::{self, Runs};
use super::snapshot::{self, Snapshot};

/// What was found.
#[derive(Debug)]
pub struct Evidence {
    /// What clients had been answered before the look into the database.
    pub client: Client,
    /// What the receiver had by the end of that look.
    pub requests: Vec<Request>,
    /// How many of these it had before the look.
    pub requests_before: usize,
    /// What the database said.
    pub database: Database,
    /// How often programs had begun by then; none when nobody counted.
    pub runs: Option<Runs>,
    /// What was alive after it; none when nobody looked.
    pub live: Option<Vec<Live>>,
    /// What had ended at an earlier audit.
    pub since: Option<Snapshot>,
    /// How many servers stopped in order.
    pub drains: u64,
    /// Whether everything should have ended.
    pub settled: bool,
    /// Whether the server is gone.
    pub stopped: bool,
}

impl Evidence {
    /// Looks at everything.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn gather(arguments: &Arguments) -> Result<Self, String> {
        // What was answered or told is in the database by then, so these come first ...
        let client = Client::read(&arguments.client)?;
        let requests_before = receiver::read(&arguments.receiver)?.len();
        let since = arguments.since.as_deref().map(snapshot::read).transpose()?;
        let database = database::read(&arguments.database)?;
        // ... and what the database says has happened by then, so these come after.
        let requests = receiver::read(&arguments.receiver)?;
        let runs = arguments.runs.as_deref().map(runs::read).transpose()?;
        let live = arguments.mark.as_deref().map(processes::of_executions).transpose()?;
        let Arguments { drains, settled, stopped, .. } = *arguments;
        Ok(Self {
            client,
            requests,
            requests_before,
            database,
            runs,
            live,
            since,
            drains,
            settled,
            stopped,
        })
    }

    /// An audit that has looked at nothing has found nothing wrong, and that says nothing.
    ///
    /// # Errors
    /// When clients were promised nothing, or nothing is left of what could be compared.
    pub fn refuse_nothing(&self) -> Result<(), String> {
        if self.client.submits.is_empty() {
            return Err("no submit was answered: there is nothing to audit".to_owned());
        }
        let wanted = self.client.submits.iter().any(|submit| submit.callback);
        if self.settled && wanted && self.requests.is_empty() {
            return Err("callbacks were wanted and the receiver had no request".to_owned());
        }
        let counted = self.client.submits.iter().any(|submit| submit.counted);
        if self.settled && counted && self.runs.as_ref().is_none_or(Runs::is_empty) {
            return Err("programs were to be counted and none was".to_owned());
        }
        Ok(())
    }

    /// One line that says what was looked at.
    pub fn summary(&self) -> String {
        let count = |status: &str| {
            let has = |execution: &&Execution| execution.status.as_deref() == Some(status);
            self.database.executions.iter().filter(has).count()
        };
        let or_not = |number: Option<usize>| {
            number.map_or_else(|| "not looked at".to_owned(), |number| number.to_string())
        };
        let runs = self.runs.as_ref().map(|runs| runs.values().sum::<u64>() as usize);
        format!(
            "audited: {} submits and {} cancels answered; {} executions ({} completed, {} failed, \
             {} cancelled, {} not ended); {} deliveries; {} requests of {} events; runs: {}; live \
             processes: {}; ends compared with an earlier audit: {}",
            self.client.submits.len(),
            self.client.cancels.len(),
            self.database.executions.len(),
            count("completed"),
            count("failed"),
            count("cancelled"),
            self.database.executions.iter().filter(|execution| !execution.has_ended()).count(),
            self.database.deliveries.len(),
            self.requests.len(),
            self.requests.iter().map(|request| &request.event).collect::<BTreeSet<_>>().len(),
            or_not(runs),
            or_not(self.live.as_ref().map(Vec::len)),
            or_not(self.since.as_ref().map(Snapshot::len)),
        )
    }

    /// The rows of `executions` by id; more than one is a broken promise in itself.
    pub fn executions(&self) -> BTreeMap<&str, Vec<&Execution>> {
        let mut by_id = BTreeMap::<_, Vec<_>>::new();
        for execution in &self.database.executions {
            by_id.entry(execution.id.as_str()).or_default().push(execution);
        }
        by_id
    }

    /// The rows of `deliveries` by execution.
    pub fn deliveries(&self) -> BTreeMap<&str, Vec<&Delivery>> {
        let mut by_execution = BTreeMap::<_, Vec<_>>::new();
        for delivery in &self.database.deliveries {
            by_execution.entry(delivery.execution.as_str()).or_default().push(delivery);
        }
        by_execution
    }

    /// What the receiver had, by event.
    pub fn requests(&self) -> BTreeMap<&str, Vec<&Request>> {
        let mut by_event = BTreeMap::<_, Vec<_>>::new();
        for request in &self.requests {
            by_event.entry(request.event.as_str()).or_default().push(request);
        }
        by_event
    }
}

/// The event that tells of an execution's end: the same number with another prefix.
pub fn event_of(execution: &str) -> String {
    execution.replacen("exec_", "evt_", 1)
}
