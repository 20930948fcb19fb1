//! A disk as the kernel and SQLite promise it: what was synced is there, and of what came later
//! each sector may be or not. Makes files; reads no trace.

use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use super::random::Random;
use super::trace::{Step, Which};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// A database and its log.
#[derive(Clone)]
pub struct Disk {
    database: OnDisk,
    log: OnDisk,
}

impl Disk {
    /// The files as they are, all of them safe.
    pub fn of(database: &Path) -> Self {
        Self { database: OnDisk::of(database), log: OnDisk::of(&log_of(database)) }
    }

    /// Something happens to it.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Written { file, offset, bytes } => {
                let change = Change::Written { offset: *offset, bytes: bytes.clone() };
                self.file(*file).later.push(change);
            }
            Step::Cut { file, length } => {
                self.file(*file).later.push(Change::Cut { length: *length });
            }
            Step::Removed { file } => self.file(*file).later.push(Change::Removed),
            Step::SyncBegun { file } => self.file(*file).sync_begins(),
            Step::Synced { file } => self.file(*file).synced(),
            Step::Accepted(_) => {}
        }
    }

    /// Writes down what is left of it, as files in a new directory.
    pub fn after_power_loss(&self, random: &mut Random, directory: &Path) {
        fs::create_dir(directory).expect("a directory of the test's");
        let database = directory.join("ringback.db");
        // Sometimes next to nothing had been written yet, sometimes next to everything.
        let share = [0, 10, 50, 90, 100][random.below(5)];
        self.log.left(random, share, &log_of(&database));
        self.database.left(random, share, &database);
    }

    fn file(&mut self, which: Which) -> &mut OnDisk {
        match which {
            Which::Database => &mut self.database,
            Which::Log => &mut self.log,
        }
    }
}

fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// One file: what is safe, and what came after that.
#[derive(Clone, Default)]
struct OnDisk {
    /// None when there is no such file.
    safe: Option<Vec<u8>>,
    /// Covered by the sync that has begun.
    syncing: Vec<Change>,
    later: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Written { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
    Removed,
}

impl OnDisk {
    fn of(file: &Path) -> Self {
        Self { safe: fs::read(file).ok(), ..Self::default() }
    }

    fn sync_begins(&mut self) {
        self.syncing.append(&mut self.later);
    }

    fn synced(&mut self) {
        for change in mem::take(&mut self.syncing) {
            change.apply(&mut self.safe, |_| true);
        }
    }

    fn left(&self, random: &mut Random, share: usize, file: &Path) {
        let mut content = self.safe.clone();
        for change in self.syncing.iter().chain(&self.later) {
            change.apply(&mut content, |_| random.in_a_hundred(share));
        }
        if let Some(content) = content {
            fs::write(file, content).expect("a file of the test's");
        }
    }
}

impl Change {
    /// Makes the part of this change that `arrives`, asked for each sector that it touches.
    fn apply(&self, content: &mut Option<Vec<u8>>, mut arrives: impl FnMut(usize) -> bool) {
        match self {
            Self::Written { offset, bytes } => {
                let content = content.get_or_insert_default();
                let end = offset + bytes.len();
                for sector in offset / SECTOR..=(end - 1) / SECTOR {
                    let from = (sector * SECTOR).max(*offset);
                    let to = ((sector + 1) * SECTOR).min(end);
                    if arrives(sector) {
                        content.resize(content.len().max(to), 0);
                        content[from..to].copy_from_slice(&bytes[from - offset..to - offset]);
                    }
                }
            }
            Self::Cut { length } if arrives(0) => {
                content.get_or_insert_default().resize(*length, 0);
            }
            Self::Removed if arrives(0) => *content = None,
            Self::Cut { .. } | Self::Removed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> OnDisk {
        OnDisk { safe: Some(Vec::new()), ..OnDisk::default() }
    }

    fn write(offset: usize, bytes: &[u8]) -> Change {
        Change::Written { offset, bytes: bytes.to_vec() }
    }

    fn left(file: &OnDisk, share: usize) -> Option<Vec<u8>> {
        let scratch = tempfile::NamedTempFile::new().expect("a temporary file");
        let path = scratch.path().with_extension("left");
        file.left(&mut Random::new(1), share, &path);
        let left = fs::read(&path).ok();
        let _ = fs::remove_file(&path);
        left
    }

    #[test]
    fn what_was_handed_over_before_a_sync_began_is_there_when_it_has_ended() {
        let mut file = empty();
        file.later.push(write(0, b"first"));
        assert_eq!(left(&file, 0).as_deref(), Some(&b""[..]));
        file.sync_begins();
        file.later.push(write(5, b" second"));
        assert_eq!(left(&file, 0).as_deref(), Some(&b""[..]), "it has only begun");
        file.synced();
        assert_eq!(left(&file, 0).as_deref(), Some(&b"first"[..]));
        assert_eq!(left(&file, 100).as_deref(), Some(&b"first second"[..]));
    }

    #[test]
    fn a_write_is_torn_at_sectors() {
        let mut content = Some(vec![b'-'; 3 * SECTOR]);
        let change = write(SECTOR - 1, &[b'x'; SECTOR + 2]);
        change.apply(&mut content, |sector| sector != 1);
        let content = content.expect("it is there");
        assert_eq!(
            (content[SECTOR - 1], content[SECTOR], content[2 * SECTOR - 1]),
            (b'x', b'-', b'-')
        );
        assert_eq!((content[2 * SECTOR], content[2 * SECTOR + 1]), (b'x', b'-'));
    }

    #[test]
    fn what_was_never_written_before_something_that_was_reads_as_zeros() {
        let mut content = Some(Vec::new());
        write(2 * SECTOR, b"x").apply(&mut content, |_| true);
        let content = content.expect("it is there");
        assert_eq!((content.len(), content[0], content[2 * SECTOR]), (2 * SECTOR + 1, 0, b'x'));
    }

    #[test]
    fn a_file_is_cut_and_removed_or_not_yet() {
        let mut file = OnDisk { safe: Some(b"content".to_vec()), ..OnDisk::default() };
        file.later.push(Change::Cut { length: 3 });
        assert_eq!(left(&file, 0).as_deref(), Some(&b"content"[..]));
        assert_eq!(left(&file, 100).as_deref(), Some(&b"con"[..]));
        file.later.push(Change::Removed);
        assert_eq!(left(&file, 0).as_deref(), Some(&b"content"[..]));
        assert_eq!(left(&file, 100), None);
    }
}
