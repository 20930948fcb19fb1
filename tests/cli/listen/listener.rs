//! `ringback listen` as a process, and callbacks that are signed by other people's code.
//! Asserts nothing.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use rustix::process::Signal;
use serde_json::Value;
use sha2::Sha256;
use standardwebhooks::Webhook;

use crate::shared::client::{Answer, Request};
use crate::shared::processes;
use crate::shared::wait::{DEADLINE, eventually};
use crate::support::command;

/// What the listeners of most tests verify with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The body of most callbacks.
pub const BODY: &str = r#"{"type":"execution.completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":"exec_1","status":"completed","error":null,"stdout":"42\n"}}"#;

const READY: &str = "listening on http://";

/// A listener that listens.
pub struct Listener {
    child: Child,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    pub url: String,
}

impl Listener {
    /// On a port that the system picks, with a secret that tests know.
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(listen(arguments, |command| command.env("RINGBACK_SIGNING_SECRET", SECRET)))
    }

    /// With a secret of its own, below this directory.
    pub fn at_home_in(home: &Path) -> Self {
        Self::of(listen(&[], |command| command.env("HOME", home)))
    }

    /// The command, started; what it writes elsewhere than to a pipe is not kept.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        // The other end of a pipe that was given to the child belongs to the child alone.
        drop(command);
        let stdout = child.stdout.take().map(|pipe| kept(Some(pipe))).unwrap_or_default();
        let stderr = kept(child.stderr.take());
        let url = eventually(DEADLINE, "it listens", || {
            let said = stderr.lock().unwrap();
            let (_, rest) = said.split_once(READY)?;
            Some(format!("http://{}/", rest.split_once('\n')?.0))
        });
        Self { child, stdout, stderr, url }
    }

    pub fn stdout(&self) -> String {
        self.stdout.lock().unwrap().clone()
    }

    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// All that it has printed, once this is among it.
    #[track_caller]
    pub fn printed(&self, words: &str) -> String {
        eventually(DEADLINE, format!("`{words}` is printed, and not {}", self.stdout()), || {
            Some(self.stdout()).filter(|printed| printed.contains(words))
        })
    }

    /// Waits until it has said this on stderr.
    #[track_caller]
    pub fn said(&self, words: &str) {
        eventually(DEADLINE, format!("`{words}` is said, and not {}", self.stderr()), || {
            self.stderr().contains(words).then_some(())
        });
    }

    /// So many lines of JSON, once they have been printed.
    #[track_caller]
    pub fn entries(&self, count: usize) -> Vec<Value> {
        let printed = eventually(DEADLINE, format!("{count} lines are printed"), || {
            Some(self.stdout()).filter(|printed| printed.matches('\n').count() >= count)
        });
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A callback with these headers, sent.
    #[track_caller]
    pub fn post(&self, headers: &[(&str, String)], body: impl Into<Vec<u8>>) -> Answer {
        let mut request = Request::new("POST", self.url.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.bytes(body).send()
    }

    pub fn signal(&self, signal: Signal) {
        processes::signal(self.child.id(), signal);
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        eventually(DEADLINE, "it ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Ends nothing that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command, to be changed further.
pub fn listen(arguments: &[&str], change: impl FnOnce(&mut Command) -> &mut Command) -> Command {
    let mut command = command(&["listen", "--listen", "127.0.0.1:0"]);
    change(command.args(arguments).stdin(Stdio::null()));
    command
}

/// Now, in Unix seconds, and so many more.
pub fn seconds_from_now(more: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + more
}

/// One value of `webhook-signature`, made by the published library.
pub fn standard(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    Webhook::new(secret).unwrap().sign(id, timestamp, body.as_bytes()).unwrap()
}

pub fn hopx(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The three headers of a callback with this id.
pub fn headers(id: &str, timestamp: i64, signature: String) -> Vec<(&'static str, String)> {
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ]
}

/// The same, signed now with the secret of most listeners for [`BODY`].
pub fn signed(id: &str) -> Vec<(&'static str, String)> {
    let now = seconds_from_now(0);
    headers(id, now, standard(SECRET, id, now, BODY))
}

/// Everything that comes out of a pipe, from now on.
fn kept(pipe: Option<impl Read + Send + 'static>) -> Arc<Mutex<String>> {
    let kept = Arc::new(Mutex::new(String::new()));
    let (mut pipe, writer) = (pipe.unwrap(), Arc::clone(&kept));
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            writer.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    });
    kept
}

/// More bytes than a listener takes, sent as one callback as far as it listens.
pub fn post_too_much(url: &str) {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = (16 << 20) + 1;
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // It may hang up before the end.
    let _ = stream.write_all(&vec![b'x'; length]);
    let _ = stream.read_to_end(&mut Vec::new());
}
