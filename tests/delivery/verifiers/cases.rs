//! Requests to be judged by receivers' code, many at once: one process for all of them.
//! Judges nothing itself.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ringback::webhook::signature;
use serde::Serialize;
use serde_json::json;

use super::Verdict;
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};

/// A `whsec_` secret.
pub const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Another one.
pub const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// A request as a receiver has it in hand, and what should become of it.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// Which of the receiver's functions is asked.
    pub by: &'static str,
    pub secret: String,
    pub headers: BTreeMap<String, String>,
    #[serde(serialize_with = "base64")]
    pub body: Vec<u8>,
    /// What is special about it.
    #[serde(skip)]
    pub what: String,
    #[serde(skip)]
    pub expected: Verdict,
}

impl Case {
    /// A request as it was delivered, to be verified with this secret.
    pub fn of(secret: &str, request: &Received) -> Self {
        let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
        Self {
            by: "standard",
            secret: secret.to_owned(),
            headers: request.headers.iter().map(lower).collect(),
            body: request.body.clone(),
            what: "as it was delivered".to_owned(),
            expected: Verdict::Verified,
        }
    }

    pub fn by(self, by: &'static str) -> Self {
        Self { by, ..self }
    }

    pub fn secret(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.insert(name.to_owned(), value.to_string());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Changes one byte of the body, in its middle.
    pub fn tampered(mut self) -> Self {
        let middle = self.body.len() / 2;
        self.body[middle] ^= 1;
        self
    }

    /// Signed by the library's own code so many seconds from now, with each of these secrets.
    pub fn signed_again(self, seconds: i64, secrets: &[&str]) -> Self {
        let timestamp = unix_seconds() + seconds;
        let sign = |secret: &&str| {
            let id = &self.headers["webhook-id"];
            signature::standard(&(*secret).into(), id, timestamp, &self.body).unwrap()
        };
        let values: Vec<_> = secrets.iter().map(sign).collect();
        self.header("webhook-timestamp", timestamp).header("webhook-signature", values.join(" "))
    }

    pub fn verified(self, what: &str) -> Self {
        Self { what: what.to_owned(), expected: Verdict::Verified, ..self }
    }

    pub fn refused(self, what: &str) -> Self {
        Self { what: what.to_owned(), expected: Verdict::Refused, ..self }
    }
}

/// What every verifier of Standard Webhooks must make of a request that was signed with [`WHSEC`].
pub fn standard_cases(request: &Received) -> Vec<Case> {
    let case = || Case::of(WHSEC, request);
    let rotated = || case().signed_again(0, &[OTHER, WHSEC]);
    let mut cases = vec![
        case(),
        case().tampered().refused("the body was changed"),
        case().secret(OTHER).refused("another secret"),
        case().header("webhook-id", "evt_another").refused("another event"),
        case().header("webhook-timestamp", unix_seconds() + 5).refused("another time"),
        case().signed_again(-400, &[WHSEC]).refused("old"),
        case().signed_again(400, &[WHSEC]).refused("in the future"),
        case().signed_again(-200, &[WHSEC]).verified("old, but not too old"),
        case().signed_again(200, &[WHSEC]).verified("in the future, but not too far"),
        rotated().verified("rotated, verified with the old secret"),
        rotated().secret(OTHER).verified("rotated, verified with the new secret"),
        rotated().secret("whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=").refused("a third"),
        rotated().tampered().refused("rotated, and the body was changed"),
        case().header("webhook-timestamp", "soon").refused("no time"),
        case().header("webhook-signature", "v1,AAAA").refused("half a signature"),
    ];
    let value = &case().headers["webhook-signature"];
    let newer = case().header("webhook-signature", format!("v1a,AAAA {value}"));
    cases.push(newer.verified("a version that nobody knows comes first"));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        cases.push(case().without(name).refused(&format!("without {name}")));
    }
    cases
}

/// Lets receivers' code judge all requests, and fails the test unless it judges as expected.
#[track_caller]
pub fn check(verifier: &str, command: Command, cases: &[Case]) {
    for (case, verdict) in cases.iter().zip(verdicts(verifier, command, cases)) {
        assert_eq!(verdict, case.expected, "{verifier}, {}: {}", case.by, case.what);
    }
}

/// What receivers' code makes of each request.
#[track_caller]
pub fn verdicts(verifier: &str, mut command: Command, cases: &[Case]) -> Vec<Verdict> {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap_or_else(|error| {
        panic!("{verifier} cannot be started ({error}); `make tools` installs what is missing")
    });
    // All of it is read before anything is printed, so that neither waits for the other.
    let written = child.stdin.take().unwrap().write_all(json!(cases).to_string().as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && written.is_ok(), "{verifier} has crashed: {said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<_> = printed.lines().map(verdict).collect();
    assert_eq!(verdicts.len(), cases.len(), "{verifier}: {printed}");
    verdicts
}

fn verdict(line: &str) -> Verdict {
    match line {
        "verified" => Verdict::Verified,
        "refused" => Verdict::Refused,
        other => panic!("{other:?} is no verdict"),
    }
}

/// A callback of a real server that was signed with this secret, with text in it that some code
/// would write otherwise.
pub fn delivered(app: &TestApp, route: &str, secret: &str) -> Received {
    let receiver = TestReceiver::start();
    let body = json!({
        "language": "sh",
        "code": "printf 'na\u{ef}ve \u{2603} \u{1f980} <>&\\\\\\n\\007'",
        "callback_url": receiver.url("/hook"),
        "callback_signature_secret": secret,
    });
    let answer = app.post(route, &body);
    assert!(answer.status < 300, "{}", answer.text());
    receiver.first()
}

fn unix_seconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap()
}

fn base64<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}
