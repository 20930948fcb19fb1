//! What clients, the receiver and the programs of a test know, written down as it happens in the
//! form that the auditor reads. Judges nothing itself; the auditor does.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::options::Options;
use crate::support::receiver::{Received, TestReceiver};

/// How a program writes down that it begins, before it does anything else.
const BEGIN: &str = "echo \"$RINGBACK_EXECUTION_ID $$\" >> begun\n";

/// The same in Python.
const BEGIN_IN_PYTHON: &str = "import os\nwith open('begun', 'a') as begun: \
     begun.write(f\"{os.environ['RINGBACK_EXECUTION_ID']} {os.getpid()}\\n\")\n";

/// The logs of a test, in a directory that goes with them.
pub struct Evidence {
    directory: TempDir,
    client: Mutex<File>,
    receiver: Mutex<File>,
}

impl Evidence {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        // Programs are another user's, and they write here.
        allow(directory.path(), 0o711);
        let runs = directory.path().join("runs");
        fs::create_dir(&runs).expect("a new directory");
        allow(&runs, 0o777);
        fs::write(runs.join("begun"), "").expect("a new file");
        allow(&runs.join("begun"), 0o666);
        let client = Mutex::new(log(&directory.path().join("client")));
        let receiver = Mutex::new(log(&directory.path().join("receiver")));
        Self { directory, client, receiver }
    }

    /// Lets programs of a server run where they can write down that they begin.
    pub fn allowing(&self, options: Options) -> Options {
        options.env("RINGBACK_EXECUTION__WORKING_DIRS", &self.runs_dir().display().to_string())
    }

    /// A program in the shell's language that writes down that it begins and calls back.
    pub fn program(&self, receiver: &TestReceiver, code: &str) -> Value {
        let mut program = self.silent_program(code);
        program["callback_url"] = json!(receiver.url("/hook"));
        program
    }

    /// The same without a callback.
    pub fn silent_program(&self, code: &str) -> Value {
        json!({"language": "sh", "code": format!("{BEGIN}{code}"), "working_dir": self.runs_dir()})
    }

    /// A program in Python that writes down that it begins, and does not call back.
    pub fn python_program(&self, code: &str) -> Value {
        let code = format!("{BEGIN_IN_PYTHON}{code}");
        json!({"language": "python", "code": code, "working_dir": self.runs_dir()})
    }

    /// Writes down that a submit was answered with an id.
    pub fn submitted(&self, asked: &Value, id: &str) {
        let on_interrupt = asked["on_interrupt"].as_str().unwrap_or("fail");
        let code = asked["code"].as_str().unwrap_or_default();
        let counted = [BEGIN, BEGIN_IN_PYTHON].iter().any(|begin| code.starts_with(begin));
        let line = json!({
            "answered": "submit",
            "id": id,
            "on_interrupt": on_interrupt,
            "callback": asked["callback_url"].is_string(),
            "counted": counted,
        });
        write(&self.client, &line);
    }

    /// Writes down that a cancel was answered with a record.
    pub fn cancelled(&self, record: &Value) {
        let line = json!({
            "answered": "cancel",
            "id": record["id"],
            "status": record["status"],
            "attempt": record["attempt"],
            "started_at": record["started_at"],
        });
        write(&self.client, &line);
    }

    /// Writes down what the receiver was sent; to be called before it answers.
    pub fn received(&self, request: &Received) {
        let sha256 = request.is_whole.then(|| hex::encode(Sha256::digest(&request.body)));
        let line = json!({
            "event": request.header("webhook-id"),
            "body_sha256": sha256,
            "body_bytes": request.body.len(),
            "status": request.answer,
        });
        write(&self.receiver, &line);
    }

    /// Has the auditor look at all this and at the database of a server, and gives its summary.
    #[track_caller]
    pub fn audit(&self, data_dir: &Path, flags: &[&str]) -> String {
        let output = self.output_of_audit(data_dir, flags);
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{complained}");
        said.trim_end().to_owned()
    }

    /// What the auditor says, whatever it is.
    pub fn output_of_audit(&self, data_dir: &Path, flags: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ringback-auditor"))
            .arg("--client")
            .arg(self.directory.path().join("client"))
            .arg("--receiver")
            .arg(self.directory.path().join("receiver"))
            .arg("--database")
            .arg(data_dir.join("ringback.db"))
            .arg("--runs")
            .arg(self.begun())
            .args(flags)
            .output()
            .expect("the auditor can be started")
    }

    /// How often the program of an execution has begun.
    pub fn runs_of(&self, id: &str) -> usize {
        let text = fs::read_to_string(self.begun()).expect("it is ours");
        text.lines().filter(|line| line.split(' ').next() == Some(id)).count()
    }

    /// Where a test may put what belongs to its audits.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where programs write down that they begin.
    pub fn begun(&self) -> PathBuf {
        self.runs_dir().join("begun")
    }

    fn runs_dir(&self) -> PathBuf {
        self.directory.path().join("runs")
    }
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

fn log(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("a new file")
}

/// One call, so that whoever reads meanwhile sees a whole line or none.
fn write(log: &Mutex<File>, line: &Value) {
    let mut log = log.lock().expect("nobody panics with the lock");
    log.write_all(format!("{line}\n").as_bytes()).expect("the disk has room");
}
