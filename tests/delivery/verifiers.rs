//! Signatures judged by receivers' own code, run for real: of our writing, of the documentation's, and
//! as it is published. This file sends nothing: requests are handed over as arguments and input.

mod cases;
mod document;
pub mod published;

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use ringback::domain::Secret;
use ringback::webhook::signature;

const NOW: i64 = 1_750_000_000;
const ID: &str = "evt_0197f1c3a7b27d1e8f0a4b5c6d7e8f90";

/// One of each kind: free text, free text that is not ASCII, and an encoded key.
const SECRETS: [&str; 3] =
    ["your-secret-key", "ключ 🔑 with spaces", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];

/// What a receiver's code made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Verified,
    Refused,
    /// It came to no verdict, because it fell over.
    Crashed,
}

/// Receiver's code and the interpreter that runs it.
#[derive(Debug, Clone, Copy)]
pub struct Receiver {
    interpreter: &'static str,
    file: &'static str,
}

pub const HOPX_PYTHON: Receiver = Receiver { interpreter: "python3", file: "hopx_verify.py" };
pub const HOPX_NODE: Receiver = Receiver { interpreter: "node", file: "hopx_verify.mjs" };
pub const STANDARD_PYTHON: Receiver =
    Receiver { interpreter: "python3", file: "standard_verify.py" };

impl Receiver {
    pub fn judge(self, secret: &str, arguments: &[&str], body: &[u8]) -> Verdict {
        let Self { interpreter, file } = self;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/delivery/verifiers");
        let mut child = Command::new(interpreter)
            .arg(folder.join(file))
            .args(arguments)
            .env("WEBHOOK_SECRET", secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("this test needs {interpreter} on the PATH: {error}"));
        // Receivers read everything before they print, so this cannot block for ever. One that
        // falls over before that closes its end, and its exit code tells.
        match child.stdin.take().unwrap().write_all(body) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{file}: {error}"),
            _ => {}
        }
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        match (output.status.code(), printed.trim_end()) {
            (Some(0), "verified") => Verdict::Verified,
            (Some(1), "refused") => Verdict::Refused,
            (Some(1), "") => Verdict::Crashed,
            other => panic!("{file}: {other:?}, {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let unicode = r#"{"stdout":"naïve ☃ 🦀 \u0000 \" \\ \u2028","status":"completed"}"#;
    let mut large = br#"{"stdout":""#.to_vec();
    large.resize((1 << 20) - 2, b'x');
    large.extend(br#""}"#);
    assert_eq!(large.len(), 1 << 20);
    vec![("unicode", unicode.into()), ("empty object", b"{}".to_vec()), ("1 MiB", large)]
}

/// The same body with its middle byte changed.
fn tampered(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let middle = body.len() / 2;
    body[middle] ^= 1;
    body
}

#[test]
fn hopx_receivers_verify_what_we_sign_and_refuse_what_was_changed() {
    for receiver in [HOPX_PYTHON, HOPX_NODE] {
        for text in SECRETS {
            let secret = Secret::new(text);
            for (name, body) in bodies() {
                let value = signature::hopx(&secret, &body);
                let judge = |secret, value: &str, body: &[u8]| {
                    let verdict = receiver.judge(secret, &[value], body);
                    (verdict, name)
                };
                assert_eq!(judge(text, &value, &body), (Verdict::Verified, name), "{receiver:?}");
                let changed = tampered(&body);
                assert_eq!(judge(text, &value, &changed), (Verdict::Refused, name), "{receiver:?}");
            }
            let value = signature::hopx(&secret, b"{}");
            let bare = value.strip_prefix("sha256=").unwrap();
            assert_eq!(receiver.judge(text, &[bare], b"{}"), Verdict::Verified, "{receiver:?}");
            assert_eq!(receiver.judge("other", &[&value], b"{}"), Verdict::Refused, "{receiver:?}");
        }
    }
}

/// Why HopX's header carries one value, also while secrets are being rotated.
#[test]
fn hopx_receivers_cannot_read_two_signatures() {
    let (old, new) = (Secret::new("old"), Secret::new("new"));
    let both = format!("{},{}", signature::hopx(&new, b"{}"), signature::hopx(&old, b"{}"));
    for secret in ["old", "new"] {
        assert_eq!(HOPX_PYTHON.judge(secret, &[&both], b"{}"), Verdict::Refused);
        assert_eq!(HOPX_NODE.judge(secret, &[&both], b"{}"), Verdict::Crashed);
    }
}

#[test]
fn standard_receivers_verify_what_we_sign_and_refuse_what_was_changed() {
    for text in SECRETS {
        let secret = Secret::new(text);
        for (name, body) in bodies() {
            let value = signature::standard(&secret, ID, NOW, &body).unwrap();
            let now = NOW.to_string();
            let judge = |secret, id, body: &[u8]| {
                STANDARD_PYTHON.judge(secret, &[id, &now, &value, &now], body)
            };
            assert_eq!(judge(text, ID, &body), Verdict::Verified, "{name}");
            assert_eq!(judge(text, ID, &tampered(&body)), Verdict::Refused, "{name}");
            assert_eq!(judge(text, "evt_another", &body), Verdict::Refused, "{name}");
            assert_eq!(judge("other", ID, &body), Verdict::Refused, "{name}");
        }
    }
}

#[test]
fn standard_receivers_go_by_the_time_of_the_attempt() {
    let secret = Secret::new(SECRETS[0]);
    let value = signature::standard(&secret, ID, NOW, b"{}").unwrap();
    let judge = |timestamp: i64, now: i64| {
        let (timestamp, now) = (timestamp.to_string(), now.to_string());
        STANDARD_PYTHON.judge(SECRETS[0], &[ID, &timestamp, &value, &now], b"{}")
    };
    assert_eq!(judge(NOW, NOW + 300), Verdict::Verified);
    assert_eq!(judge(NOW, NOW + 301), Verdict::Refused, "too old");
    assert_eq!(judge(NOW, NOW - 301), Verdict::Refused, "too new");
    assert_eq!(judge(NOW + 1, NOW), Verdict::Refused, "another time than was signed");
}

#[test]
fn either_secret_of_a_rotation_verifies_at_a_standard_receiver() {
    let secrets = [SECRETS[2], SECRETS[0]];
    let values = secrets.map(|text| signature::standard(&text.into(), ID, NOW, b"{}").unwrap());
    let now = NOW.to_string();
    for secret in secrets {
        let verdict = STANDARD_PYTHON.judge(secret, &[ID, &now, &values.join(" "), &now], b"{}");
        assert_eq!(verdict, Verdict::Verified, "{secret}");
    }
}
