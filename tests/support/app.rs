//! `TestApp`: the real server on a data directory of its own, spoken to over HTTP.
//! Its drop fails the test when a program has outlived the server.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::client::{Answer, Request};
use super::options::{API_KEY, Options};
use super::processes::{self, Process};
use super::server::Server;
use super::wait::{DEADLINE, eventually, within};

/// How long programs may take to be gone after their server.
const CLEANUP: Duration = Duration::from_secs(3);

/// The real server, its data directory, and the way to it.
pub struct TestApp {
    options: Options,
    directory: TempDir,
    server: Server,
    address: SocketAddr,
    /// What the servers before the present one said.
    past_stderr: String,
}

/// An execution that was accepted.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// Its id.
    pub id: String,
    /// The whole answer.
    pub answer: Answer,
}

impl TestApp {
    /// A server that may call back to 127.0.0.1.
    #[track_caller]
    pub fn start() -> Self {
        Self::with(|options| options)
    }

    /// A server that is started differently.
    #[track_caller]
    pub fn with(change: impl FnOnce(Options) -> Options) -> Self {
        Self::try_with(change)
            .unwrap_or_else(|said| panic!("the server ended at its start: {said}"))
    }

    /// A server that may refuse to start.
    ///
    /// # Errors
    /// What it said before it ended.
    pub fn try_with(change: impl FnOnce(Options) -> Options) -> Result<Self, String> {
        let options = change(Options::default()).marked();
        let directory = tempfile::tempdir().expect("a temporary directory");
        if options.is_way_open {
            let open = Permissions::from_mode(0o711);
            std::fs::set_permissions(directory.path(), open).expect("our own directory");
        }
        if options.user.is_some() {
            chown(directory.path(), options.user, options.user).expect("root may give it away");
        }
        let server = Server::spawn(&options, &data_dir_in(&directory));
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut app = Self { options, directory, server, address, past_stderr: String::new() };
        match app.server.ready() {
            Ok(address) => app.address = address,
            Err(_) => {
                let status = app.server.end();
                return Err(format!("{status}\n{}", app.server.stderr()));
            }
        }
        Ok(app)
    }

    /// Submits an execution to `POST /v1/executions`, which must take it.
    #[track_caller]
    pub fn submit(&self, body: Value) -> Submitted {
        let answer = self.post("/v1/executions", &body).expect(202);
        let id = answer.json()["id"].as_str().expect("an accepted execution has an id").to_owned();
        Submitted { id, answer }
    }

    /// Submits an execution and gives the record of its end.
    #[track_caller]
    pub fn run(&self, body: Value) -> Value {
        let id = self.submit(body).id;
        self.finished(&id)
    }

    /// GET with the admin key.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    /// POST of JSON with the admin key.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send()
    }

    /// DELETE without a body, with the admin key.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    /// A request with the admin key, to be filled and sent.
    pub fn request(&self, method: &str, path: &str) -> Request {
        self.anonymous(method, path).header("authorization", &format!("Bearer {API_KEY}"))
    }

    /// A request without credentials.
    pub fn anonymous(&self, method: &str, path: &str) -> Request {
        Request::new(method, format!("http://{}{path}", self.address))
    }

    /// The record of an execution as it is now.
    #[track_caller]
    pub fn record(&self, id: &str) -> Value {
        self.get(&format!("/v1/executions/{id}")).expect(200).json()
    }

    /// The record of an execution once it satisfies a condition.
    #[track_caller]
    pub fn wait_for(&self, id: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = within(DEADLINE, || {
            last = self.record(id);
            wanted(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("not within {DEADLINE:?}: {what}; the record is {last:#}"))
    }

    /// The record of an execution once it has ended.
    #[track_caller]
    pub fn finished(&self, id: &str) -> Value {
        self.wait_for(id, "it has ended", |record| {
            ["completed", "failed", "cancelled"].iter().any(|status| record["status"] == **status)
        })
    }

    /// Waits until a program of this server shows itself with these words in its command line.
    #[track_caller]
    pub fn wait_for_program(&self, words: &str) -> Process {
        eventually(DEADLINE, format!("a program with `{words}` runs"), || {
            self.programs().into_iter().find(|program| program.command.contains(words))
        })
    }

    /// Every living process that a program of this server is, or has left behind.
    pub fn programs(&self) -> Vec<Process> {
        processes::with_environment(&["RINGBACK_EXECUTION_ID=exec_", self.options.mark()])
    }

    /// Where the server keeps its data.
    pub fn data_dir(&self) -> PathBuf {
        data_dir_in(&self.directory)
    }

    /// What the environment of every program of this server has in it.
    pub fn mark(&self) -> &str {
        self.options.mark()
    }

    /// A directory that the test may use as it likes and that goes with the server.
    pub fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's process number.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// All that this server and those before it have said on stderr.
    pub fn stderr(&self) -> String {
        format!("{}{}", self.past_stderr, self.server.stderr())
    }

    /// Listens to one more line of the server or its launcher, and then to nothing.
    pub fn hang_up(&self) {
        self.server.hang_up();
    }

    /// Whether nobody listens any more.
    pub fn is_hung_up(&self) -> bool {
        self.server.is_hung_up()
    }

    /// The most memory that the server ever had resident, in bytes.
    pub fn memory_peak(&self) -> u64 {
        processes::memory_peak(self.pid())
    }

    /// The memory that the server has resident now, in bytes.
    pub fn rss_bytes(&self) -> u64 {
        processes::memory_now(self.pid())
    }

    /// Ends the server as a power failure would.
    pub fn kill9(&mut self) {
        self.server.signal(Signal::KILL);
        self.server.end();
    }

    /// Ends the server with SIGTERM and gives what it ended with.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        let (status, by_itself) = self.server.end_by(Signal::TERM, DEADLINE);
        assert!(by_itself, "the server did not end within {DEADLINE:?} of SIGTERM");
        status
    }

    /// Waits until the server has ended by itself.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        self.server.end()
    }

    /// Starts the next server with other options.
    pub fn change(&mut self, change: impl FnOnce(Options) -> Options) {
        self.options = change(self.options.clone());
    }

    /// Starts the server again on the same data, after ending it if it still runs.
    #[track_caller]
    pub fn restart(&mut self) {
        if self.server.is_running() {
            self.terminate();
        }
        self.begin_restart();
        self.wait_until_ready();
    }

    /// Starts the server again on the same data and waits until it has ended by itself.
    #[track_caller]
    pub fn restart_to_its_end(&mut self) -> ExitStatus {
        self.begin_restart();
        self.ended()
    }

    /// Starts the server again on the same data and does not wait for it.
    pub fn begin_restart(&mut self) {
        let next = Server::spawn(&self.options, &self.data_dir());
        self.past_stderr.push_str(&self.server.stderr());
        self.server = next;
    }

    #[track_caller]
    fn wait_until_ready(&mut self) {
        match self.server.ready() {
            Ok(address) => self.address = address,
            Err(status) => panic!("the server ended at its start: {status}\n{}", self.stderr()),
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let ended_in_time =
            !self.server.is_running() || self.server.end_by(Signal::TERM, DEADLINE).1;
        let none_left = || self.programs().is_empty().then_some(());
        let clean = within(CLEANUP, none_left).is_some();
        let left = self.programs();
        for program in &left {
            processes::signal(program.pid, Signal::KILL);
        }
        if std::thread::panicking() {
            eprintln!("--- stderr of the server ---\n{}---", self.stderr());
            return;
        }
        assert!(ended_in_time, "SIGTERM did not end the server:\n{}", self.stderr());
        assert!(clean, "programs have outlived their server: {left:?}\n{}", self.stderr());
    }
}

fn data_dir_in(directory: &TempDir) -> PathBuf {
    directory.path().join("data")
}
