//! What programs below level sandbox see of the machine: its own root, with a `/proc` of their
//! own, and their directories even where the way to them is closed to their user.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change};

use super::cgroup::Cgroups;
use super::protocol::Setup;
use super::sys;

/// Arranges the mounts of this process's own mount namespace.
///
/// # Errors
/// A sentence that names what could not be done.
pub(super) fn arrange(
    setup: &Setup,
    user_id: Option<u32>,
    cgroups: Option<&Cgroups>,
) -> Result<(), String> {
    let doing = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    let follows = MountPropagationFlags::REC | MountPropagationFlags::DOWNSTREAM;
    mount_change("/", follows).map_err(|e| doing("taking the mounts over")(e.into()))?;
    let options = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", options, c"").map_err(|e| doing("mounting /proc")(e.into()))?;
    if let Some(cgroups) = cgroups {
        // Whoever may write there may leave its cgroup for another one.
        let at = cgroups.mount_point();
        mount_bind_recursive(at, at).map_err(|e| doing("covering the cgroups")(e.into()))?;
        sys::make_read_only(at).map_err(doing("closing the cgroups"))?;
    }
    open_the_way(setup, user_id).map_err(doing("opening the way to the directories of programs"))
}

/// Lets programs get to their directories where no mounts can be arranged for them: whoever knows a
/// name may pass the data directory, but still sees and reads nothing in it.
///
/// # Errors
/// A sentence that names the directory above it that they cannot pass.
pub(super) fn open_on_disk(setup: &Setup, user_id: Option<u32>) -> Result<(), String> {
    let Some(user_id) = user_id else { return Ok(()) };
    for path in [&setup.executions, &setup.workspaces] {
        let Some(data_dir) = path.parent() else { continue };
        let Some(closed) = first_closed(path, user_id) else { continue };
        if closed != data_dir {
            return Err(format!(
                "the user {user_id} of programs may not pass {} on the way to {}, and without \
                 namespaces no other way can be made: `chmod o+x` it, or keep the data elsewhere",
                closed.display(),
                path.display()
            ));
        }
        let cannot =
            |error: io::Error| format!("opening the way through {}: {error}", data_dir.display());
        let mode = fs::metadata(data_dir).map_err(cannot)?.mode();
        let passable = fs::Permissions::from_mode(mode & 0o7777 | 0o011);
        fs::set_permissions(data_dir, passable).map_err(cannot)?;
    }
    Ok(())
}

/// Where a directory on the way to those of the programs is closed to their user, an empty one is
/// put over it, with nothing in it but them. Nothing is hidden that could have been reached.
fn open_the_way(setup: &Setup, user_id: Option<u32>) -> io::Result<()> {
    let Some(user_id) = user_id else { return Ok(()) };
    let wanted = [&setup.executions, &setup.workspaces].into_iter().chain(&setup.working_dirs);
    let mut behind: Vec<(PathBuf, PathBuf, OwnedFd)> = Vec::new();
    for path in wanted.filter(|path| path.exists()) {
        if let Some(closed) = first_closed(path, user_id) {
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            behind.push((closed, path.clone(), openat(CWD, path, flags, Mode::empty())?));
        }
    }
    let mut covered: Vec<&Path> = Vec::new();
    for (closed, path, part) in &behind {
        if !covered.contains(&closed.as_path()) {
            let options = MountFlags::NOSUID | MountFlags::NODEV;
            mount("ringback", closed, "tmpfs", options, c"mode=755,size=1m")?;
            covered.push(closed);
        }
        fs::create_dir_all(path)?;
        mount_bind_recursive(format!("/proc/self/fd/{}", part.as_raw_fd()), path)?;
    }
    for closed in covered {
        sys::make_read_only_alone(closed)?;
    }
    Ok(())
}

/// The first directory above `path` that a user who owns nothing may not pass.
fn first_closed(path: &Path, user_id: u32) -> Option<PathBuf> {
    let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.reverse();
    let is_closed = |directory: &Path| {
        fs::metadata(directory).is_ok_and(|found| {
            let needed = match (found.uid(), found.gid()) {
                (owner, _) if owner == user_id => 0o100,
                (_, group) if group == user_id => 0o010,
                _ => 0o001,
            };
            found.mode() & needed == 0
        })
    };
    above.into_iter().find(|directory| is_closed(directory)).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_closed_directory_is_the_outermost() {
        let base = tempfile::tempdir().unwrap();
        let open = base.path().join("open");
        let closed = open.join("closed");
        fs::create_dir_all(closed.join("deeper/data")).unwrap();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        set(base.path(), 0o755);
        set(&open, 0o711);
        set(&closed, 0o750);
        set(&closed.join("deeper"), 0o700);
        let data = closed.join("deeper/data");
        assert_eq!(first_closed(&data, 4_000_000), Some(closed.clone()));
        set(&closed, 0o751);
        assert_eq!(first_closed(&data, 4_000_000), Some(closed.join("deeper")));
        set(&closed.join("deeper"), 0o755);
        assert_eq!(first_closed(&data, 4_000_000), None);
    }
}
