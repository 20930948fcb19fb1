//! One interpreter that has started, and waits in a place of its own for the one program that it
//! will run. What it says and is told is written down at the top of `worker.cjs`.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{RecvFlags, recv};
use rustix::pipe::{PipeFlags, pipe_with};

use super::super::protocol::Launch;
use super::super::wire;

/// What the interpreter loads when it starts.
const SCRIPT: &str = include_str!("worker.cjs");

/// Where it lies for every program to read: a thread of a program loads it too.
const SCRIPT_DIRECTORY: &str = "run/ringback";
const SCRIPT_NAME: &str = "worker.cjs";

/// The longest environment that is handed to a worker, in bytes: a socket takes it at once.
const ENVIRONMENT_BYTES_MAX: usize = 96 * 1024;

/// The lowest number of the descriptor that a worker waits at: beyond those that the interpreter
/// opens by itself, so that they have the same numbers as ever.
const LINE_LEAST: i32 = 200;

/// The beginnings of variables that the interpreter or its libraries read only when they start.
const READ_AT_START: [&str; 10] =
    ["NODE_", "UV_", "HOME=", "TZ=", "LANG", "LC_", "LD_", "OPENSSL_", "SSL_", "MALLOC_"];

/// The variable through which the interpreter learns of the script: one that the program is to have
/// itself cannot be told from ours.
const OPTIONS: &str = "NODE_OPTIONS=";

/// A worker of a pool.
#[derive(Debug)]
pub(super) struct Worker {
    /// Under which number the launcher has it.
    pub(super) number: u64,
    pub(super) is_ready: bool,
    /// What the program will read.
    stdin: File,
    line: OwnedFd,
}

/// The ends of a worker's descriptors that are not the launcher's own: what its process gets, and
/// what the server will read.
pub(in super::super) struct Ends {
    /// Three streams, and the line.
    pub(in super::super) process: Vec<OwnedFd>,
    /// Standard output and standard error.
    pub(in super::super) output: [OwnedFd; 2],
}

/// What a worker has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It waits for its program; these modules could not be loaded.
    Ready {
        not_loaded: Vec<String>,
    },
    Nothing,
    /// It has gone.
    Gone,
}

/// Puts what interpreters load into the root directory of programs.
///
/// # Errors
/// When it cannot be written.
pub(in super::super) fn put_script(root: &Path) -> io::Result<()> {
    let directory = root.join(SCRIPT_DIRECTORY);
    fs::create_dir_all(&directory)?;
    let script = directory.join(SCRIPT_NAME);
    fs::write(&script, SCRIPT)?;
    // Whatever the server's umask is.
    fs::set_permissions(&directory, Permissions::from_mode(0o755))?;
    fs::set_permissions(&script, Permissions::from_mode(0o444))
}

/// What a worker must have been started as to run this program; none for a program that no worker
/// can run. Programs with the same pattern can run in each other's workers.
pub(super) fn pattern(launch: &Launch) -> Option<Launch> {
    let has_own_place = launch.code.is_some()
        && launch.execution.is_none()
        && launch.workspace.is_none()
        && launch.listed.is_none();
    let has_options = launch.env.iter().any(|variable| variable.starts_with(OPTIONS));
    let environment: usize = launch.env.iter().map(|variable| variable.len() + 1).sum();
    if !has_own_place || has_options || environment > ENVIRONMENT_BYTES_MAX {
        return None;
    }
    let is_read_at_start =
        |variable: &&String| READ_AT_START.iter().any(|start| variable.starts_with(start));
    let mut env: Vec<String> = launch.env.iter().filter(is_read_at_start).cloned().collect();
    env.sort();
    Some(Launch { number: 0, env, code: None, warm: None, ..launch.clone() })
}

/// What a worker reads to begin.
pub(super) fn environment(launch: &Launch) -> Vec<u8> {
    launch.env.iter().flat_map(|variable| [variable.as_bytes(), b"\0"].concat()).collect()
}

impl Worker {
    /// A worker for programs of this pattern: what is to be launched, and with which descriptors.
    ///
    /// # Errors
    /// When there are no descriptors to be had.
    pub(super) fn new(
        number: u64,
        pattern: &Launch,
        preload: &[String],
    ) -> io::Result<(Self, Launch, Ends)> {
        let (line, theirs) = wire::pair()?;
        let theirs = fcntl_dupfd_cloexec(&theirs, LINE_LEAST)?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let stdin = memfd_create("stdin", flags)?;
        let (from_stdout, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
        let (from_stderr, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
        let mut launch = Launch { number, ..pattern.clone() };
        launch.env.push(format!("{OPTIONS}--require /{SCRIPT_DIRECTORY}/{SCRIPT_NAME}"));
        launch.env.push(format!("RINGBACK_WORKER_FD={}", theirs.as_raw_fd()));
        launch.env.push(format!("RINGBACK_WORKER_PRELOAD={}", preload.join(",")));
        let ends = Ends {
            process: vec![stdin.try_clone()?, stdout, stderr, theirs],
            output: [from_stdout, from_stderr],
        };
        Ok((Self { number, is_ready: false, stdin: stdin.into(), line }, launch, ends))
    }

    /// Where it says that it is ready.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.line.as_fd()
    }

    /// Takes in what it says.
    pub(super) fn hear(&mut self) -> Said {
        let mut message = [0; 4096];
        match recv(&self.line, &mut message, RecvFlags::DONTWAIT) {
            Ok((length, _)) if length > 0 => {
                self.is_ready = true;
                let text = String::from_utf8_lossy(&message[..length]);
                Said::Ready { not_loaded: text.lines().skip(1).map(str::to_owned).collect() }
            }
            Err(rustix::io::Errno::AGAIN) => Said::Nothing,
            _ => Said::Gone,
        }
    }

    /// Gives it what its program reads, and its line away, to whoever lets it begin.
    ///
    /// # Errors
    /// When there is no memory for the input.
    pub(super) fn give(self, stdin: &OwnedFd) -> io::Result<OwnedFd> {
        fill(&self.stdin, &File::from(stdin.try_clone()?))?;
        Ok(self.line)
    }
}

/// Copies without moving either's position: the worker reads from where it stands.
fn fill(to: &File, from: &File) -> io::Result<()> {
    let length = usize::try_from(from.metadata()?.len()).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length];
    from.read_exact_at(&mut bytes, 0)?;
    to.write_all_at(&bytes, 0)?;
    // Otherwise a program could keep there what no limit of its own counts.
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    Ok(fcntl_add_seals(to, seals)?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::super::protocol::Limits;
    use super::*;

    fn launch(env: &[&str]) -> Launch {
        Launch {
            number: 7,
            argv: vec!["/usr/bin/node".to_owned(), "/execution/main.js".to_owned()],
            env: env.iter().map(|&variable| variable.to_owned()).collect(),
            code: Some(("main.js".to_owned(), "1".to_owned())),
            result_bytes_max: 1,
            directory: PathBuf::from("/execution/work"),
            execution: None,
            workspace: None,
            listed: None,
            network: false,
            limits: Limits::default(),
            warm: Some("javascript".to_owned()),
        }
    }

    #[test]
    fn programs_that_differ_only_in_what_a_worker_is_told_have_one_pattern() {
        let one = Launch { number: 8, ..launch(&["A=1", "NODE_ENV=x", "LC_CTYPE=C.UTF-8"]) };
        let mut other = launch(&["LC_CTYPE=C.UTF-8", "B=2", "NODE_ENV=x"]);
        other.code = Some(("main.js".to_owned(), "2".to_owned()));
        assert!(pattern(&one).is_some());
        assert_eq!(pattern(&one), pattern(&other));
        let different = [
            launch(&["NODE_ENV=y", "LC_CTYPE=C.UTF-8"]),
            Launch { network: true, ..other.clone() },
            Launch { argv: vec!["/usr/bin/node".to_owned()], ..other.clone() },
            Launch {
                limits: Limits { memory_bytes: Some(1), ..Limits::default() },
                ..other.clone()
            },
        ];
        for different in different {
            assert_ne!(pattern(&different), pattern(&one));
        }
    }

    #[test]
    fn what_no_worker_can_run_has_no_pattern() {
        assert_eq!(pattern(&launch(&["NODE_OPTIONS=--trace-gc"])), None);
        let long = format!("A={}", "x".repeat(ENVIRONMENT_BYTES_MAX - 2));
        assert_eq!(pattern(&launch(&[&long])), None);
        assert_eq!(pattern(&Launch { workspace: Some("one".to_owned()), ..launch(&[]) }), None);
        assert_eq!(pattern(&Launch { listed: Some("/srv".into()), ..launch(&[]) }), None);
        assert_eq!(pattern(&Launch { code: None, ..launch(&[]) }), None);
    }

    #[test]
    fn an_input_is_read_from_its_beginning() {
        use std::io::{Read, Seek, SeekFrom, Write};
        let mut from = tempfile::tempfile().unwrap();
        from.write_all(b"input").unwrap();
        from.seek(SeekFrom::Start(3)).unwrap();
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut to = File::from(memfd_create("test", flags).unwrap());
        fill(&to, &from).unwrap();
        let mut read = String::new();
        to.read_to_string(&mut read).unwrap();
        assert_eq!(read, "input");
        assert!(to.write_all(b"more").is_err());
    }
}
