//! The result of a program: the JSON that it wrote to a file, if that is what it wrote.
//! Reads as somebody who trusts nothing about that file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::ProgramResult;

/// The name of the file, in the execution's directory.
pub(super) const RESULT: &str = "result.json";

/// What was found in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ResultFile {
    /// Nothing.
    None,
    /// JSON.
    Json(String),
    /// Something that cannot be taken; the sentence says why.
    Rejected(String),
}

impl From<ResultFile> for ProgramResult {
    fn from(found: ResultFile) -> Self {
        match found {
            ResultFile::None => Self::None,
            ResultFile::Json(json) => Self::Json(json),
            ResultFile::Rejected(sentence) => Self::Rejected(sentence),
        }
    }
}

/// What a program wrote there, if it is JSON of at most `bytes_max`.
pub(super) fn read(path: &Path, bytes_max: u64) -> ResultFile {
    // The program may have put anything there: a pipe must not block us, a link must not
    // lead us to a file that only we may read.
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return ResultFile::None,
        Err(_) => return rejected("The result is not a regular file."),
    };
    match read_at_most(file, bytes_max) {
        Ok(Some(bytes)) if bytes.is_empty() => ResultFile::None,
        Ok(Some(bytes)) => parse(&bytes),
        Ok(None) => ResultFile::Rejected(too_long(bytes_max)),
        Err(_) => rejected("The result could not be read."),
    }
}

/// What is said of a result that has more than so many bytes.
pub(super) fn too_long(bytes_max: u64) -> String {
    format!("The result is longer than {bytes_max} bytes.")
}

fn read_at_most(file: File, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}

fn parse(bytes: &[u8]) -> ResultFile {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(value) => ResultFile::Json(value.to_string()),
        Err(error) => rejected(&format!("The result is not JSON: {error}.")),
    }
}

fn rejected(sentence: &str) -> ResultFile {
    ResultFile::Rejected(sentence.to_owned())
}
