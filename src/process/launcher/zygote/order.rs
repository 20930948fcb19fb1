//! The form in which a script goes to a zygote: the same calls that a new process makes for a cold
//! start, with what they point to. Little endian, as described at the top of `sitecustomize.py`.

use super::super::script::{Argument, Script};

/// The version of this form.
const VERSION: u32 = 1;

/// The size of a step.
const STEP_BYTES: u32 = 64;

/// What a patch puts in its place.
#[derive(Clone, Copy)]
enum Patch {
    Address = 0,
    Descriptor = 1,
}

/// What a zygote is to make a child from.
pub(in super::super) struct Order<'a> {
    pub(in super::super) script: &'a Script,
    /// The whole environment of the program, as `NAME=value`.
    pub(in super::super) env: &'a [String],
    /// The places of three descriptors: of the PID namespace, of the cgroup, and of the report.
    pub(in super::super) namespace: u32,
    pub(in super::super) cgroup: Option<u32>,
    pub(in super::super) report: u32,
}

impl Order<'_> {
    /// The order as it is sent.
    pub(in super::super) fn encode(&self) -> Vec<u8> {
        let steps = self.script.steps();
        let (data, pointers) = self.script.portable();
        let steps_bytes = steps.len() as u32 * STEP_BYTES;
        let (mut body, mut patches) = (Vec::new(), Vec::new());
        let mut patch = |at: u32, kind: Patch, value: u32| {
            patches.extend_from_slice(&at.to_le_bytes());
            patches.extend_from_slice(&(kind as u32).to_le_bytes());
            patches.extend_from_slice(&u64::from(value).to_le_bytes());
        };
        for (step, start) in steps.iter().zip((0..).step_by(STEP_BYTES as usize)) {
            body.extend_from_slice(&step.number.to_le_bytes());
            let (mut late, mut back) = (0, 0);
            for (argument, index) in step.arguments.iter().zip(1u8..) {
                let at = start + 8 * u32::from(index);
                let mut word = 0;
                match *argument {
                    Argument::Value(value) => word = value,
                    Argument::Data(offset) => patch(at, Patch::Address, steps_bytes + offset),
                    Argument::Fd(place) => patch(at, Patch::Descriptor, place),
                    Argument::Last => (late, back) = (index, 1),
                    Argument::BeforeLast => (late, back) = (index, 2),
                }
                body.extend_from_slice(&word.to_le_bytes());
            }
            body.extend_from_slice(&[step.stage as u8, late, back, 0, 0, 0, 0, 0]);
        }
        for pointer in pointers {
            let (at, to) = (steps_bytes + pointer.at, steps_bytes + pointer.to);
            patch(at, Patch::Address, to);
        }
        let environment: Vec<u8> =
            self.env.iter().flat_map(|variable| [variable.as_bytes(), b"\0"].concat()).collect();
        let cgroup = self.cgroup.map_or(-1, u32::cast_signed);
        let counts = [steps.len(), patches.len() / 16, data.len(), environment.len()];
        let mut order = VERSION.to_le_bytes().to_vec();
        for place in [self.namespace.cast_signed(), cgroup, self.report.cast_signed()] {
            order.extend_from_slice(&place.to_le_bytes());
        }
        for count in counts {
            order.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        [order, body, data.to_vec(), patches, environment].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::script::Stage;
    use super::*;

    #[test]
    fn an_order_has_the_form_that_the_zygote_reads() {
        let mut script = Script::default();
        let text = script.text(c"ab");
        script.call(Stage::Streams, 33, &[Argument::Fd(2), Argument::Value(1)]);
        script.call(Stage::Directory, 80, &[text]);
        script.call(Stage::Optional, 3, &[Argument::BeforeLast]);
        let env = ["A=1".to_owned(), "B=".to_owned()];
        let order = Order { script: &script, env: &env, namespace: 5, cgroup: None, report: 6 };
        let bytes = order.encode();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!([0, 4, 8, 12].map(word), [1, 5, u32::MAX, 6]);
        assert_eq!([16, 20, 24, 28].map(word), [3, 2, 3, 7]);
        assert_eq!(bytes.len(), 32 + 3 * 64 + 3 + 2 * 16 + 7);
        let (steps, data) = (32, 32 + 3 * 64);
        assert_eq!((word(steps), bytes[steps + 56]), (33, Stage::Streams as u8));
        assert_eq!(bytes[steps + 128 + 56..steps + 128 + 59], [Stage::Optional as u8, 1, 2]);
        assert_eq!(&bytes[data..data + 3], b"ab\0");
        let patches = data + 3;
        assert_eq!([0, 4, 8].map(|at| word(patches + at)), [8, 1, 2]);
        assert_eq!([16, 20, 24].map(|at| word(patches + at)), [64 + 8, 0, 3 * 64]);
        assert!(bytes.ends_with(b"A=1\0B=\0"));
    }
}
