//! What the server has recorded of programs that run: which files there are, and how many bytes of
//! a stream they count. Knows of their layout nothing but where that number is.

use std::fs;
use std::path::{Path, PathBuf};

use super::files;
use super::wait::{DEADLINE, eventually};

/// The directory of all recordings of a server.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("output")
}

/// The file of one stream, which need not be there.
pub fn file(data_dir: &Path, id: &str, stream: &str) -> PathBuf {
    folder(data_dir).join(format!("{id}.{stream}"))
}

/// How many bytes of a stream have been recorded: none when there is no file.
pub fn bytes_in(file: &Path) -> u64 {
    let Ok(bytes) = fs::read(file) else { return 0 };
    let number = bytes.get(16..24).map(|bytes| bytes.try_into().expect("eight bytes"));
    number.map_or(0, u64::from_le_bytes)
}

/// Waits until so many bytes of a stream have been recorded.
#[track_caller]
pub fn wait_for_bytes(file: &Path, bytes: u64) {
    eventually(DEADLINE, format!("{bytes} bytes are in {}", file.display()), || {
        (bytes_in(file) == bytes).then_some(())
    });
}

/// Waits until nothing is recorded any more.
#[track_caller]
pub fn wait_until_gone(data_dir: &Path) {
    eventually(DEADLINE, "no recording is left", || {
        files::all_in(&folder(data_dir)).is_empty().then_some(())
    });
}
