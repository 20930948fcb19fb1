//! The limits of programs in `[execution]`: each with its default and the most that can be asked for.
//! Those of time and output are read with the rest of `[execution]`.

use std::time::Duration;

use super::key::KeyPath;
use super::reader::{ANY, Reader};
use crate::domain::Limits;

/// What programs may use of the machine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// Memory of all processes of a program together, in bytes.
    pub memory_bytes: LimitConfig<u64>,
    /// Processes and threads at a time.
    pub processes: LimitConfig<u64>,
    /// User and system time of all its processes together.
    pub cpu_time: LimitConfig<Duration>,
    /// File descriptors that one of its processes has open at a time.
    pub open_files: LimitConfig<u64>,
    /// What it may write to the disk, in bytes.
    pub disk_bytes: LimitConfig<u64>,
}

/// One limit; `None` is no limit, which is written as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitConfig<T> {
    /// What it is when a request does not say; never more than the maximum.
    pub default: Option<T>,
    /// The most that a request may ask for.
    pub max: Option<T>,
}

impl LimitsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            memory_bytes: count(reader, "memory_bytes", Limits::MEMORY_BYTES_MIN),
            processes: count(reader, "processes", Limits::PROCESSES_MIN),
            cpu_time: read(reader, "cpu_time", |reader, key| {
                Some(reader.get::<Duration>(key)).filter(|time| !time.is_zero())
            }),
            open_files: count(reader, "open_files", Limits::OPEN_FILES_MIN),
            disk_bytes: count(reader, "disk_bytes", Limits::DISK_BYTES_MIN),
        }
    }
}

fn count(reader: &mut Reader<'_>, name: &str, min: u64) -> LimitConfig<u64> {
    read(reader, name, |reader, key| {
        let number = Some(reader.number::<u64>(key, 0..=ANY)).filter(|number| *number != 0);
        if number.is_some_and(|number| number < min) {
            let expected = format!("expected 0, which is no limit, or a whole number from {min}");
            reader.refuse(&KeyPath::from(key), &expected);
        }
        number
    })
}

/// Reads a default and a maximum, and refuses a default beyond the maximum.
fn read<T: PartialOrd + Copy>(
    reader: &mut Reader<'_>,
    name: &str,
    read_one: impl Fn(&mut Reader<'_>, &str) -> Option<T>,
) -> LimitConfig<T> {
    let keys = [format!("execution.{name}_default"), format!("execution.{name}_max")];
    let [default, max] = keys.each_ref().map(|key| read_one(reader, key));
    let [default_key, max_key] = &keys;
    match (default, max) {
        (None, Some(_)) => reader.refuse_beyond(default_key, max_key, "no limit".to_owned()),
        (Some(default), Some(max)) => reader.at_most((default_key, default), (max_key, max)),
        (_, None) => {}
    }
    LimitConfig { default, max }
}
