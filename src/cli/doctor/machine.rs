//! The doctor's look at the machine itself: its kernel, open files, the data directory, the clock.
//! Changes nothing; a data directory that is not there is not made.

use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};
use rustix::system::uname;

use super::finding::{Finding, Mark};
use crate::app::wall_clock;
use crate::cli::open_files;
use crate::config::Config;

/// Less free disk than this is soon used up by output that is recorded, in bytes.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// 2025-01-01 in Unix seconds. Every build of this program is younger.
const CLOCK_MIN: i64 = 1_735_689_600;

pub(super) fn system() -> Finding {
    let name = uname();
    let words = [name.sysname(), name.release(), name.machine()];
    let [system, release, machine] = words.map(|word| word.to_string_lossy().into_owned());
    let text = format!("{system} {release}, {machine}");
    let finding = Finding::new("system", Mark::Ok, text).fact("version", env!("CARGO_PKG_VERSION"));
    finding.fact("kernel", release).fact("machine", machine)
}

pub(super) fn open_files(config: &Config) -> Finding {
    let limit = getrlimit(Resource::Nofile);
    let (slots, connections) = (config.execution.slots, config.server.connections_max);
    let needed = open_files::needed(config);
    // A server raises its soft limit at its start.
    let is_enough = limit.maximum.is_none_or(|hard| hard >= needed);
    let words =
        |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |n| n.to_string());
    let (soft, hard) = (words(limit.current), words(limit.maximum));
    let text = format!(
        "{soft} at a time, {hard} at most; {slots} slots and {connections} connections need about {needed}"
    );
    let finding = Finding::new("open files", Mark::Weak.unless(is_enough), text);
    let finding = finding.fact("soft", limit.current).fact("hard", limit.maximum);
    let finding = finding.fact("needed", needed);
    if is_enough {
        return finding;
    }
    finding.detail("raise it with `ulimit -n` or `LimitNOFILE=`, or lower `server.connections_max`")
}

/// Whether the store can be there, and how much room it has.
pub(super) fn data_dir(data_dir: &Path) -> Vec<Finding> {
    let is_there = data_dir.exists();
    let nearest = nearest(data_dir);
    let told = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let told = told.display().to_string();
    // Only trying tells: what permissions say is not all that a file system asks for. The file
    // has no name, so that nobody else ever sees it.
    let allowed = tempfile::tempfile_in(&nearest);
    let (mark, text) = match (is_there, allowed) {
        _ if !nearest.is_dir() => {
            (Mark::Bad, format!("{told}: {} is not a directory", nearest.display()))
        }
        (true, Ok(_)) => (Mark::Ok, format!("{told} can be written to")),
        (true, Err(why)) => (Mark::Bad, format!("{told} cannot be written to: {why}")),
        (false, Ok(_)) => (Mark::Ok, format!("{told} is not there yet, and can be made")),
        (false, Err(why)) => (Mark::Bad, format!("{told} is not there, and cannot be made: {why}")),
    };
    let finding = Finding::new("data directory", mark, text);
    let finding = finding.fact("path", told).fact("exists", is_there);
    [Some(finding), disk(&nearest)].into_iter().flatten().collect()
}

/// The path, or else the nearest directory above it that is there.
fn nearest(path: &Path) -> PathBuf {
    let found = path.ancestors().find(|ancestor| ancestor.exists());
    // Above a relative path is the current directory, which has no name in it.
    found.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

fn disk(directory: &Path) -> Option<Finding> {
    let disk = statvfs(directory).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let mark = Mark::Weak.unless(free >= FREE_BYTES_MIN);
    let text = format!("{:.1} GiB free", free as f64 / (1u64 << 30) as f64);
    Some(Finding::new("disk", mark, text).fact("free_bytes", free))
}

pub(super) fn clock() -> Finding {
    let now = wall_clock().now();
    let is_set = is_set(now.as_seconds());
    let text = if is_set {
        format!("set to {now}")
    } else {
        format!("{now} is in the past; receivers refuse signatures of another time")
    };
    Finding::new("clock", Mark::Bad.unless(is_set), text).fact("now", now.to_string())
}

const fn is_set(unix_seconds: i64) -> bool {
    unix_seconds >= CLOCK_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_starts_in_1970_is_not_set() {
        assert!(!is_set(0) && !is_set(CLOCK_MIN - 1) && is_set(CLOCK_MIN));
    }

    #[test]
    fn what_is_not_there_is_judged_by_what_is_above_it() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(nearest(&place.path().join("a/b")), place.path());
        assert_eq!(nearest(place.path()), place.path());
        assert_eq!(nearest(Path::new("no-such-directory/data")), Path::new("."));
        let check = |path: &Path| data_dir(path).remove(0).mark;
        assert_eq!(check(&place.path().join("a/b")), Mark::Ok);
        assert_eq!(check(place.path()), Mark::Ok);
        let file = place.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(check(&file), Mark::Bad);
        assert_eq!(check(&file.join("below")), Mark::Bad);
    }

    #[test]
    fn open_files_are_enough_for_a_few_slots_and_not_for_all_in_the_world() {
        let mut config = Config::default();
        config.execution.slots = 1;
        config.server.connections_max = 10;
        assert_eq!(open_files(&config).facts["needed"], open_files::needed(&config));
        config.execution.slots = 1 << 40;
        let limit = getrlimit(Resource::Nofile).maximum;
        assert_eq!(open_files(&config).mark, Mark::Weak.unless(limit.is_none()));
    }
}
