//! Looks for words in the files of a directory, for what must not lie on a disk in the clear.
//! Changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::processes::contains;

/// Every file below a directory that holds these bytes. A file that goes away meanwhile held
/// nothing that lasts.
pub fn holding(directory: &Path, words: &str) -> Vec<PathBuf> {
    all_in(directory)
        .into_iter()
        .filter(|file| fs::read(file).is_ok_and(|bytes| contains(&bytes, words.as_bytes())))
        .collect()
}

/// Every file below a directory.
pub fn all_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(all_in(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}
