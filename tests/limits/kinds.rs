//! The ways of keeping programs that limits are tried in, and programs with limits.
//! Asserts only how records end.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::users;

/// A level, and how processes are held together.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub level: &'static str,
    pub containment: &'static str,
}

impl Kind {
    /// A server of this kind.
    #[track_caller]
    pub fn start(self) -> TestApp {
        // Without namespaces, processes of all executions of a user are counted together.
        let user = users::of_programs().to_string();
        TestApp::with(|options| self.options(options).env("RINGBACK_EXECUTION__USER_ID", &user))
    }

    /// What makes a server one of this kind.
    pub fn options(self, options: Options) -> Options {
        options
            .env("RINGBACK_EXECUTION__ISOLATION", self.level)
            .env("RINGBACK_EXECUTION__CONTAINMENT", self.containment)
    }

    /// Whether the kernel knows which processes belong to which execution.
    pub fn has_namespaces(self) -> bool {
        self.containment != "session"
    }
}

/// Every level, and every means of holding processes together: `auto` is a cgroup where there is
/// one, and a PID namespace in the sandbox.
pub const KINDS: [Kind; 5] = [
    Kind { level: "none", containment: "auto" },
    Kind { level: "none", containment: "pidns" },
    Kind { level: "none", containment: "session" },
    Kind { level: "confined", containment: "auto" },
    Kind { level: "sandbox", containment: "auto" },
];

/// A Python program with limits.
pub fn limited(code: &str, limits: Value) -> Value {
    json!({"language": "python", "code": code, "limits": limits})
}

/// Fails the test unless a limit ended the program, for this cause and with this sentence.
#[track_caller]
pub fn expect_exceeded(kind: Kind, record: &Value, cause: &str, sentence: &str) {
    let ended = (&record["status"], &record["cause"], &record["error"]);
    let expected = (&json!("failed"), &json!(cause), &json!(sentence));
    assert_eq!(ended, expected, "{kind:?}: {record:#}");
    assert_eq!(record["success"], false, "{kind:?}");
}

/// What a program that ended well has said, as JSON.
#[track_caller]
pub fn said(kind: Kind, record: &Value) -> Value {
    assert_eq!(record["cause"], "exited", "{kind:?}: {record:#}");
    assert_eq!(record["exit_code"], 0, "{kind:?}: {record:#}");
    let text = record["stdout"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{kind:?}: {error}: {text}"))
}
