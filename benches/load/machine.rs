//! What machine this is and what time: figures mean nothing without both.
//! Measures nothing.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::SystemTime;

use serde::Serialize;

/// Where and when figures were made.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub date: String,
    pub cores: usize,
    pub cpu: String,
    pub kernel: String,
    /// The file system under the data directory: on a tmpfs a commit costs nothing.
    pub file_system: String,
}

impl Machine {
    /// This one, now.
    #[expect(clippy::disallowed_methods, reason = "a report says when it was made")]
    pub fn describe(data_dir: &Path) -> Self {
        let cpu = line_of("/proc/cpuinfo", "model name");
        Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            cores: cores(),
            cpu: cpu.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
            file_system: file_system(data_dir),
        }
    }
}

/// How many threads can run at a time.
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// The wall clock, in Unix seconds, by which signatures are judged.
#[expect(clippy::disallowed_methods, reason = "signatures carry wall-clock time")]
pub fn now_seconds() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_1970.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn line_of(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The type of the innermost mount that has this path.
fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((Path::new(fields.next()?), fields.next()?))
        })
        .filter(|(mount, _)| path.starts_with(mount))
        .max_by_key(|(mount, _)| mount.components().count())
        .map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}
