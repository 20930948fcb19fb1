//! Runs the command with an environment of the test's own.
//! Asserts nothing.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a command did.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// The command with these arguments, without any `RINGBACK_` variable.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.args(arguments).env_clear();
    for name in ["PATH", "HOME"] {
        command.env(name, std::env::var_os(name).unwrap_or_default());
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn ringback(arguments: &[&str]) -> Ran {
    ran(command(arguments))
}

/// The command with something to read.
pub fn ringback_reading(arguments: &[&str], stdin: &str) -> Ran {
    let mut command = command(arguments);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(stdin.as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    command.stdin(file);
    ran(command)
}

/// A file with this name and text, in a directory that is gone with the answer's first half.
pub fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    (directory, path)
}
