//! The client commands, asked of a real server or of one that is a script. Also on a terminal, and with
//! Ctrl-C. Asserts nothing.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::shared::app::TestApp;
use crate::shared::options::API_KEY;
use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;
use crate::support::{Ran, command, ran};

/// The id of the execution in scripts.
pub const ID: &str = "exec_0192a000000070008000000000000001";

/// The command with these arguments, to be asked of this server.
pub fn asking(app: &TestApp, arguments: &[&str]) -> Command {
    at(&format!("http://{}", app.address()), arguments)
}

/// What the command does with these arguments, asked of this server.
pub fn ask(app: &TestApp, arguments: &[&str]) -> Ran {
    ran(asking(app, arguments))
}

/// The same asked of a script.
pub fn ask_script(server: &TestReceiver, arguments: &[&str]) -> Ran {
    ran(at(&server.url(""), arguments))
}

/// The command with these arguments, to be asked of whatever is at this URL.
pub fn at(url: &str, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.env("RINGBACK_SERVER", url).env("RINGBACK_TOKEN", API_KEY);
    command
}

/// The same on a terminal of 120 columns, whose output is stdout's and stderr's together.
pub fn on_a_terminal(command: &Command, variables: &[(&str, &str)]) -> Ran {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''")));
    let line = format!("stty cols 120 rows 40; exec {}", quoted.collect::<Vec<_>>().join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear();
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("TERM", "xterm").env("SHELL", "/bin/sh").envs(variables.iter().copied());
    script.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    ran(script)
}

/// A command that goes on until it is interrupted.
pub struct Going(Child);

impl Going {
    pub fn start(mut command: Command) -> Self {
        Self(command.spawn().unwrap())
    }

    /// Waits until it has written a line on stdout, and gives it.
    pub fn line(&mut self) -> String {
        let stdout = self.0.stdout.as_mut().unwrap();
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            if stdout.read(&mut byte).unwrap() == 0 {
                break;
            }
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    /// Its end after Ctrl-C.
    pub fn interrupt(self) -> Ran {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        self.end()
    }

    /// Its end.
    pub fn end(self) -> Ran {
        let output = self.0.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A record as the API has it.
pub fn record(status: &str) -> Value {
    let completed_at = match status {
        "queued" | "running" => Value::Null,
        _ => json!("2026-01-31T12:00:01.000Z"),
    };
    json!({
        "id": ID, "status": status, "cause": null, "success": null, "exit_code": null, "signal": null,
        "error": null, "result": null, "result_error": null, "language": "sh", "timeout": 3600.0,
        "created_at": "2026-01-31T12:00:00.000Z", "started_at": null, "completed_at": completed_at,
        "execution_time": null, "queue_time": null, "usage": null, "descendants_killed": 0,
        "start": null, "cancel_reason": null, "cancelled_by": null, "labels": {}, "metadata": {},
        "attempt": 1, "delivery": "none", "function": null, "of_a_later_version": true,
    })
}

/// An answer with this JSON.
pub fn json(status: u16, body: &Value) -> Scripted {
    Scripted::status(status).header("content-type", "application/json").body(&body.to_string())
}

/// A problem.
pub fn problem(status: u16, detail: &str) -> Scripted {
    json(status, &json!({ "title": "T", "status": status, "detail": detail, "code": "c" }))
}

/// A stream of events in these pieces, and then the end of the connection.
pub fn events(pieces: &[&str]) -> Scripted {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len()));
    Scripted::raw(head.to_owned() + &chunks.collect::<String>() + "0\r\n\r\n")
}
