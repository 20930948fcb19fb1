//! The cgroup of one execution: who is in it, what they use, and the end of all of them.

use std::cell::Cell;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};

use super::cgroup::{open_directory, value_of};

/// The group of one execution.
#[derive(Debug)]
pub(super) struct Leaf {
    directory: OwnedFd,
    /// `cgroup.events`, which is looked at for each execution.
    events: OwnedFd,
    parent: Rc<OwnedFd>,
    name: String,
    has_memory: bool,
    /// What earlier executions in it have used, in microseconds.
    spent_micros: u64,
    /// The kernel ends at once whoever is born into a group that was ever killed by somebody
    /// outside of it.
    was_killed: Cell<bool>,
}

impl Leaf {
    /// The group of this name below `parent`, which has the controller of memory or not.
    ///
    /// # Errors
    /// When there is none, or no descriptor to be had.
    pub(super) fn open(parent: &Rc<OwnedFd>, name: String, has_memory: bool) -> io::Result<Self> {
        let directory = open_directory(&**parent, Path::new(&name))?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let events = openat(&directory, "cgroup.events", flags, Mode::empty())?;
        let parent = Rc::clone(parent);
        Ok(Self {
            directory,
            events,
            parent,
            name,
            has_memory,
            spent_micros: 0,
            was_killed: Cell::default(),
        })
    }

    /// Its directory, to be born in.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Ends everything in it, including what is being forked at this moment.
    pub(super) fn kill(&self) -> io::Result<()> {
        self.was_killed.set(true);
        self.write("cgroup.kill", "1")
    }

    /// The processes in it, by their numbers in the caller's PID namespace.
    pub(super) fn pids(&self) -> Vec<i32> {
        let listed = self.read("cgroup.procs");
        listed.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect()
    }

    /// Whether anything in it is alive. What has ended and was not reaped is not.
    pub(super) fn is_populated(&self) -> bool {
        let mut content = [0; 128];
        let read = rustix::io::pread(&self.events, &mut content, 0).unwrap_or(0);
        String::from_utf8_lossy(&content[..read]).lines().any(|line| line == "populated 1")
    }

    /// Returns when it may have become empty, or after `timeout`, which is shorter than a second.
    pub(super) fn wait_for_change(&self, timeout: Duration) {
        // The kernel notifies of changes after the last read.
        if self.is_populated() {
            let mut polled = [PollFd::new(&self.events, PollFlags::PRI)];
            let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(timeout.subsec_nanos()) };
            let _ = poll(&mut polled, Some(&timeout));
        }
    }

    /// Whether another execution could be born into it.
    pub(super) fn is_as_new(&self) -> bool {
        !self.was_killed.get() && !self.is_populated()
    }

    /// User and system time of all that was in it for this execution, in microseconds.
    pub(super) fn cpu_micros(&self) -> Option<u64> {
        let all = value_of(&self.read("cpu.stat"), "usage_usec")?;
        Some(all.saturating_sub(self.spent_micros))
    }

    /// Counts what an execution has used that is over.
    pub(super) const fn spent(&mut self, micros: u64) {
        self.spent_micros += micros;
    }

    /// The peak of its memory, in bytes, where the kernel counts it.
    pub(super) fn memory_peak_bytes(&self) -> Option<u64> {
        if self.has_memory { self.read("memory.peak").trim().parse().ok() } else { None }
    }

    /// How often the kernel has ended one of its processes for want of memory.
    pub(super) fn oom_kills(&self) -> u64 {
        if !self.has_memory {
            return 0;
        }
        value_of(&self.read("memory.events"), "oom_kill").unwrap_or(0)
    }

    /// Takes the empty group away.
    pub(super) fn remove(self) {
        let _ = unlinkat(&*self.parent, self.name.as_str(), AtFlags::REMOVEDIR);
    }

    /// Writes to one of its files.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn write(&self, file: &str, content: &str) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(&self.directory, file, flags, Mode::empty())?;
        rustix::io::write(&file, content.as_bytes())?;
        Ok(())
    }

    fn read(&self, file: &str) -> String {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let Ok(file) = openat(&self.directory, file, flags, Mode::empty()) else {
            return String::new();
        };
        io::read_to_string(fs::File::from(file)).unwrap_or_default()
    }
}
