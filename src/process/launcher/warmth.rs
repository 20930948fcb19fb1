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
    /// Where is said what becomes of the order, as described at the top of `sitecustomize.py`.
    report: Option<OwnedFd>,
    is_forked: bool,
}

/// What stands before a child's pid in a report.
const FORKED: u8 = 253;

/// What stands before the error of an interpreter that cannot fork.
const REFUSED: u8 = 254;

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    /// There is a child, with this pid.
    Forked(i32),
    /// There is none and will be none; the kernel's error if it was that.
    NotForked(Option<i32>),
    /// The child becomes the program.
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

    /// Where its report comes.
    pub(super) fn report(&self) -> Option<BorrowedFd<'_>> {
        self.report.as_ref().map(AsFd::as_fd)
    }

    /// Whether it is ordered, and not known to have a process.
    pub(super) const fn is_asked(&self) -> bool {
        self.report.is_some() && !self.is_forked
    }

    /// Reads on in its report.
    pub(super) fn hear(&mut self) -> Heard {
        let Some(report) = &self.report else { return Heard::Nothing };
        let mut said = [0; 5];
        let heard = rustix::io::read(report, &mut said);
        let [kind, value @ ..] = said;
        let value = i32::from_le_bytes(value);
        match (heard, self.is_forked, kind) {
            (Err(_), ..) => Heard::Nothing,
            (Ok(0), true, _) => Heard::Started,
            (Ok(0), false, _) => Heard::NotForked(None),
            (Ok(_), false, REFUSED) => Heard::NotForked(Some(value)),
            (Ok(_), false, FORKED) => {
                self.is_forked = true;
                Heard::Forked(value)
            }
            (Ok(_), _, stage) => {
                Heard::Failed(Failure { stage: Stage::from_number(stage), errno: value })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::zygotes::Report;
    use super::*;

    fn launch() -> Launch {
        Launch { number: 1, directory: "/".into(), ..Launch::default() }
    }

    /// What is heard one after the other when these words come, and then the end.
    fn heard(words: &[(u8, i32)]) -> Vec<Heard> {
        let Report { ours, theirs } = Report::new().unwrap();
        let mut warmth = Warmth::new(Box::new(launch()), Vec::new());
        warmth.asked(ours);
        assert_eq!(warmth.hear(), Heard::Nothing);
        for (kind, value) in words {
            let word = [&[*kind][..], &value.to_le_bytes()].concat();
            rustix::io::write(&theirs, &word).unwrap();
        }
        drop(theirs);
        (0..=words.len()).map(|_| warmth.hear()).collect()
    }

    #[test]
    fn a_program_has_started_only_after_its_child_has_told_its_pid() {
        assert_eq!(heard(&[]), [Heard::NotForked(None)]);
        assert_eq!(heard(&[(253, 7)]), [Heard::Forked(7), Heard::Started]);
        assert_eq!(heard(&[(254, 1)])[0], Heard::NotForked(Some(1)));
        let failure = Failure { stage: Stage::User, errno: 2 };
        assert_eq!(heard(&[(253, 7), (4, 2)])[..2], [Heard::Forked(7), Heard::Failed(failure)]);
    }
}
