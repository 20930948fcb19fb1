//! The file by which launchers on the same data follow each other: one begins when nothing of the
//! one before it is alive. Ends nobody itself.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::cgroup::EMPTY_WITHIN;
use super::{family, keeper};

/// After how long a launcher that should be ending is woken. Most are gone in milliseconds.
const WOKEN_AFTER: Duration = Duration::from_secs(2);

/// How long it has then.
const KILLED_AFTER: Duration = EMPTY_WITHIN;

/// Waits until nothing of an earlier launcher is alive, and takes its place. Whoever has a copy of
/// the descriptor holds the lock too.
///
/// # Errors
/// When the file cannot be made or locked.
pub(super) fn take(path: &Path) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(0o600);
    let mut file = options.open(path)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
        wait_for_lock(&mut file)?;
    }
    wait_for(&read_note(&mut file), EMPTY_WITHIN);
    file.set_len(0)?;
    Ok(file.into())
}

/// Waits for a lock that somebody has. Its server is no more, or we would not be here, so whoever
/// has it is ending; one that is stopped is woken to do so, and killed if it does not.
fn wait_for_lock(file: &mut File) -> io::Result<()> {
    let (lock, note) = (file.try_clone()?, read_note(file));
    let (have, had) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let locked = flock(&lock, FlockOperation::LockExclusive);
        drop::<mpsc::Sender<()>>(have);
        locked
    });
    for (after, signal) in [(WOKEN_AFTER, Signal::CONT), (KILLED_AFTER, Signal::KILL)] {
        if had.recv_timeout(after) == Err(RecvTimeoutError::Timeout) {
            for process in noted(&note) {
                // One that has ended meanwhile needs it no more.
                let _ = pidfd_send_signal(&process, signal);
            }
        }
    }
    let locked = waiting.join().map_err(|_| io::Error::other("the wait for it panicked"))?;
    Ok(locked?)
}

/// What stands in the file. What cannot be read was not written by one of us.
fn read_note(file: &mut File) -> String {
    let mut note = String::new();
    let _ = file.seek(SeekFrom::Start(0));
    let _ = file.read_to_string(&mut note);
    note
}

/// Notes the processes of a launcher: the one whose end is the end of everything below it, and the
/// one that waits for that, if they are two. The kernel closes the files of the first process of a
/// PID namespace, and with them the lock, a moment before it ends what else is in there; but it
/// does not count as ended before all of that has.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn note(lock: &OwnedFd, pids: &[i32]) -> io::Result<()> {
    let line = |pid: &i32| {
        let started = family::started_at(*pid).unwrap_or_default();
        format!("{pid} {started}\n")
    };
    let mut file = File::from(lock.try_clone()?);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(pids.iter().map(line).collect::<String>().as_bytes())
}

/// The processes that were noted and are still alive, in the order of the note.
fn noted(note: &str) -> Vec<OwnedFd> {
    note.lines().filter_map(alive).collect()
}

fn alive(line: &str) -> Option<OwnedFd> {
    let (pid, started) = line.split_once(' ')?;
    let pid = pid.parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw)?;
    let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    // Asked after it was opened: a number that was given anew names somebody else.
    let is_same = family::started_at(pid.as_raw_pid()).as_deref() == Some(started);
    is_same.then_some(process)
}

/// Waits for the end of the process that was noted first, if it is still alive.
fn wait_for(note: &str, at_most: Duration) {
    let Some(process) = note.lines().next().and_then(alive) else { return };
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
        note(&lock, &[pid.cast_signed()]).unwrap();
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
