//! The lock on a data directory: one server at a time.
//! Guards by a lock of the kernel, which ends with its process; what the file says is for people,
//! and for telling a server that runs from what a killed one has left behind.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::super::StoreError;
use super::super::private_dir::{private_file, unusable};
use crate::domain::Timestamp;

/// The directory is this process's until this is dropped.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

/// The longest text that is worth repeating from a lock file.
const HOLDER_BYTES_MAX: u64 = 200;

/// How long a lock whose server is gone is waited for. A process that the server was just about to
/// start when it was killed has the lock too, until it has become what it was to be or has ended.
const LEFT_BEHIND_MAX: Duration = Duration::from_secs(5);

/// How often the lock is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl DirLock {
    /// Locks a directory or says who has it: at once when that is a server that runs.
    pub(super) fn acquire(dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        Self::acquire_within(LEFT_BEHIND_MAX, dir, now)
    }

    fn acquire_within(patience: Duration, dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let path = dir.join("ringback.lock");
        let unusable = |error: io::Error| unusable(&path, &error);
        let mut file = private_file().open(&path).map_err(unusable)?;
        let deadline = Instant::now() + patience;
        let mut is_told = false;
        while !try_lock(&file).map_err(unusable)? {
            let text = signature(&mut file);
            let refused = |holder| Err(StoreError::Locked { path: dir.to_owned(), holder });
            match text.as_deref().map(|text| (text, signer(text))) {
                None => return refused("its lock file does not say which".to_owned()),
                Some((text, Some(pid))) if !has_open(pid, &file) => {
                    if Instant::now() >= deadline {
                        let left = "it is gone, and something that it started is not";
                        return refused(format!("{text}; {left}"));
                    }
                    if !is_told {
                        log::warn!("waiting for what an earlier server ({text}) has left behind");
                        is_told = true;
                    }
                }
                Some((text, _)) => return refused(text.to_owned()),
            }
            thread::sleep(LOOK_EVERY);
        }
        sign(&mut file, now).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes down who has the lock.
fn sign(file: &mut File, now: Timestamp) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "pid {}, started {now}", std::process::id())
}

/// Who has the lock, as far as the file says.
fn signature(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(HOLDER_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The process number in a signature.
fn signer(signature: &str) -> Option<u32> {
    signature.strip_prefix("pid ")?.split(',').next()?.parse().ok()
}

/// Whether a process has a file open, this handle not counted. One with the number of a server
/// that is gone has not, and neither has one that has ended and was not waited for. Who cannot be
/// looked at is taken to have it.
fn has_open(pid: u32, file: &File) -> bool {
    let process = format!("/proc/{pid}");
    if !Path::new("/proc/self/fd").exists() {
        return true;
    }
    let descriptors = match fs::read_dir(format!("{process}/fd")) {
        Ok(descriptors) => descriptors,
        Err(_) => return Path::new(&process).exists(),
    };
    let Ok(wanted) = file.metadata() else { return true };
    let of_ours = usize::from(pid == std::process::id());
    let handles = descriptors.flatten().filter(|descriptor| {
        let open = fs::metadata(descriptor.path());
        open.is_ok_and(|open| (open.dev(), open.ino()) == (wanted.dev(), wanted.ino()))
    });
    handles.count() > of_ours
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests start processes that hold the lock")]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    /// The number of a process that is no more.
    fn gone() -> u32 {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    /// A process that holds the lock of a directory and has not signed it.
    fn holder(dir: &Path) -> Child {
        let file = private_file().open(dir.join("ringback.lock")).unwrap();
        assert!(try_lock(&file).unwrap());
        let input = Stdio::piped();
        Command::new("cat").stdin(input).stdout(file).spawn().unwrap()
    }

    fn sign_as(dir: &Path, text: &str) {
        fs::write(dir.join("ringback.lock"), text).unwrap();
    }

    #[test]
    fn what_a_killed_server_has_left_behind_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut left = holder(dir.path());
        sign_as(dir.path(), &format!("pid {}, started long ago\n", gone()));
        let short = Duration::from_millis(100);
        let error = DirLock::acquire_within(short, dir.path(), NOW).unwrap_err().to_string();
        assert!(error.contains("it is gone, and something that it started is not"), "{error}");

        let waiting = thread::spawn({
            let dir = dir.path().to_owned();
            move || DirLock::acquire(&dir, NOW)
        });
        drop(left.stdin.take());
        left.wait().unwrap();
        let lock = waiting.join().unwrap().unwrap();
        drop(lock);
    }

    #[test]
    fn a_server_that_runs_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut running = holder(dir.path());
        // Longer than this test may take.
        let patience = Duration::from_secs(1000);
        for signature in [format!("pid {}, started now", running.id()), String::new()] {
            sign_as(dir.path(), &signature);
            let error = DirLock::acquire_within(patience, dir.path(), NOW).unwrap_err();
            let StoreError::Locked { holder, .. } = error else { panic!("{error}") };
            assert!(!holder.contains("gone"), "{holder}");
        }
        drop(running.stdin.take());
        running.wait().unwrap();
    }

    #[test]
    fn the_same_process_has_a_directory_only_once() {
        let dir = tempfile::tempdir().unwrap();
        let patience = Duration::from_secs(1000);
        let lock = DirLock::acquire_within(patience, dir.path(), NOW).unwrap();
        let error = DirLock::acquire_within(patience, dir.path(), NOW).unwrap_err();
        assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        drop(lock);
        DirLock::acquire_within(patience, dir.path(), NOW).unwrap();
    }
}
