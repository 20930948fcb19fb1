//! W10: another sealing key on the data of a real server, killed at each step of the way. Whatever is
//! left, the next server opens all of it, and the next rotation comes to its end.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

/// Where it is killed, and how many keys it leaves in the file.
const STEPS: [(&str, usize); 11] = [
    ("rotate-before-new-key=return(kill)", 1),
    ("rotate-key-file-written=return(kill)", 1),
    ("rotate-after-new-key=return(kill)", 2),
    ("rotate-before-commit=return(kill)", 2),
    ("rotate-before-commit=2*off->return(kill)", 2),
    ("rotate-after-commit=1*off->return(kill)", 2),
    ("rotate-before-check=return(kill)", 2),
    ("rotate-after-check=return(kill)", 2),
    ("rotate-before-old-key-goes=return(kill)", 2),
    ("rotate-key-file-written=1*off->return(kill)", 2),
    ("rotate-after-old-key-goes=return(kill)", 1),
];

const OWN_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HEADER: (&str, &str) = ("X-Token", "header-value");

/// Runs `ringback secrets VERB` on the data of a server.
fn secrets(app: &TestApp, verb: &str, failpoints: &str) -> (ExitStatus, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ringback"))
        .args(["secrets", verb, "--data-dir"])
        .arg(app.data_dir())
        .env_clear()
        .env("FAILPOINTS", failpoints)
        .stdin(Stdio::null())
        .output()
        .expect("the binary under test can be started");
    let said = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&said).into_owned())
}

/// Kills a rotation at a step, with each row in a transaction of its own.
#[track_caller]
fn killed_at(app: &TestApp, step: &str) {
    let (status, said) = secrets(app, "rotate", &format!("{step};rotate-rows=return(1)"));
    assert_eq!(status.signal(), Some(9), "{step}: {status}: {said}");
}

#[track_caller]
fn rotated(app: &TestApp) -> String {
    let (status, said) = secrets(app, "rotate", "");
    assert!(status.success(), "{status}: {said}");
    said
}

fn keys(app: &TestApp) -> Vec<String> {
    let text = fs::read_to_string(app.data_dir().join("secrets.key")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A server whose callbacks are never taken, and what they are signed with.
struct Owing {
    app: TestApp,
    receiver: TestReceiver,
    of_the_tenant: String,
    /// Which callbacks are looked at: those before are used up some time.
    round: usize,
}

impl Owing {
    /// A server that owes nothing yet.
    fn nothing() -> Self {
        let delays = ["100ms"; 50].join(",");
        let app = TestApp::with(|options| options.without_breakers().retry_schedule(&delays));
        let receiver = TestReceiver::always(Scripted::status(503));
        let made = app.request("POST", "/v1/signing-secret").send().expect(201).json();
        let of_the_tenant = made["signing_secret"].as_str().unwrap().to_owned();
        Self { app, receiver, of_the_tenant, round: 0 }
    }

    /// Owes one callback that brings its own secret and one that does not, and has them attempted
    /// once.
    #[track_caller]
    fn owe_two(&mut self) {
        self.round += 1;
        self.owe("own", json!({"callback_signature_secret": OWN_SECRET}));
        self.owe("tenant", json!({}));
    }

    #[track_caller]
    fn owe(&self, which: &str, more: Value) {
        let mut program = json!({
            "language": "sh",
            "code": "true",
            "callback_url": self.receiver.url(&self.path(which)),
            "callback_headers": {HEADER.0: HEADER.1},
        });
        program.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.submit(program);
        self.attempt_after(0, which);
    }

    fn path(&self, which: &str) -> String {
        format!("/{}/{which}", self.round)
    }

    /// The first attempt of one of the two that comes after so many requests.
    #[track_caller]
    fn attempt_after(&self, count: usize, which: &str) -> Received {
        let path = self.path(which);
        eventually(DEADLINE, format!("{path} is attempted"), || {
            self.receiver.received().into_iter().skip(count).find(|request| request.path == path)
        })
    }

    /// Starts a server, which attempts everything again with the secrets that it must open for it.
    #[track_caller]
    fn a_server_opens_all(&mut self, after: &str) {
        let before = self.receiver.received().len();
        self.app.restart();
        for (which, secret) in [("own", OWN_SECRET), ("tenant", &self.of_the_tenant)] {
            let request = self.attempt_after(before, which);
            assert_eq!(request.header(HEADER.0), Some(HEADER.1), "after {after}");
            let signed = Webhook::new(secret).unwrap().verify(&request.body, &header_map(&request));
            assert!(signed.is_ok(), "after {after}: {signed:?}");
        }
    }
}

fn header_map(request: &Received) -> HeaderMap {
    let headers = request.headers.iter().map(|(name, value)| {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    });
    headers.collect()
}

#[test]
fn w10_killed_at_any_step_of_a_rotation_all_still_opens_and_the_next_one_ends() {
    let mut owing = Owing::nothing();
    for (step, left) in STEPS {
        owing.owe_two();
        owing.app.terminate();
        let before = keys(&owing.app);
        assert_eq!(before.len(), 1);
        killed_at(&owing.app, step);
        let between = keys(&owing.app);
        assert_eq!(between.len(), left, "{step}");
        let (status, said) = secrets(&owing.app, "status", "");
        assert!(status.success() && !said.contains("none of the keys opens"), "{step}: {said}");
        owing.a_server_opens_all(step);
        // It seals with the new key by now, if there is one.
        owing.owe_two();
        owing.app.terminate();

        let said = rotated(&owing.app);
        assert_eq!(said.contains("interrupted"), left == 2, "{step}: {said}");
        let after = keys(&owing.app);
        assert_eq!((after.len(), after == before), (1, false), "{step}");
        if left == 2 {
            assert_eq!(after[0], between[0], "it goes on with the key that it has");
        }
        owing.a_server_opens_all(&format!("{step}, and another rotation"));
    }
    let files = fs::read_dir(owing.app.data_dir()).unwrap().map(|file| file.unwrap().file_name());
    let is_draft_or_key =
        |name: &std::ffi::OsString| name.to_string_lossy().contains("secrets.key");
    let keys: Vec<_> = files.filter(is_draft_or_key).collect();
    assert_eq!(keys, ["secrets.key"], "no draft is left");
}

#[test]
fn w10_killed_again_and_again_it_gets_through_with_one_new_key() {
    let mut owing = Owing::nothing();
    owing.owe_two();
    owing.owe_two();
    owing.app.terminate();
    for step in ["rotate-after-new-key", "rotate-after-commit", "rotate-after-commit"] {
        killed_at(&owing.app, &format!("{step}=return(kill)"));
        assert_eq!(keys(&owing.app).len(), 2, "{step}");
    }
    let new = keys(&owing.app).remove(0);
    rotated(&owing.app);
    assert_eq!(keys(&owing.app), [new]);
    owing.a_server_opens_all("all of that");
}

#[test]
fn while_a_server_runs_the_key_stays_and_its_process_is_named() {
    let app = TestApp::start();
    let before = keys(&app);
    let (status, said) = secrets(&app, "rotate", "");
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("pid {}", app.pid())), "{said}");
    assert_eq!(keys(&app), before);
    let (status, said) = secrets(&app, "status", "");
    assert!(status.success(), "to look is allowed: {said}");
}
