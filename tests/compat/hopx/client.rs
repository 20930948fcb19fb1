//! A published client in a process of its own, which does one step after another.
//! They lie in `.cache/hopx`, where `scripts/tools.sh` puts them.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::options::API_KEY;

/// How long a client may take over a call: it may submit three times, and wait for ten seconds each
/// time.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `Sandbox` of `hopx-ai` on PyPI.
    Python,
    /// `AsyncSandbox` of the same.
    PythonAsync,
    /// `Sandbox` of `@hopx-ai/sdk` on npm.
    JavaScript,
}

/// All of them.
pub const ALL: [Kind; 3] = [Kind::Python, Kind::PythonAsync, Kind::JavaScript];

/// A client that runs.
pub struct Client {
    kind: Kind,
    process: Child,
    steps: ChildStdin,
    said: Receiver<String>,
}

/// What the client's own exception says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thrown {
    /// The name of its class.
    pub class: String,
    /// The names of that and of all classes above.
    pub bases: Vec<String>,
    /// Its words.
    pub message: String,
    /// The code that it has from the server, if it kept it.
    pub code: Option<String>,
    /// The HTTP status, if it kept it.
    pub status: Option<u64>,
}

fn installed(what: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/hopx").join(what);
    assert!(path.exists(), "{} is missing: `make tools` installs it", path.display());
    path
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/hopx").join(name)
}

impl Kind {
    fn command(self) -> Command {
        let python = |class: &str| {
            let mut command = Command::new(installed("python/bin/python"));
            command.arg(script("client.py")).arg(class);
            command
        };
        let mut command = match self {
            Self::Python => python("Sandbox"),
            Self::PythonAsync => python("AsyncSandbox"),
            Self::JavaScript => {
                installed("node/node_modules/@hopx-ai/sdk");
                let mut command = Command::new("node");
                command.arg(script("client.mjs")).arg(installed("node/package.json"));
                command
            }
        };
        // A proxy that the environment names would be asked even for what is on this machine.
        command.env_clear();
        for name in ["PATH", "HOME"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
    }

    /// Starts the client, which knows no server yet.
    #[track_caller]
    pub fn start(self) -> Client {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("this test needs {command:?}: {error}"));
        let steps = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        let (say, said) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Whatever else is printed is the package's own.
                let Some(line) = line.strip_prefix('@') else { continue };
                if say.send(line.to_owned()).is_err() {
                    return;
                }
            }
        });
        Client { kind: self, process, steps, said }
    }

    /// Starts the client and lets it connect to a sandbox of this server.
    #[track_caller]
    pub fn connected(self, app: &TestApp) -> Client {
        let mut client = self.start();
        client.connect(app, API_KEY).unwrap_or_else(|thrown| panic!("{self:?}: {thrown:?}"));
        client
    }
}

impl Client {
    /// Connects to a sandbox of this server with a key.
    ///
    /// # Errors
    /// What the client has thrown.
    #[track_caller]
    pub fn connect(&mut self, app: &TestApp, key: &str) -> Result<Value, Thrown> {
        let base_url = format!("http://{}", app.address());
        self.call("connect", json!({ "sandbox_id": "sb_1", "api_key": key, "base_url": base_url }))
    }

    /// Calls a method.
    ///
    /// # Errors
    /// What the client has thrown.
    #[track_caller]
    pub fn call(&mut self, method: &str, arguments: Value) -> Result<Value, Thrown> {
        self.listen(method, arguments, |_| panic!("{method} streams nothing"))
    }

    /// Calls a method that must not throw.
    #[track_caller]
    pub fn get(&mut self, method: &str, arguments: Value) -> Value {
        let kind = self.kind;
        self.call(method, arguments).unwrap_or_else(|thrown| panic!("{kind:?}: {thrown:?}"))
    }

    /// Calls a method that streams, and hands on each message.
    ///
    /// # Errors
    /// What the client has thrown.
    #[track_caller]
    pub fn listen(
        &mut self,
        method: &str,
        arguments: Value,
        mut hear: impl FnMut(Value),
    ) -> Result<Value, Thrown> {
        let step = json!({ "call": method, "arguments": arguments });
        writeln!(self.steps, "{step}").expect("the client reads its steps");
        loop {
            let line = self.said.recv_timeout(PATIENCE).unwrap_or_else(|error| {
                panic!("{:?} has not answered to {method}: {error}", self.kind)
            });
            let mut said: Value = serde_json::from_str(&line).expect("the client says JSON");
            if said["event"].is_object() {
                hear(said["event"].take());
            } else if said["error"].is_object() {
                return Err(thrown(&said["error"]));
            } else {
                return Ok(said["value"].take());
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn thrown(said: &Value) -> Thrown {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Thrown {
        class: text(&said["class"]).expect("every exception has a class"),
        bases: said["bases"].as_array().into_iter().flatten().filter_map(text).collect(),
        message: text(&said["message"]).unwrap_or_default(),
        code: text(&said["code"]),
        status: said["status"].as_u64(),
    }
}
