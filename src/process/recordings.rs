//! Where recordings of running programs lie, who may ask for them, and how they go.
//! Knows nothing of what a recording looks like.

use std::collections::HashSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::growth::Growing;
use super::launch::Launcher;
use super::recorder::Recorder;
use super::recording::{Recording, read_piece};
use crate::domain::{Captured, ExecutionId, KeptLayout, Piece};

/// One of the two streams that a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// The name in the API and of a recording.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// The directory of all recordings. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Recordings {
    folder: Arc<Path>,
    /// Whose recordings there may be. Most programs end before anything is recorded, and for those
    /// there is no file to be looked for.
    begun: Begun,
    growing: Growing,
}

type Begun = Arc<Mutex<HashSet<ExecutionId>>>;

/// The place of one recording, which need not exist.
#[derive(Debug, Clone)]
pub(super) struct RecordingPlace {
    folder: Arc<Path>,
    id: ExecutionId,
    stream: Stream,
    begun: Begun,
    growing: Growing,
}

impl Recordings {
    /// Makes the directory below `data_dir`, for the server's user alone: output is the client's.
    pub(super) fn create(data_dir: &Path) -> io::Result<Self> {
        let folder = data_dir.join("output");
        DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
        Ok(Self { folder: folder.into(), begun: Begun::default(), growing: Growing::default() })
    }

    /// The recorder of a stream that begins now.
    pub(super) fn recorder(&self, id: ExecutionId, stream: Stream) -> Recorder {
        self.growing.turned(id);
        Recorder::new(self.place(id, stream))
    }

    /// Who is told of what is recorded.
    pub(super) const fn growing(&self) -> &Growing {
        &self.growing
    }

    fn place(&self, id: ExecutionId, stream: Stream) -> RecordingPlace {
        let (folder, begun) = (Arc::clone(&self.folder), Arc::clone(&self.begun));
        RecordingPlace { folder, id, stream, begun, growing: self.growing.clone() }
    }

    /// Removes all of them.
    pub(super) fn remove_all(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            remove(&entry?.path())?;
        }
        Ok(())
    }
}

impl RecordingPlace {
    /// Whose output is recorded here.
    pub(super) const fn execution(&self) -> ExecutionId {
        self.id
    }

    /// Begins a recording there.
    pub(super) fn begin(&self, layout: KeptLayout) -> io::Result<Recording> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(self.id);
        Recording::create(&self.path(), layout)
    }

    /// Tells those who follow the execution that there is more.
    pub(super) fn wrote(&self) {
        self.growing.wrote(self.id);
    }

    /// Its file.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.{}", self.id, self.stream.as_str()))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Launcher {
    /// What has been recorded of a stream so far: what a program that runs has written up to a
    /// moment ago, or had when its server was lost. None when nothing was recorded: it wrote
    /// nothing, has only just begun, or its output is in the store and was forgotten here.
    ///
    /// # Errors
    /// When the recording is damaged or cannot be read; the sentence says which.
    pub fn recorded_output(&self, id: ExecutionId, stream: Stream) -> io::Result<Option<Captured>> {
        Recording::read(&self.recordings().place(id, stream).path())
    }

    /// What has been recorded of a stream from a place on, so many bytes at most; none when nothing
    /// more has come. Where the middle was left out, it begins behind that. Reads a file.
    ///
    /// # Errors
    /// As [`Launcher::recorded_output`].
    pub fn recorded_piece(
        &self,
        id: ExecutionId,
        stream: Stream,
        (from, bytes_max): (u64, u64),
    ) -> io::Result<Option<Piece>> {
        read_piece(&self.recordings().place(id, stream).path(), from, bytes_max)
    }

    /// Removes what was recorded of an execution. Not before its end is in the store, or it is
    /// queued again: until then, this is all that there is of its output.
    pub fn forget_output(&self, id: ExecutionId) {
        let begun = &self.recordings().begun;
        if begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
            for stream in [Stream::Stdout, Stream::Stderr] {
                let path = self.recordings().place(id, stream).path();
                if let Err(error) = remove(&path) {
                    log::warn!(execution:% = id; "cannot remove {}: {error}", path.display());
                }
            }
        }
        self.recordings().growing.turned(id);
    }
}
