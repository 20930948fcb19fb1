//! Decides when a stream is recorded: not at all while it is young, then in steps, and never again
//! after the disk has refused. Knows nothing of what a recording looks like.

use std::time::Duration;

use tokio::time::Instant;

use super::recording::Recording;
use super::recordings::RecordingPlace;
use crate::domain::OutputKeeper;

/// How long a stream is not recorded at all. Most programs end within it: they are over before
/// anybody could have asked what they say, and a file for each would cost more than they do.
const YOUNG: Duration = Duration::from_millis(50);

/// The time between two writes, as long as output comes: who follows a program by eye does not
/// see it, and a thousand programs that chatter are not felt.
const STEP: Duration = Duration::from_millis(50);

/// A write is followed by at least so many times its own length without one, so that a large
/// output or a slow disk takes a tenth of a thread at most.
const REST: u32 = 9;

/// Records one stream.
#[derive(Debug)]
pub(super) struct Recorder {
    place: RecordingPlace,
    state: State,
    /// No write before this.
    not_before: Instant,
}

#[derive(Debug)]
enum State {
    Nothing,
    Recording(Recording),
    /// The system refused. Only following the program and a crash of the server suffer from it.
    GivenUp,
}

impl Recorder {
    /// A recorder of a stream that begins now.
    pub(super) fn new(place: RecordingPlace) -> Self {
        Self { place, state: State::Nothing, not_before: Instant::now() + YOUNG }
    }

    /// When there is something to write; none when nothing new has come since the last write.
    pub(super) fn due(&self, kept: &OutputKeeper) -> Option<Instant> {
        let recorded = match &self.state {
            State::Nothing => 0,
            State::Recording(recording) => recording.total(),
            State::GivenUp => return None,
        };
        (kept.total() > recorded).then_some(self.not_before)
    }

    /// Writes what is new, if that is due. It waits for nothing but the page cache, which is why
    /// it may be done on a thread that has other things to do.
    pub(super) fn record_when_due(&mut self, kept: &OutputKeeper) {
        let Some(due) = self.due(kept) else { return };
        let now = Instant::now();
        if now >= due {
            self.record(kept);
            self.not_before = now + STEP.max(now.elapsed() * REST);
        }
    }

    /// Writes the last of a stream, if anything of it was ever written: until the end of the
    /// execution is in the store, the recording is all that there is.
    pub(super) fn finish(&mut self, kept: &OutputKeeper) {
        if matches!(self.state, State::Recording(_)) && self.due(kept).is_some() {
            self.record(kept);
        }
    }

    fn record(&mut self, kept: &OutputKeeper) {
        if matches!(self.state, State::Nothing) {
            self.state = match self.place.begin(kept.layout()) {
                Ok(recording) => State::Recording(recording),
                Err(error) => return self.give_up(&error),
            };
        }
        if let State::Recording(recording) = &mut self.state {
            match recording.write(kept) {
                Ok(()) => self.place.wrote(),
                Err(error) => self.give_up(&error),
            }
        }
    }

    fn give_up(&mut self, error: &std::io::Error) {
        log::warn!(
            execution:% = self.place.execution();
            "cannot record output to {}: {error}",
            self.place.path().display()
        );
        self.state = State::GivenUp;
    }
}
