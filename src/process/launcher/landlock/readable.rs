//! What every confined program may read: which paths those are, opened once and watched for
//! replacement. Makes no ruleset.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use landlock::{AccessFs, BitFlags, make_bitflags};
use rustix::fs::{Mode, OFlags, open};

use super::super::visible;

/// What describes the machine: runtimes size their thread pools by it.
const ABOUT_THE_MACHINE: &[&str] = &["/proc", "/sys/devices/system/cpu"];

/// Devices that hold nothing of anybody's. Not `/dev/shm`, which programs would share.
const DEVICES: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// What is opened without being opened for anything: enough for a rule to name it.
#[derive(Debug)]
pub(super) struct Readable {
    opened: Vec<(OwnedFd, BitFlags<AccessFs>)>,
    watched: BTreeMap<PathBuf, Option<Stamp>>,
}

/// When a directory's entries last changed: seconds and nanoseconds.
type Stamp = (i64, i64);

impl Readable {
    /// Opens the system's paths and `others`, each once, leaving out what is not there.
    pub(super) fn open(others: &[PathBuf]) -> io::Result<Self> {
        let mut programs: Vec<PathBuf> = visible::PROGRAMS.iter().map(PathBuf::from).collect();
        programs.extend(visible::etc());
        programs.extend_from_slice(others);
        // Before anything is opened, so that a change meanwhile is one that is seen.
        let watched = watch(&programs);
        let mut made = Self { opened: Vec::new(), watched };
        made.grant(&programs, make_bitflags!(AccessFs::{Execute | ReadFile | ReadDir}))?;
        made.grant(ABOUT_THE_MACHINE, make_bitflags!(AccessFs::{ReadFile | ReadDir}))?;
        made.grant(DEVICES, make_bitflags!(AccessFs::{ReadFile | WriteFile | IoctlDev}))?;
        Ok(made)
    }

    /// Each file or directory, and what may be done with it or beneath it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&OwnedFd, BitFlags<AccessFs>)> {
        self.opened.iter().map(|(file, access)| (file, *access))
    }

    /// Whether an entry came, went or was replaced in a directory that holds one of them.
    pub(super) fn is_stale(&self) -> bool {
        self.watched.iter().any(|(directory, stamp)| stamp_of(directory) != *stamp)
    }

    fn grant(&mut self, paths: &[impl AsRef<Path>], access: BitFlags<AccessFs>) -> io::Result<()> {
        for path in outermost(paths)? {
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = open(&path, flags, Mode::empty())?;
            // A rule about a file may only name what can be done with files.
            let access = if path.is_dir() { access } else { access & !AccessFs::ReadDir };
            self.opened.push((opened, access));
        }
        Ok(())
    }
}

/// The real paths of what is there, without those that lie in another one of them.
fn outermost(paths: &[impl AsRef<Path>]) -> io::Result<Vec<PathBuf>> {
    let mut real = BTreeSet::new();
    for path in paths {
        match fs::canonicalize(path) {
            Ok(path) => drop(real.insert(path)),
            Err(error) if is_out_of_reach(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let mut outermost: Vec<PathBuf> = Vec::new();
    // Sorted, so that a directory comes before what lies in it.
    for path in real {
        if !outermost.last().is_some_and(|outer| path.starts_with(outer)) {
            outermost.push(path);
        }
    }
    Ok(outermost)
}

/// The directories that hold what these paths name, also where links lead. What changes in a
/// directory that is itself among the paths needs no watching: a rule holds for all beneath it.
fn watch(paths: &[PathBuf]) -> BTreeMap<PathBuf, Option<Stamp>> {
    let mut watched = BTreeMap::new();
    for path in paths {
        let real = fs::canonicalize(path).ok();
        for directory in [path.parent(), real.as_deref().and_then(Path::parent)] {
            let Some(directory) = directory else { continue };
            if !paths.iter().any(|path| directory.starts_with(path)) {
                watched.entry(directory.to_owned()).or_insert_with(|| stamp_of(directory));
            }
        }
    }
    watched
}

/// Not there, or where this user cannot go; then its programs cannot either.
fn is_out_of_reach(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

fn stamp_of(directory: &Path) -> Option<Stamp> {
    let about = fs::metadata(directory).ok()?;
    Some((about.mtime(), about.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_opened_twice() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("inside");
        fs::create_dir(&inside).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&inside, &link).unwrap();
        let count = |others: &[PathBuf]| Readable::open(others).unwrap().opened.len();
        let without = count(&[]);
        assert_eq!(count(std::slice::from_ref(&inside)), without + 1);
        assert_eq!(count(&[link, inside, directory.path().to_owned()]), without + 1);
        assert_eq!(count(&["/usr/bin".into(), "/not/there".into()]), without);
    }

    #[test]
    fn a_replaced_file_makes_the_rules_stale() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (directory.path().join("old"), directory.path().join("new"));
        fs::write(&old, "old").unwrap();
        fs::write(&new, "new").unwrap();
        let readable = Readable::open(std::slice::from_ref(&old)).unwrap();
        let mtime = fs::metadata(directory.path()).unwrap().modified().unwrap();
        fs::write(&old, "changed where it is").unwrap();
        assert!(!readable.is_stale());
        fs::rename(&new, &old).unwrap();
        // File times are as coarse as the kernel's tick, and this test may be faster than that.
        let later = mtime + std::time::Duration::from_millis(10);
        fs::File::open(directory.path()).unwrap().set_modified(later).unwrap();
        assert!(readable.is_stale());
    }
}
