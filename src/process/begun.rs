//! Which programs the launcher has been asked to begin, on disk, so that the next server knows
//! after a crash which ones never were. Begins none of them.
//!
//! A mark is a write into the page cache, before the order goes out: it outlives a server that is
//! killed, and costs a microsecond. It does not outlive a loss of power, so what it says counts
//! only while the kernel is still the same; otherwise every program may have begun.

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{Epoch, ExecutionId, OwnerId};

/// What the file begins with, before the kernel's name for its own start.
const MAGIC: &[u8; 16] = b"ringback begun 1";

/// The length of what stands before the records; the rest of it is zeros.
const HEAD_BYTES: usize = 64;

/// A record: id, epoch, and whether it counts. A power of two, so that none lies on two pages.
const RECORD_BYTES: usize = 32;

/// The marks of this process start, and what earlier ones left.
#[derive(Debug)]
pub(super) struct Begun {
    folder: PathBuf,
    own: PathBuf,
    marks: Mutex<Marks>,
    /// The marks of earlier owners, as far as they count.
    earlier: HashMap<OwnerId, HashSet<(ExecutionId, Epoch)>>,
}

#[derive(Debug)]
struct Marks {
    /// None when marks cannot be kept: then every program may have begun.
    file: Option<File>,
    places: HashMap<(ExecutionId, Epoch), u64>,
    free: Vec<u64>,
    next: u64,
}

impl Begun {
    /// Reads what earlier owners have left below `data_dir`, and begins a file for this one.
    ///
    /// # Errors
    /// When the directory or the file cannot be made.
    pub(super) fn open(data_dir: &Path, owner: OwnerId) -> io::Result<Self> {
        let folder = data_dir.join("begun");
        DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
        let boot = boot_id();
        let earlier = boot.as_deref().map(|boot| read_all(&folder, boot)).transpose()?;
        let own = folder.join(owner.to_string());
        let file = match &boot {
            Some(boot) => {
                let mut file =
                    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&own)?;
                file.write_all(&head(boot))?;
                Some(file)
            }
            None => None,
        };
        let marks = Marks { file, places: HashMap::new(), free: Vec::new(), next: 0 };
        let earlier = earlier.unwrap_or_default();
        Ok(Self { folder, own, marks: Mutex::new(marks), earlier })
    }

    /// Marks a run whose program is about to begin.
    ///
    /// # Errors
    /// When it can neither be marked nor be seen that marks are missing. It must not begin then.
    pub(super) fn mark(&self, run: (ExecutionId, Epoch)) -> io::Result<()> {
        let mut marks = self.marks();
        let place = marks.free.pop().unwrap_or_else(|| {
            marks.next += 1;
            marks.next - 1
        });
        let Some(file) = &marks.file else { return Ok(()) };
        if let Err(error) = file.write_all_at(&record(run), offset(place)) {
            log::warn!(
                "{}: {error}; after a crash every program may have begun",
                self.own.display()
            );
            fs::remove_file(&self.own)?;
            marks.file = None;
            return Ok(());
        }
        marks.places.insert(run, place);
        Ok(())
    }

    /// Takes the mark of a run away: what became of it is on disk, or it has not begun after all.
    pub(super) fn unmark(&self, run: (ExecutionId, Epoch)) {
        let mut marks = self.marks();
        let Some(place) = marks.places.remove(&run) else { return };
        let Some(file) = &marks.file else { return };
        // A mark that stays is for a run that is over, and means nothing.
        if file.write_all_at(&[0; RECORD_BYTES], offset(place)).is_ok() {
            marks.free.push(place);
        }
    }

    /// Whether the program of a run of an earlier owner may have begun.
    pub(super) fn may_have(&self, owner: OwnerId, run: (ExecutionId, Epoch)) -> bool {
        self.earlier.get(&owner).is_none_or(|begun| begun.contains(&run))
    }

    /// Removes what earlier owners have left. Not before all of their runs are settled.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn forget_earlier(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path != self.own {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kernel's name for its own start; see random(4).
fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty() && id.len() <= HEAD_BYTES - MAGIC.len())
}

fn head(boot: &str) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..MAGIC.len()].copy_from_slice(MAGIC);
    head[MAGIC.len()..][..boot.len()].copy_from_slice(boot.as_bytes());
    head
}

fn record((id, epoch): (ExecutionId, Epoch)) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..16].copy_from_slice(id.uuid().as_bytes());
    record[16..20].copy_from_slice(&epoch.0.to_le_bytes());
    record[20] = 1;
    record
}

const fn offset(place: u64) -> u64 {
    HEAD_BYTES as u64 + place * RECORD_BYTES as u64
}

type Earlier = HashMap<OwnerId, HashSet<(ExecutionId, Epoch)>>;

/// The marks of every earlier owner whose file is of this start of the kernel.
fn read_all(folder: &Path, boot: &str) -> io::Result<Earlier> {
    let mut earlier = Earlier::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let owner = entry.file_name().to_str().and_then(|name| name.parse::<OwnerId>().ok());
        let bytes = fs::read(entry.path())?;
        let records = bytes.strip_prefix(head(boot).as_slice());
        if let Some((owner, records)) = owner.zip(records) {
            earlier.insert(owner, read(records));
        }
    }
    Ok(earlier)
}

fn read(records: &[u8]) -> HashSet<(ExecutionId, Epoch)> {
    let whole = records.chunks_exact(RECORD_BYTES).filter(|record| record[20] == 1);
    let read = |record: &[u8]| {
        let id = uuid::Uuid::from_slice(&record[..16]).ok()?;
        let epoch = u32::from_le_bytes(record[16..20].try_into().ok()?);
        Some((ExecutionId::from_uuid(id), Epoch(epoch)))
    };
    whole.filter_map(read).collect()
}

#[cfg(test)]
mod tests;
