//! Control groups of version 2: a directory for each execution below one of the launcher's own.
//! What a process is born into it cannot leave, and the kernel ends all of it at once.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};

use super::leaf::Leaf;
use super::protocol::Limits;

/// How long processes that were killed may take to be gone. One in uninterruptible sleep takes as
/// long as its disk does.
pub(super) const EMPTY_WITHIN: Duration = Duration::from_secs(30);

/// Where the server's own processes go when controllers are handed on: a group that has them must
/// not have processes of its own.
const SERVER_GROUP: &str = "ringback-server";

/// The launcher's own group.
#[derive(Debug)]
pub(super) struct Cgroups {
    base: OwnedFd,
    name: String,
    directory: Rc<OwnedFd>,
    path: PathBuf,
    mount_point: PathBuf,
    /// Whether executions can be given limits of memory.
    pub(super) memory: bool,
    /// Whether executions can be given limits of processes.
    pub(super) processes: bool,
    /// Groups that executions have left empty, to be used again: making and removing one is dear.
    spares: RefCell<Vec<Leaf>>,
    made: Cell<u64>,
}

/// How many empty groups are kept.
const SPARES_MAX: usize = 64;

impl Cgroups {
    /// The group `name` below the one that this process is in. What an earlier launcher left in
    /// it is killed.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(super) fn find(name: &str) -> Result<Self, String> {
        let (mount_point, base) = own_group()?;
        let path = base.join(name);
        let cannot =
            |error: io::Error| format!("no cgroup can be made in {}: {error}", base.display());
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(cannot(error));
            }
            _ => {}
        }
        hand_on_controllers(&base);
        let _ = fs::write(path.join("cgroup.subtree_control"), "+memory +pids");
        let controllers =
            fs::read_to_string(path.join("cgroup.subtree_control")).unwrap_or_default();
        let has = |name: &str| controllers.split_whitespace().any(|controller| controller == name);
        let directory = Rc::new(open_directory(CWD, &path).map_err(cannot)?);
        let (memory, processes) = (has("memory"), has("pids"));
        let base = open_directory(CWD, &base).map_err(cannot)?;
        let name = name.to_owned();
        let (spares, made) = (RefCell::default(), Cell::new(0));
        let found =
            Self { base, name, directory, path, mount_point, memory, processes, spares, made };
        found.sweep();
        // Without this file, older than 5.14, a group cannot be ended at once.
        let probe = found.leaf(&Limits::default()).map_err(cannot)?;
        let can_kill = probe.kill();
        probe.remove();
        can_kill.map_err(|error| format!("a cgroup cannot be killed at once here: {error}"))?;
        Ok(found)
    }

    /// Where the file system of cgroups is mounted.
    pub(super) fn mount_point(&self) -> &Path {
        &self.mount_point
    }

    /// A new group for one execution.
    ///
    /// # Errors
    /// When it cannot be made, or a limit cannot be set.
    pub(super) fn leaf(&self, limits: &Limits) -> io::Result<Leaf> {
        if let Some(spare) = self.spares.borrow_mut().pop() {
            return Ok(spare);
        }
        let number = self.made.get();
        self.made.set(number + 1);
        let name = format!("execution-{number}");
        mkdirat(&*self.directory, name.as_str(), Mode::RWXU)?;
        let leaf = Leaf::open(&self.directory, name, self.memory)?;
        if let (true, Some(bytes)) = (self.memory, limits.memory_bytes) {
            leaf.write("memory.max", &bytes.to_string())?;
            // Where there is no swap there is no such file.
            let _ = leaf.write("memory.swap.max", "0");
        }
        if let (true, Some(count)) = (self.processes, limits.processes) {
            leaf.write("pids.max", &count.to_string())?;
        }
        Ok(leaf)
    }

    /// Takes a group back that an execution has left empty, having used so much time by its own
    /// account. One that has limits, or a history of them, is not used again.
    pub(super) fn give_back(&self, mut leaf: Leaf, spent_micros: u64) {
        let has_limits = self.memory || self.processes;
        if has_limits || self.spares.borrow().len() >= SPARES_MAX || !leaf.is_as_new() {
            return leaf.remove();
        }
        leaf.spent(spent_micros);
        self.spares.borrow_mut().push(leaf);
    }

    /// Ends what an earlier launcher left, if anything.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(leaf) = Leaf::open(&self.directory, name, false) else { continue };
            let _ = leaf.kill();
            let deadline = Instant::now() + EMPTY_WITHIN;
            while leaf.is_populated() && Instant::now() < deadline {
                leaf.wait_for_change(Duration::from_millis(50));
            }
            leaf.remove();
        }
    }
}

impl Drop for Cgroups {
    /// Takes the launcher's own group away, if it is empty.
    fn drop(&mut self) {
        self.spares.take().into_iter().for_each(Leaf::remove);
        let _ = unlinkat(&self.base, self.name.as_str(), AtFlags::REMOVEDIR);
    }
}

pub(super) fn open_directory(at: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(at, path, flags, Mode::empty())?)
}

/// The value in a file of lines `name value`.
pub(super) fn value_of(file: &str, name: &str) -> Option<u64> {
    file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Where the file system is mounted: proc_pid_mountinfo(5).
fn mount_point() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts.lines().find_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let is_cgroup2 = file_system.split(' ').next() == Some("cgroup2");
        is_cgroup2.then(|| mount.split(' ').nth(4)).flatten().map(PathBuf::from)
    })
}

/// The mount point and, below it, the group that was given to the server: cgroups(7). Not the one
/// below it that it may have moved into for an earlier launcher.
fn own_group() -> Result<(PathBuf, PathBuf), &'static str> {
    let mount_point = mount_point().ok_or("no cgroup file system of version 2 is mounted")?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = given_group(&groups).ok_or("this process is in no cgroup of version 2")?;
    // Components, because joining an empty path would leave a slash at the end.
    let base = mount_point.join(own.trim_start_matches('/')).components().collect();
    Ok((mount_point, base))
}

/// The controllers of cgroups that this process could hand on to its programs, such as `memory`
/// and `pids`, and the directory of the group that it is in.
///
/// # Errors
/// A sentence without a full stop that says why it is in no group of version 2.
pub fn cgroup_controllers() -> Result<(PathBuf, Vec<String>), String> {
    let (_, base) = own_group()?;
    let listed = fs::read_to_string(base.join("cgroup.controllers"));
    let listed = listed.map_err(|error| format!("{} cannot be read: {error}", base.display()))?;
    Ok((base, listed.split_whitespace().map(str::to_owned).collect()))
}

fn given_group(groups: &str) -> Option<String> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let given = own.strip_suffix(SERVER_GROUP).and_then(|above| above.strip_suffix('/'));
    Some(given.unwrap_or(own).to_owned())
}

/// Lets groups below `base` have controllers, if that is ours to decide: under systemd's
/// delegation, or as root. Without it the kill still works; only limits are missing.
fn hand_on_controllers(base: &Path) {
    let control = base.join("cgroup.subtree_control");
    let has_all = |file: &Path| {
        let controllers = fs::read_to_string(file).unwrap_or_default();
        ["memory", "pids"].iter().all(|wanted| controllers.split_whitespace().any(|c| c == *wanted))
    };
    if has_all(&control) || !has_all(&base.join("cgroup.controllers")) {
        return;
    }
    if fs::write(&control, "+memory +pids").is_err() {
        // A group that hands controllers on must be empty: the server moves down by one.
        let server = base.join(SERVER_GROUP);
        let _ = fs::create_dir(&server);
        for pid in fs::read_to_string(base.join("cgroup.procs")).unwrap_or_default().lines() {
            let _ = fs::write(server.join("cgroup.procs"), pid);
        }
        let _ = fs::write(&control, "+memory +pids");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_launcher_looks_where_the_first_one_did() {
        let groups = |own: &str| format!("1:cpu:/elsewhere\n0::{own}\n");
        let first = given_group(&groups("/system.slice/ringback.service"));
        assert_eq!(first.as_deref(), Some("/system.slice/ringback.service"));
        assert_eq!(given_group(&groups("/system.slice/ringback.service/ringback-server")), first);
        assert_eq!(given_group(&groups("/ringback-server")).as_deref(), Some(""));
        assert_eq!(given_group("1:cpu:/elsewhere\n"), None);
    }

    #[test]
    fn values_are_found_by_their_whole_name() {
        let file = "low 0\noom 3\noom_kill 2\n";
        assert_eq!(value_of(file, "oom"), Some(3));
        assert_eq!(value_of(file, "oom_kill"), Some(2));
        assert_eq!(value_of(file, "oom_group"), None);
    }
}
