//! The file that holds what is kept of a stream while its program runs, so that it can be followed
//! and outlives the server. Decides neither where such a file lies nor when it is written.
//!
//! ```text
//! offset  0  what the file is, and the version of this layout
//!         8  how many bytes are kept at most
//!        16  how many bytes have come
//!        24  the first byte of the stream that the ring still has
//!        32  the beginning of the SHA-256 of all the above
//!        40  the kept bytes, as `KeptLayout` has them: the first half, and a ring of the last
//! ```
//!
//! All numbers have eight bytes, the lowest first. What the ring is about to lose is given up in
//! the header before it is written over, and what is new is counted there after it is written. So
//! whoever reads, and whenever the writer was killed, what the header counts is there. Nothing is
//! brought to disk by force: what was written is in the kernel's hands and survives the server,
//! though not a loss of power.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::domain::{Captured, KeptLayout, OutputKeeper, Piece};

const MAGIC: [u8; 8] = *b"ringout1";

/// How long the header is; the kept bytes follow.
const HEADER_BYTES: u64 = 40;

/// How often a reader begins anew when a header changes under its eyes. Writers pause for longer
/// than a read takes, so a second look is enough but for bad luck.
const LOOKS_MAX: usize = 4;

/// A recording that is being written.
#[derive(Debug)]
pub(super) struct Recording {
    file: File,
    header: Header,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    bytes_max: u64,
    total: u64,
    tail_from: u64,
}

impl Recording {
    /// Begins a recording, in the place of an older one if there is one.
    pub(super) fn create(path: &Path, layout: KeptLayout) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.custom_flags(libc::O_NOFOLLOW).open(path)?;
        let header = Header { bytes_max: layout.room(), total: 0, tail_from: layout.tail_from(0) };
        Ok(Self { file, header })
    }

    /// How many bytes of the stream it knows of.
    pub(super) const fn total(&self) -> u64 {
        self.header.total
    }

    /// Writes what has come since the last time, from the keeper that it was begun for.
    pub(super) fn write(&mut self, kept: &OutputKeeper) -> io::Result<()> {
        let tail_from = kept.layout().tail_from(kept.total());
        if tail_from > self.header.tail_from {
            self.write_header(Header { tail_from, ..self.header })?;
        }
        for (position, bytes) in kept.kept_since(self.header.total) {
            self.file.write_all_at(bytes, HEADER_BYTES + position)?;
        }
        self.write_header(Header { total: kept.total(), ..self.header })
    }

    fn write_header(&mut self, header: Header) -> io::Result<()> {
        self.file.write_all_at(&header.to_bytes(), 0)?;
        self.header = header;
        Ok(())
    }

    /// What has been recorded so far; none when nothing has. The writer need not pause.
    ///
    /// # Errors
    /// When there is something that is no recording, or a damaged one, or one that cannot be read.
    pub(super) fn read(path: &Path) -> io::Result<Option<Captured>> {
        let Some(file) = open(path)? else { return Ok(None) };
        let mut seen = look(&file);
        for _ in 1..LOOKS_MAX {
            if matches!(&seen, Ok(Look::Whole(_) | Look::Nothing)) {
                break;
            }
            seen = look(&file);
        }
        Ok(match seen? {
            Look::Nothing => None,
            Look::Whole(captured) | Look::Overtaken(captured) => Some(captured),
        })
    }
}

/// Opens a recording; none when there is none.
fn open(path: &Path) -> io::Result<Option<File>> {
    // Whatever lies there: a pipe must not block us, a link must not lead us elsewhere.
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("this is no recording but something else than a file"));
    }
    Ok(Some(file))
}

/// What a recording has of a stream from a place on, so many bytes at most. What was left out of the
/// middle is passed over: the piece then begins behind it. None when nothing more has come.
///
/// # Errors
/// As [`Recording::read`].
pub(super) fn read_piece(path: &Path, from: u64, bytes_max: u64) -> io::Result<Option<Piece>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let Some(header) = Header::read(&file)? else { return Ok(None) };
    let layout = KeptLayout::new(header.bytes_max);
    let Some(first) = layout.runs(from, header.total).next() else { return Ok(None) };
    let until = header.total.min(first.offset + first.length.min(bytes_max));
    let mut bytes = read_kept(&file, layout, first.offset, until)?;
    // What was written over meanwhile had been given up before.
    let tail_from = Header::read(&file)?.map_or(header.tail_from, |now| now.tail_from);
    let is_head = first.offset < layout.head_length(header.total);
    let lost = if is_head { 0 } else { tail_from.saturating_sub(first.offset) };
    let lost = lost.min(bytes.len() as u64);
    bytes.drain(..usize::try_from(lost).unwrap_or(usize::MAX));
    Ok(Some(Piece { offset: first.offset + lost, bytes }))
}

/// What one look at a recording has seen.
enum Look {
    Nothing,
    Whole(Captured),
    /// All that is there is true, but the writer was about to write over the tail, or was killed
    /// while it did: some of the tail is missing.
    Overtaken(Captured),
}

fn look(file: &File) -> io::Result<Look> {
    let Some(header) = Header::read(file)? else { return Ok(Look::Nothing) };
    let Header { total, tail_from, .. } = header;
    let layout = KeptLayout::new(header.bytes_max);
    let mut head = read_kept(file, layout, 0, layout.head_length(total))?;
    let mut tail = read_kept(file, layout, tail_from, total)?;
    // What was written over meanwhile had been given up before.
    let tail_from_now = Header::read(file)?.map_or(tail_from, |now| now.tail_from.max(tail_from));
    let lost = usize::try_from(tail_from_now - tail_from).unwrap_or(usize::MAX);
    tail.drain(..lost.min(tail.len()));
    if tail_from_now > layout.tail_from(total) {
        return Ok(Look::Overtaken(Captured { head, tail, total }));
    }
    if total <= layout.room() {
        head.append(&mut tail);
    }
    Ok(Look::Whole(Captured { head, tail, total }))
}

/// The bytes of the stream from `from` to `to`, of which all are kept.
fn read_kept(file: &File, layout: KeptLayout, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for run in layout.runs(from, to) {
        let begin = bytes.len();
        // No longer than the file, as `Header::read` has made sure.
        bytes.resize(begin + usize::try_from(run.length).map_err(io::Error::other)?, 0);
        file.read_exact_at(&mut bytes[begin..], HEADER_BYTES + run.position)?;
    }
    Ok(bytes)
}

impl Header {
    fn to_bytes(self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        let [bytes_max, total, tail_from] =
            [self.bytes_max, self.total, self.tail_from].map(u64::to_le_bytes);
        let fields = [MAGIC, bytes_max, total, tail_from].concat();
        bytes[..32].copy_from_slice(&fields);
        bytes[32..].copy_from_slice(&Sha256::digest(&fields)[..8]);
        bytes
    }

    /// The header of a recording; none when the writer has not come to write one.
    fn read(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER_BYTES as usize];
        match file.read_exact_at(&mut bytes, 0) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            Err(_) if file.metadata()?.len() > 0 => {
                return Err(damaged("it ends within its header"));
            }
            Err(_) => return Ok(None),
            Ok(()) => {}
        }
        if bytes == [0; HEADER_BYTES as usize] {
            // The bytes come before the header that counts them.
            return Ok(None);
        }
        if bytes[..8] != MAGIC {
            return Err(io::Error::other("this file is no recording of a program's output"));
        }
        let number = |at: usize| {
            let bytes = bytes[at..at + 8].try_into().expect("eight bytes are eight bytes");
            u64::from_le_bytes(bytes)
        };
        let header = Self { bytes_max: number(8), total: number(16), tail_from: number(24) };
        if header.to_bytes() != bytes {
            return Err(damaged("its header does not match its checksum"));
        }
        let layout = KeptLayout::new(header.bytes_max);
        let recorded = header.total.min(layout.room());
        // Asked for after the header was read: a file that is being written only grows.
        if file.metadata()?.len().saturating_sub(HEADER_BYTES) < recorded {
            return Err(damaged("it is shorter than its header says"));
        }
        if header.tail_from < layout.tail_from(header.total) {
            return Err(damaged("its header promises more than there is room for"));
        }
        Ok(Some(header))
    }
}

fn damaged(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the recording is damaged: {how}"))
}

#[cfg(test)]
#[path = "recording/tests.rs"]
mod tests;
