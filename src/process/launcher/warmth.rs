//! A program on its way to a warm interpreter: what it is to be made from, until it is, and how it
//! is known whether it was.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::protocol::Launch;
use super::script::Stage;
use super::sys::Failure;

/// What is kept of a program until its interpreter has forked, so that it can still be started
/// cold.
#[derive(Debug)]
pub(super) struct Warmth {
    pub(super) launch: Box<Launch>,
    pub(super) streams: Vec<OwnedFd>,
    /// The ways into the namespaces of its place: of processes, of mounts, of queues.
    pub(super) doors: Vec<OwnedFd>,
    /// Where the child says what failed before it became the program; its end says that nothing
    /// did, once there is a child.
    report: Option<OwnedFd>,
    is_forked: bool,
}

/// What the report of a child says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    Started,
    Failed(Failure),
}

impl Warmth {
    /// A program whose place is being made.
    pub(super) const fn new(launch: Box<Launch>, streams: Vec<OwnedFd>) -> Self {
        Self { launch, streams, doors: Vec::new(), report: None, is_forked: false }
    }

    /// It has been ordered, and will report here.
    pub(super) fn asked(&mut self, report: OwnedFd) {
        self.report = Some(report);
    }

    /// There is a child.
    pub(super) const fn forked(&mut self) {
        self.is_forked = true;
    }

    /// Where its report comes.
    pub(super) fn report(&self) -> Option<BorrowedFd<'_>> {
        self.report.as_ref().filter(|_| self.is_forked).map(AsFd::as_fd)
    }

    /// Reads its report.
    pub(super) fn hear(&self) -> Heard {
        let Some(report) = &self.report else { return Heard::Nothing };
        let mut said = [0; 5];
        match rustix::io::read(report, &mut said) {
            Ok(0) => Heard::Started,
            Ok(_) => {
                let [stage, errno @ ..] = said;
                let stage = Stage::from_number(stage);
                Heard::Failed(Failure { stage, errno: i32::from_le_bytes(errno) })
            }
            Err(_) => Heard::Nothing,
        }
    }
}
