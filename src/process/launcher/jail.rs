//! The root directory of sandboxed programs: the system's own directories, read-only, a minimal
//! `/etc`, a few devices, and for each execution a bounded place of its own in memory. Nothing
//! else of the machine is to be found in it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive,
    mount_change, unmount,
};

use super::protocol::{Launch, Setup};
use super::sys;
use super::visible;

/// Where a sandboxed program finds its own directory, whatever execution it is of.
pub(in crate::process) const EXECUTION: &str = "/execution";

/// Where it finds its tenant's workspace.
pub(in crate::process) const WORKSPACE: &str = "/workspace";

/// What only the launcher sees.
const HIDDEN: &str = "/.ringback";

/// The devices that everybody has.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Directories that lead into the execution's own place, so that it alone is what can be filled.
const WRITABLE: [(&str, &str); 3] =
    [("/tmp", "/execution/tmp"), ("/var/tmp", "/execution/tmp"), ("/dev/shm", "/execution/tmp")];

/// Makes the root and moves this process into it. Must be called in a mount namespace, a PID
/// namespace and a user namespace of its own.
///
/// # Errors
/// A sentence that names what could not be done.
pub(super) fn build(setup: &Setup, user_id: u32) -> Result<Vec<Late>, String> {
    let doing = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    let everything = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
    mount_change("/", everything).map_err(|e| doing("making mounts private")(e.into()))?;
    // Opened now, because the new root will lie over a part of the old one.
    let parts = Parts::open(setup).map_err(doing("opening what programs may see"))?;
    let root = Path::new("/tmp");
    let options = MountFlags::NOSUID | MountFlags::NODEV;
    mount("ringback", root, "tmpfs", options, c"mode=755,size=64m")
        .map_err(|e| doing("mounting a tmpfs")(e.into()))?;
    let late = parts.put(root).map_err(doing("filling the new root"))?;
    devices(root).map_err(doing("putting devices into the new root"))?;
    etc(root, user_id).map_err(doing("filling /etc of the new root"))?;
    for (link, target) in WRITABLE {
        let link = inside(root, Path::new(link));
        make_parents(&link).and_then(|()| symlink(target, &link)).map_err(doing("linking /tmp"))?;
    }
    let no_programs = options | MountFlags::NOEXEC;
    mount("proc", inside(root, Path::new("/proc")), "proc", no_programs, c"")
        .map_err(|e| doing("mounting /proc")(e.into()))?;
    enter(root).map_err(doing("entering the new root"))?;
    Ok(late)
}

/// What lies where each execution has a place of its own, and is put there for each anew: from
/// where, and where to.
#[derive(Debug, Clone)]
pub(super) struct Late {
    from: PathBuf,
    to: PathBuf,
}

/// Makes the place of one execution. Must be called in a mount namespace and a PID namespace of
/// its own, inside the root.
///
/// # Errors
/// When the kernel refuses.
pub(super) fn furnish(place: &Place<'_>) -> io::Result<()> {
    let options = MountFlags::NOSUID | MountFlags::NODEV;
    mount("proc", "/proc", "proc", options | MountFlags::NOEXEC, c"")?;
    let size = match place.disk_bytes {
        Some(bytes) => format!("mode=755,size={bytes}\0"),
        None => "mode=755\0".to_owned(),
    };
    let size = std::ffi::CStr::from_bytes_with_nul(size.as_bytes()).unwrap_or(c"mode=755");
    mount("execution", EXECUTION, "tmpfs", options, size)?;
    let execution = Path::new(EXECUTION);
    let own = |path: &Path| match place.user_id {
        Some(id) => chown(path, Some(id), Some(id)),
        None => Ok(()),
    };
    own(execution)?;
    for name in ["work", "tmp"] {
        let path = execution.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        own(&path)?;
    }
    if let Some((name, code)) = place.code {
        let path = execution.join(name);
        fs::write(&path, code)?;
        own(&path)?;
    }
    for Late { from, to } in place.late {
        if from.is_dir() {
            fs::create_dir_all(to)?;
        } else {
            make_parents(to)?;
            fs::write(to, "")?;
        }
        mount_bind_recursive(from, to)?;
    }
    if let Some(name) = place.workspace {
        mount_bind(Path::new(HIDDEN).join("workspaces").join(name), WORKSPACE)?;
    }
    unmount(HIDDEN, UnmountFlags::DETACH)?;
    Ok(())
}

/// What the place of an execution is made from.
pub(super) struct Place<'a> {
    pub(super) disk_bytes: Option<u64>,
    pub(super) user_id: Option<u32>,
    pub(super) code: Option<(&'a str, &'a str)>,
    pub(super) workspace: Option<&'a str>,
    pub(super) late: &'a [Late],
}

impl<'a> Place<'a> {
    /// The place of the execution that is to be launched.
    pub(super) fn of(launch: &'a Launch, user_id: Option<u32>, late: &'a [Late]) -> Self {
        Self {
            disk_bytes: launch.limits.disk_bytes,
            user_id,
            code: launch.code.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
            workspace: launch.workspace.as_deref(),
            late,
        }
    }
}

/// A directory of the launcher's own, which programs do not see.
pub(super) fn hidden(name: &str) -> PathBuf {
    Path::new(HIDDEN).join(name)
}

/// What is taken over from the old root.
struct Parts {
    read_only: Vec<(PathBuf, OwnedFd)>,
    writable: Vec<(PathBuf, OwnedFd)>,
    links: Vec<(PathBuf, PathBuf)>,
    workspaces: OwnedFd,
}

impl Parts {
    fn open(setup: &Setup) -> io::Result<Self> {
        let mut parts = Self {
            read_only: Vec::new(),
            writable: Vec::new(),
            links: Vec::new(),
            workspaces: open(&setup.workspaces)?,
        };
        let readable = setup.readable.iter().map(PathBuf::as_path);
        for path in visible::PROGRAMS.iter().map(Path::new).chain(readable) {
            match fs::read_link(path) {
                Ok(target) => parts.links.push((path.to_owned(), target)),
                Err(_) if path.exists() => parts.read_only.push((path.to_owned(), open(path)?)),
                Err(_) => {}
            }
        }
        for path in setup.working_dirs.iter().filter(|path| path.exists()) {
            parts.writable.push((path.clone(), open(path)?));
        }
        Ok(parts)
    }

    fn put(&self, root: &Path) -> io::Result<Vec<Late>> {
        let hidden = inside(root, Path::new(HIDDEN));
        fs::create_dir(&hidden)?;
        mount("hidden", &hidden, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=700")?;
        let mut late = Vec::new();
        let mut place = |path: &Path| {
            let Some(to) = in_own_place(path) else { return inside(root, path) };
            let name = format!("late-{}", late.len());
            late.push(Late { from: Path::new(HIDDEN).join(&name), to });
            hidden.join(name)
        };
        for (path, target) in &self.links {
            let link = inside(root, path);
            make_parents(&link)?;
            symlink(target, link)?;
        }
        for (path, part) in &self.read_only {
            let at = place(path);
            bind(part, &at)?;
            sys::make_read_only(&at)?;
        }
        for (path, part) in &self.writable {
            bind(part, &place(path))?;
        }
        for path in ["/proc", EXECUTION, WORKSPACE, "/run", "/home", "/root"] {
            fs::create_dir_all(inside(root, Path::new(path)))?;
        }
        bind(&self.workspaces, &hidden.join("workspaces"))?;
        Ok(late)
    }
}

/// Where a path leads that lies in one of the directories that each execution has for itself.
fn in_own_place(path: &Path) -> Option<PathBuf> {
    let in_link = |(link, target): &(&str, &str)| {
        path.strip_prefix(link).ok().map(|rest| Path::new(target).join(rest))
    };
    WRITABLE.iter().find_map(in_link)
}

/// The devices, taken over from the old root: a user namespace cannot make any.
fn devices(root: &Path) -> io::Result<()> {
    let dev = inside(root, Path::new("/dev"));
    fs::create_dir_all(&dev)?;
    for name in DEVICES {
        let at = dev.join(name);
        fs::write(&at, "")?;
        mount_bind(Path::new("/dev").join(name), &at)?;
    }
    for (name, target) in [("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        symlink(Path::new("/proc/self").join(target), dev.join(name))?;
    }
    Ok(())
}

/// A copy of the harmless parts, since each mount would make each execution dearer.
fn etc(root: &Path, user_id: u32) -> io::Result<()> {
    let etc = inside(root, Path::new("/etc"));
    fs::create_dir_all(&etc)?;
    for path in visible::etc() {
        copy(&path, &inside(root, &path))?;
    }
    let home = Path::new(EXECUTION).join("work");
    let users = format!(
        "root:x:0:0:root:/root:/usr/sbin/nologin\n\
         ringback:x:{user_id}:{user_id}:ringback:{}:/bin/sh\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        home.display()
    );
    fs::write(etc.join("passwd"), users)?;
    fs::write(etc.join("group"), format!("root:x:0:\nringback:x:{user_id}:\nnogroup:x:65534:\n"))
}

/// Copies what everybody may read. A link that leads to a file outside is copied as that file.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    const WORLD_READABLE: u32 = 0o004;
    let Ok(found) = fs::metadata(from) else { return Ok(()) };
    if found.permissions().mode() & WORLD_READABLE == 0 {
        return Ok(());
    }
    make_parents(to)?;
    if !found.is_dir() {
        return if found.is_file() { fs::copy(from, to).map(drop) } else { Ok(()) };
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match fs::read_link(entry.path()) {
            Ok(target) if target.starts_with("/usr") || target.is_relative() => {
                symlink(target, to)?
            }
            _ => copy(&entry.path(), &to)?,
        }
    }
    Ok(())
}

/// Makes `root` the root and leaves nothing of the old one.
fn enter(root: &Path) -> io::Result<()> {
    rustix::process::chdir(root)?;
    // The old root lies over the new one until it is taken away: pivot_root(2).
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")?;
    sys::make_read_only_alone(Path::new("/"))
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

/// Puts a part of the old root into the new one, with all that is mounted in it.
fn bind(part: &OwnedFd, at: &Path) -> io::Result<()> {
    let source = PathBuf::from(format!("/proc/self/fd/{}", part.as_raw_fd()));
    if fs::metadata(&source)?.is_dir() {
        fs::create_dir_all(at)?;
    } else {
        make_parents(at)?;
        fs::write(at, "")?;
    }
    Ok(mount_bind_recursive(&source, at)?)
}

fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn make_parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// A `/proc` that shows the PID namespace of this process and no other.
///
/// # Errors
/// When the kernel refuses.
pub(super) fn own_proc() -> io::Result<()> {
    let options = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    Ok(mount("proc", "/proc", "proc", options, c"")?)
}
