//! Whether a database and its log are whole, as far as their lengths and headers tell, looked at
//! before SQLite takes them as they are. Repairs nothing, changes nothing, and reads no row.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The header of a database, in bytes: <https://sqlite.org/fileformat2.html>.
const HEADER_BYTES: usize = 100;

/// The header of a log, and that of each page in it, in bytes.
const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// What two files look like from outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// There is no database yet, or an empty file where it will be.
    New,
    /// Nothing is wrong with what was looked at.
    Whole,
    /// The database is shorter than it says, and its log has every page that is missing: so an
    /// interrupted checkpoint leaves it. Whether the log is sound is for SQLite to say.
    Unfinished,
    /// Something is missing or is not what it should be; the words say what.
    Broken(String),
}

/// Looks at a database and the log beside it.
pub(super) fn look(file: &Path) -> io::Result<Look> {
    let log = Log::open(&log_of(file))?;
    let Some((database, length)) = open(file)?.filter(|(_, length)| *length > 0) else {
        let orphaned = log.is_some_and(|log| log.frames > 0);
        let lost = "it is empty, and the log beside it is not: most of it is lost";
        return Ok(if orphaned { Look::Broken(lost.to_owned()) } else { Look::New });
    };
    let mut header = [0; HEADER_BYTES];
    let header = match database.read_exact_at(&mut header, 0) {
        Ok(()) => Header::parse(&header),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
        Err(error) => return Err(error),
    };
    let Some(header) = header else {
        return Ok(Look::Broken("the file is not a database".to_owned()));
    };
    if log.as_ref().is_some_and(|log| !log.is_one) {
        return Ok(Look::Broken("the file beside it, `-wal`, is not its log".to_owned()));
    }
    let Some(missing) = header.missing(length) else { return Ok(Look::Whole) };
    let in_log = log.map_or(Ok(BTreeSet::new()), |log| log.pages(header.page_bytes))?;
    if missing.clone().all(|page| in_log.contains(&page)) {
        return Ok(Look::Unfinished);
    }
    let expected = u64::from(header.pages) * u64::from(header.page_bytes);
    Ok(Look::Broken(format!("it is cut short: {length} bytes are left of {expected}")))
}

/// Where SQLite keeps the log of a database.
fn log_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// A file with its length, if it is there.
fn open(file: &Path) -> io::Result<Option<(File, u64)>> {
    match File::open(file) {
        Ok(file) => {
            let length = file.metadata()?.len();
            Ok(Some((file, length)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// What the first page of a database says of all of them.
struct Header {
    page_bytes: u32,
    pages: u32,
}

impl Header {
    fn parse(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let page_bytes = match u32::from(u16::from_be_bytes([header[16], header[17]])) {
            1 => 65_536,
            bytes => bytes,
        };
        let is_one = header.starts_with(b"SQLite format 3\0")
            && page_bytes >= 512
            && page_bytes.is_power_of_two();
        is_one.then(|| Self { page_bytes, pages: number(header, 28) })
    }

    /// The pages that a file of this length does not have whole.
    fn missing(&self, length: u64) -> Option<RangeInclusive<u32>> {
        let whole = u32::try_from(length / u64::from(self.page_bytes)).unwrap_or(u32::MAX);
        (whole < self.pages).then(|| whole + 1..=self.pages)
    }
}

/// A log that is long enough to hold anything.
struct Log {
    file: File,
    header: [u8; LOG_HEADER_BYTES],
    /// Whether it begins as a log does, or was never written: a loss of power leaves zeros.
    is_one: bool,
    /// How many bytes follow its header.
    frames: u64,
}

impl Log {
    fn open(path: &Path) -> io::Result<Option<Self>> {
        const MAGIC: u32 = 0x377f_0682;
        let Some((file, length)) = open(path)? else { return Ok(None) };
        if length < LOG_HEADER_BYTES as u64 {
            return Ok(None);
        }
        let mut header = [0; LOG_HEADER_BYTES];
        file.read_exact_at(&mut header, 0)?;
        let is_one = number(&header, 0) & !1 == MAGIC || header.iter().all(|byte| *byte == 0);
        Ok(Some(Self { file, header, is_one, frames: length - LOG_HEADER_BYTES as u64 }))
    }

    /// The pages of all transactions in it that were committed since it was begun anew.
    fn pages(mut self, page_bytes: u32) -> io::Result<BTreeSet<u32>> {
        let salt = self.header[16..24].to_owned();
        let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes as usize];
        let (mut committed, mut open) = (BTreeSet::new(), BTreeSet::new());
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(LOG_HEADER_BYTES as u64))?;
        loop {
            match self.file.read_exact(&mut frame) {
                Ok(()) if frame[8..16] == salt => {}
                Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
                _ => return Ok(committed),
            }
            open.insert(number(&frame, 0));
            let pages_after_commit = number(&frame, 4);
            if pages_after_commit > 0 {
                committed.append(&mut open);
            }
        }
    }
}

#[cfg(test)]
mod tests;
