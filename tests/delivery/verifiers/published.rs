//! Verifiers that are published on PyPI and npm, as receivers use them, on real deliveries.
//! They lie in `.cache/verifiers`, where `scripts/tools.sh` puts them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::super::outbox::calling;
use super::Verdict;
use super::cases::{Case, OTHER, WHSEC, check, delivered, standard_cases, verdicts};
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};

/// A published verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Where it was published.
    pub registry: &'static str,
    /// The package.
    pub package: &'static str,
}

/// All of them.
pub const PUBLISHED: [Published; 4] = [
    Published { registry: "PyPI", package: "standardwebhooks" },
    Published { registry: "PyPI", package: "svix" },
    Published { registry: "npm", package: "standardwebhooks" },
    Published { registry: "npm", package: "svix" },
];

/// Where the packages of this kind are.
pub fn installed(kind: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/verifiers").join(kind);
    assert!(path.exists(), "{} is missing: `make tools` installs it", path.display());
    path
}

impl Published {
    fn command(self) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/delivery/verifiers");
        let mut command;
        if self.registry == "PyPI" {
            command = Command::new(installed("python/bin/python"));
            command.arg(folder.join("published.py"));
        } else {
            command = Command::new("node");
            command.arg(folder.join("published.mjs")).arg(installed("node/package.json"));
        }
        command.arg(self.package);
        command
    }

    /// What it makes of a request that a receiver was sent, with this secret.
    #[track_caller]
    pub fn judge(self, secret: &str, request: &Received) -> Verdict {
        let name = format!("{self:?}");
        verdicts(&name, self.command(), &[Case::of(secret, request)]).remove(0)
    }
}

/// Fails the test unless every published verifier takes a request as signed with this secret.
#[track_caller]
pub fn all_verify(secret: &str, request: &Received) {
    for published in PUBLISHED {
        let verdict = published.judge(secret, request);
        assert_eq!(verdict, Verdict::Verified, "{published:?}: {:?}", request.headers);
    }
}

#[test]
fn published_verifiers_take_what_is_delivered_and_nothing_else() {
    let app = TestApp::start();
    for route in ["/v1/executions", "/execute/async"] {
        let cases = standard_cases(&delivered(&app, route, WHSEC));
        for published in PUBLISHED {
            check(&format!("{published:?} of {route}"), published.command(), &cases);
        }
    }
}

#[test]
fn published_verifiers_take_the_bytes_of_any_other_secret_as_its_key() {
    let app = TestApp::start();
    for secret in ["your-secret-key", "ключ 🔑 with spaces"] {
        let request = delivered(&app, "/v1/executions", secret);
        all_verify(secret, &request);
        for published in PUBLISHED {
            assert_eq!(published.judge(OTHER, &request), Verdict::Refused, "{published:?}");
        }
    }
}

/// With everything in one header that a server can put there: both secrets and a key.
#[test]
fn published_verifiers_take_either_secret_while_one_is_rotated() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__ED25519", "true"));
    let make = || app.post("/v1/signing-secret", &json!({})).expect(201).json();
    let secrets = [make(), make()].map(|made| made["signing_secret"].as_str().unwrap().to_owned());
    let receiver = TestReceiver::start();
    app.submit(calling(&receiver));
    let request = receiver.first();
    let values = request.header("webhook-signature").unwrap();
    let versions: Vec<_> =
        values.split(' ').map(|value| value.split_once(',').unwrap().0).collect();
    assert_eq!(versions, ["v1", "v1", "v1a"]);
    for secret in &secrets {
        all_verify(secret, &request);
    }
    for published in PUBLISHED {
        assert_eq!(published.judge(OTHER, &request), Verdict::Refused, "{published:?}");
    }
}
