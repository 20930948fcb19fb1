//! A run whose program is to be made by a worker: an interpreter that waited in its place.

use std::os::fd::{AsFd, OwnedFd};

use super::super::keeper::{Beginning, News, Wish};
use super::super::protocol::encode;
use super::super::warmth::Warmth;
use super::super::wire;
use super::{Holder, Phase, Run};

impl Run {
    /// Its streams lead here, and not to where the server reads.
    pub(in super::super) fn writing_to(mut self, output: [OwnedFd; 2]) -> Self {
        self.output = Some(output);
        self
    }

    /// Where its output is to be read, once.
    pub(in super::super) const fn take_output(&mut self) -> Option<[OwnedFd; 2]> {
        self.output.take()
    }

    /// Has the worker begin with a program, which can still be started cold until it has.
    pub(in super::super) fn begin(&mut self, warmth: Warmth, beginning: Beginning, line: &OwnedFd) {
        self.warmth = Some(warmth);
        let Holder::Keeper { socket, .. } = &self.holder else { return };
        let wish = encode(&Wish::Begin(beginning));
        let is_told = self.phase == Phase::Running
            && self.kept.is_none()
            && wire::send(socket, &wish, &[line.as_fd()]).is_ok();
        self.phase = if is_told { Phase::Beginning } else { Phase::NotBegun };
    }

    /// Whether its worker has been told to begin, and has not been heard of.
    pub(in super::super) fn is_beginning(&self) -> bool {
        self.phase == Phase::Beginning
    }

    /// Takes in what became of its beginning: anything but good news leaves the cold way.
    pub(super) fn heard_of_beginning(&mut self, news: &News) {
        if *news == News::Ready {
            self.warmth = None;
            self.is_warm = true;
            self.phase = Phase::Started;
        } else {
            self.phase = Phase::NotBegun;
        }
    }
}
