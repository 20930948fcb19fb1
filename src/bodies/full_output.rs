//! What a body says of output that it has only in part: how long the whole is, what its SHA-256 is,
//! and where it is to be had. Has none of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::{Captured, Execution};

/// Both streams of an execution, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FullOutput {
    /// Standard output.
    pub stdout: FullStream,
    /// Standard error.
    pub stderr: FullStream,
}

/// One stream as it is to be had: what was kept of it, with a mark where its middle is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FullStream {
    /// How long it is, in bytes.
    pub bytes: u64,
    /// The SHA-256 of these bytes, in hexadecimal digits.
    pub sha256: String,
    /// Where they are.
    pub url: String,
}

impl FullOutput {
    /// Of an execution that has ended. `public_url` is what the paths of this server are appended to.
    pub fn of(execution: &Execution, public_url: &str) -> Self {
        let nothing = Captured::default();
        let ended = execution.ended();
        let stream = |name: &str, stream: &Captured| {
            let (bytes, _) = stream.bytes();
            let base = public_url.trim_end_matches('/');
            FullStream {
                bytes: bytes.len() as u64,
                sha256: hex::encode(Sha256::digest(&bytes)),
                url: format!("{base}/v1/executions/{}/output/{name}", execution.id),
            }
        };
        Self {
            stdout: stream("stdout", ended.map_or(&nothing, |ended| &ended.stdout)),
            stderr: stream("stderr", ended.map_or(&nothing, |ended| &ended.stderr)),
        }
    }
}
