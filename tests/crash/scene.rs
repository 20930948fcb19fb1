//! A server that is to be lost at a certain place, a receiver that takes everything, and what they
//! and the clients know, kept for the auditor. Expects nothing; the tests do.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::ledger::Outstanding;
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

/// Runs until it is killed the first time that it runs, and completes the second time.
pub const SECOND_TIME_LUCKY: &str =
    "[ \"$(grep -c \"$RINGBACK_EXECUTION_ID\" begun)\" = 1 ] && exec sleep 1000\necho again";

/// A server, what it calls back, and what is known of both.
pub struct Scene {
    /// The server.
    pub app: TestApp,
    /// What it calls back.
    pub receiver: TestReceiver,
    /// What is written down for the auditor.
    pub evidence: Evidence,
}

impl Scene {
    /// A server with so many slots that is armed with these failpoints.
    pub fn with(failpoints: &str, slots: usize) -> Self {
        Self::of(TestReceiver::start(), |options| options.slots(slots).failpoints(failpoints))
    }

    /// A server that is started differently, and a receiver that may answer differently.
    pub fn of(receiver: TestReceiver, change: impl FnOnce(Options) -> Options) -> Self {
        let evidence = Evidence::new();
        let app = TestApp::with(|options| change(evidence.allowing(options)));
        Self { app, receiver, evidence }
    }

    /// A program that says that it begins, calls back, and is to be treated so when it is lost.
    pub fn program(&self, code: &str, on_interrupt: &str) -> Value {
        let mut program = self.evidence.program(&self.receiver, code);
        program["on_interrupt"] = json!(on_interrupt);
        program
    }

    /// Submits a program to a server that lives to answer.
    #[track_caller]
    pub fn submit(&self, program: &Value) -> String {
        self.try_submit(program).expect("the server answers with an id")
    }

    /// Submits a program to a server that may be lost before it answers.
    pub fn try_submit(&self, program: &Value) -> Option<String> {
        let answer = self.app.request("POST", "/v1/executions").json(program).try_send().ok()?;
        let id = answer.expect(202).json()["id"].as_str().map(str::to_owned)?;
        self.evidence.submitted(program, &id);
        Some(id)
    }

    /// Takes the only slot with a program that does not end, and gives its id.
    #[track_caller]
    pub fn occupy(&self) -> String {
        let id = self.submit(&self.program("exec sleep 1000", "fail"));
        self.app.wait_for_program("sleep 1000");
        id
    }

    /// Waits until the server has killed itself.
    #[track_caller]
    pub fn killed(&mut self) {
        was_killed(self.app.ended());
    }

    /// Kills the server at a moment at which all of these run.
    #[track_caller]
    pub fn killed_when_all_run(&mut self, ids: &[String]) {
        eventually(DEADLINE, "all of them run", || {
            ids.iter().all(|id| self.evidence.runs_of(id) == 1).then_some(())
        });
        self.app.kill9();
    }

    /// Waits until the server has killed itself, and starts the next one, which does not.
    #[track_caller]
    pub fn killed_and_started_again(&mut self) {
        self.killed();
        self.start_again();
    }

    /// Starts a server that is armed like this, which kills itself before it has settled all that
    /// the one before it had left.
    #[track_caller]
    pub fn dies_at_its_start(&mut self, failpoints: &str) {
        self.app.change(|options| options.failpoints(failpoints));
        was_killed(self.app.restart_to_its_end());
    }

    /// Starts a server that is not armed.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.app.change(|options| options.failpoints(""));
        self.app.restart();
    }

    /// The ids of all that the server has, the oldest first.
    #[track_caller]
    pub fn all(&self) -> Vec<String> {
        let page = self.app.get("/v1/executions?limit=200").expect(200).json();
        let records = page["data"].as_array().expect("a list").iter().rev();
        records.map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Fails the test unless an execution ends so, in this attempt, and is told so.
    #[track_caller]
    pub fn ends(&self, id: &str, (status, cause): (&str, &str), attempt: u32) {
        let record = self.app.finished(id);
        let is = (&record["status"], &record["cause"], &record["attempt"]);
        assert_eq!(is, (&json!(status), &json!(cause), &json!(attempt)), "{record:#}");
        self.app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }

    /// How many requests told of an execution.
    pub fn told(&self, id: &str) -> usize {
        let event = id.replace("exec_", "evt_");
        let requests = self.receiver.received();
        requests.iter().filter(|request| request.header("webhook-id") == Some(&event)).count()
    }

    /// Waits until nothing is left to do, stops the server and has everything audited.
    #[track_caller]
    pub fn audit(self) {
        self.audit_after(0);
    }

    /// The same when so many servers have stopped in order while programs ran.
    #[track_caller]
    pub fn audit_after(mut self, drains: usize) {
        let data_dir = self.app.data_dir();
        eventually(DEADLINE, "nothing is left to do", || {
            (Outstanding::of(&data_dir) == Outstanding::NOTHING).then_some(())
        });
        self.app.terminate();
        for request in self.receiver.received() {
            self.evidence.received(&request);
        }
        let drains = drains.to_string();
        let flags = ["--settled", "--stopped", "--mark", self.app.mark(), "--drains", &drains];
        self.evidence.audit(&data_dir, &flags);
    }
}

#[track_caller]
fn was_killed(status: ExitStatus) {
    assert_eq!(status.signal(), Some(9), "the server ended in another way: {status}");
}
