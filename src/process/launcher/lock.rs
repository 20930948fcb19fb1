//! The file by which launchers on the same data follow each other: one begins when nothing of the
//! one before it is alive. Ends nobody itself.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::cgroup::EMPTY_WITHIN;
use super::{family, keeper};

/// Waits until nothing of an earlier launcher is alive, and takes its place. Whoever has a copy of
/// the descriptor holds the lock too.
///
/// # Errors
/// When the file cannot be made or locked.
pub(super) fn take(path: &Path) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(0o600);
    let mut file = options.open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    let mut noted = String::new();
    // What cannot be read was not written by one of us.
    let _ = file.read_to_string(&mut noted);
    wait_for(&noted, EMPTY_WITHIN);
    file.set_len(0)?;
    Ok(file.into())
}

/// Notes the first process of the PID namespace of a launcher. The kernel closes its files, and
/// with them the lock, a moment before it ends what else is in there; but it does not count as
/// ended before all of that has.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn note(lock: &OwnedFd, pid: i32) -> io::Result<()> {
    let started = family::started_at(pid).unwrap_or_default();
    let mut file = File::from(lock.try_clone()?);
    file.seek(SeekFrom::Start(0))?;
    write!(file, "{pid} {started}")
}

/// Waits for the end of the process that was noted, if it is still alive.
fn wait_for(noted: &str, at_most: Duration) {
    let Some((pid, started)) = noted.split_once(' ') else { return };
    let Some(pid) = pid.parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw) else { return };
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // Asked after it was opened: a number that was given anew names somebody else.
    if family::started_at(pid.as_raw_pid()).as_deref() != Some(started) {
        return;
    }
    let mut polled = [PollFd::new(&process, PollFlags::IN)];
    let _ = poll(&mut polled, Some(&keeper::timespec(at_most)));
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests start processes to wait for")]
mod tests {
    use std::process::{Child, Command};
    use std::{fs, thread};

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("1000").spawn().unwrap()
    }

    /// A lock that nobody holds, with a note of this process.
    fn left_with(pid: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lock = take(file.path()).unwrap();
        note(&lock, pid.cast_signed()).unwrap();
        file
    }

    #[test]
    fn who_was_noted_is_waited_for_although_the_lock_is_free() {
        let mut noted = sleeper();
        let file = left_with(noted.id());
        let taking = thread::spawn({
            let path = file.path().to_owned();
            move || take(&path).unwrap()
        });
        // It holds the file, and still it waits.
        let is_held = || {
            let file = File::open(file.path()).unwrap();
            flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
        };
        while !is_held() {
            thread::yield_now();
        }
        assert!(!taking.is_finished());
        noted.kill().unwrap();
        taking.join().unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "");
        noted.wait().unwrap();
    }

    #[test]
    fn somebody_else_with_the_same_number_is_not_waited_for() {
        let mut other = sleeper();
        let file = left_with(other.id());
        fs::write(file.path(), format!("{} 1", other.id())).unwrap();
        take(file.path()).unwrap();
        for words in ["", "these are no numbers", "-5 5", "99999999 5"] {
            fs::write(file.path(), words).unwrap();
            take(file.path()).unwrap();
        }
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
