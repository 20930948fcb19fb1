//! A list of raw system calls that a new process makes before it becomes a program: its session,
//! its limits, its user, its walls. Written down beforehand, because the process that makes them
//! shares its memory with the launcher and may do nothing else. Makes no call itself.

use std::ffi::CStr;

/// The calls, in order, and the memory that they point into.
#[derive(Debug, Default)]
pub(super) struct Script {
    data: Vec<u8>,
    pointers: Vec<Pointer>,
    steps: Vec<Step>,
}

/// One system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) number: i64,
    pub(super) stage: Stage,
    pub(super) arguments: [Argument; 6],
}

/// An argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// A number as it stands.
    Value(u64),
    /// The address of the data at this offset.
    Data(u32),
    /// The number of the descriptor that was handed over at this place.
    Fd(u32),
    /// What the call before this one returned.
    Last,
    /// What the call before that one returned.
    BeforeLast,
}

/// The address of one piece of the data, to be written into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) at: u32,
    pub(super) to: u32,
}

/// What a call is for, so that its failure can be told in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// Something that the program can do without.
    Optional = 0,
    Session = 1,
    Streams = 2,
    Namespaces = 3,
    User = 4,
    Limits = 5,
    Directory = 6,
    Walls = 7,
    Execute = 8,
    /// The process itself could not be made.
    Process = 9,
}

impl Stage {
    /// The stage with this number.
    pub(super) const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Session,
            2 => Self::Streams,
            3 => Self::Namespaces,
            4 => Self::User,
            5 => Self::Limits,
            6 => Self::Directory,
            7 => Self::Walls,
            8 => Self::Execute,
            9 => Self::Process,
            _ => Self::Optional,
        }
    }

    /// What was being done, to be put into a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Optional => "preparing its process",
            Self::Session => "giving it a session of its own",
            Self::Streams => "connecting its input and output",
            Self::Namespaces => "entering its namespaces",
            Self::User => "giving up the rights of the server",
            Self::Limits => "setting its limits",
            Self::Directory => "entering its working directory",
            Self::Walls => "closing it in",
            Self::Execute => "executing it",
            Self::Process => "making its process",
        }
    }
}

impl Script {
    /// Adds a call.
    pub(super) fn call(&mut self, stage: Stage, number: libc::c_long, arguments: &[Argument]) {
        let mut all = [Argument::Value(0); 6];
        all[..arguments.len()].copy_from_slice(arguments);
        self.steps.push(Step { number, stage, arguments: all });
    }

    /// Adds bytes to the data and gives their address.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Argument {
        Argument::Data(self.place(bytes))
    }

    /// Adds a text with its NUL and gives its address.
    pub(super) fn text(&mut self, text: &CStr) -> Argument {
        self.bytes(text.to_bytes_with_nul())
    }

    /// Adds a `struct { u16 length; void *bytes; }`, as `seccomp(2)` wants it, and gives its address.
    pub(super) fn counted(&mut self, count: u16, bytes: &[u8]) -> Argument {
        let to = self.place(bytes);
        let mut header = [0; 16];
        header[..2].copy_from_slice(&count.to_ne_bytes());
        let at = self.place(&header);
        self.pointers.push(Pointer { at: at + 8, to });
        Argument::Data(at)
    }

    /// The calls.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The memory, with every pointer in it as it must be when the memory lies where it does now.
    pub(super) fn data_in_place(&mut self) -> &[u8] {
        let base = self.data.as_ptr() as u64;
        for pointer in &self.pointers {
            let at = pointer.at as usize;
            self.data[at..at + 8].copy_from_slice(&(base + u64::from(pointer.to)).to_ne_bytes());
        }
        &self.data
    }

    /// The memory as somebody else would have to place it, and the pointers to be set in it.
    pub(super) fn portable(&self) -> (&[u8], &[Pointer]) {
        (&self.data, &self.pointers)
    }

    /// Every piece begins at a multiple of 8, since structures with 64-bit members are among them.
    fn place(&mut self, bytes: &[u8]) -> u32 {
        let at = self.data.len().next_multiple_of(8);
        self.data.resize(at, 0);
        self.data.extend_from_slice(bytes);
        u32::try_from(at).expect("a script has a few kilobytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_what_they_were_made_for() {
        let mut script = Script::default();
        let first = script.text(c"abc");
        assert_eq!(first, Argument::Data(0));
        let Argument::Data(at) = script.counted(2, &[7, 8, 9]) else { panic!("an address") };
        let data = script.data_in_place();
        let base = data.as_ptr() as u64;
        let at = at as usize;
        assert_eq!(data[at..at + 2], 2u16.to_ne_bytes());
        let pointer = u64::from_ne_bytes(data[at + 8..at + 16].try_into().unwrap());
        let to = usize::try_from(pointer - base).unwrap();
        assert_eq!((to % 8, &data[to..to + 3]), (0, &[7, 8, 9][..]));
    }

    #[test]
    fn stages_read_back_from_their_numbers() {
        for number in 0..=9 {
            assert_eq!(Stage::from_number(number) as u8, number);
        }
    }
}
