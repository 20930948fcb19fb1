//! A cgroup that is delegated to a plain user, as service managers do: this process is in it for as
//! long as a server is started there. Sets no limits.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

/// The group. Dropping it takes it away.
pub struct Delegation {
    group: PathBuf,
    /// Where this process came from.
    home: PathBuf,
}

impl Delegation {
    /// A group that belongs to a user, with this process in it; none where there are no cgroups of
    /// version 2, or they are not ours to give away.
    pub fn to(user: u32) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let is_cgroup2 = |line: &&str| line.split(' ').nth(2) == Some("cgroup2");
        let root = Path::new(mounts.lines().find(is_cgroup2)?.split(' ').nth(1)?);
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let home = root.join(own);
        let group = home.join(format!("ringback-test-{user}"));
        fs::create_dir(&group).ok()?;
        for path in [&group, &group.join("cgroup.procs"), &group.join("cgroup.subtree_control")] {
            chown(path, Some(user), Some(user)).ok()?;
        }
        let delegation = Self { group, home };
        enter(&delegation.group).ok()?;
        Some(delegation)
    }

    /// Takes this process out again; what it has started stays.
    pub fn leave(&self) {
        enter(&self.home).expect("it came from there");
    }
}

impl Drop for Delegation {
    fn drop(&mut self) {
        let _ = enter(&self.home);
        let _ = fs::remove_dir(&self.group);
    }
}

fn enter(group: &Path) -> std::io::Result<()> {
    fs::write(group.join("cgroup.procs"), "0")
}
