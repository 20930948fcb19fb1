//! What the server and a launcher say to each other, and its form on the wire: a version, then
//! the message. Both ends are the same binary, but a file may be replaced while the server runs.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::level::{Containment, Feature, Level};
use super::super::result::ResultFile;

/// The version of this protocol; the other end is refused when it has another.
const VERSION: u8 = 1;

/// The first message to a launcher: what it is to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::process) struct Setup {
    /// How its programs are kept apart from the machine.
    pub(in crate::process) level: Level,
    /// How their processes are held together; none for the strongest that works.
    pub(in crate::process) containment: Option<Containment>,
    /// Whether it may have namespaces of its own, below level sandbox.
    pub(in crate::process) namespaces: bool,
    /// The user and group of programs when the launcher runs as root.
    pub(in crate::process) user_id: u32,
    /// Where the directories of executions are.
    pub(in crate::process) executions: PathBuf,
    /// Where the workspaces of tenants are.
    pub(in crate::process) workspaces: PathBuf,
    /// Other directories in which programs may run.
    pub(in crate::process) working_dirs: Vec<PathBuf>,
    /// What programs may read beside the system's own directories.
    pub(in crate::process) readable: Vec<PathBuf>,
    /// A file that is locked for as long as anything of the launcher lives.
    pub(in crate::process) lock: PathBuf,
    /// The name of its cgroup, below the server's own.
    pub(in crate::process) cgroup: String,
    /// What the kernel is taken not to have.
    pub(in crate::process) lacking: Vec<Feature>,
}

/// How an interpreter is kept warm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::process) enum Way {
    /// One that forks a child for each execution.
    Zygote,
    /// Some that have started, each for one execution.
    Pool,
}

/// An interpreter that is started before there is a program for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::process) struct Warm {
    /// How it is kept.
    pub(in crate::process) way: Way,
    /// The name of the runtime.
    pub(in crate::process) runtime: String,
    /// The whole command, with the path of the code's file.
    pub(in crate::process) argv: Vec<String>,
    /// The environment that the interpreter is started in, as `NAME=value`.
    pub(in crate::process) env: Vec<String>,
    /// Modules that are imported beforehand.
    pub(in crate::process) preload: Vec<String>,
}

/// What the server says to a launcher that is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::process) enum Command {
    /// Keep an interpreter warm, where that is possible.
    Warm(Warm),
    /// Run a program; its three streams come with the message.
    Launch(Box<Launch>),
    /// Ask all processes of a program to end: SIGTERM.
    Terminate(u64),
    /// End all processes of a program: SIGKILL.
    Kill(u64),
}

/// A program to be run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::process) struct Launch {
    /// By which number both sides call it.
    pub(in crate::process) number: u64,
    /// The executable's path and its arguments, as the program sees the disk.
    pub(in crate::process) argv: Vec<String>,
    /// Its whole environment, as `NAME=value`.
    pub(in crate::process) env: Vec<String>,
    /// The name and the text of the code's file, where the launcher is to write it.
    pub(in crate::process) code: Option<(String, String)>,
    /// The longest result that is taken, in bytes.
    pub(in crate::process) result_bytes_max: u64,
    /// Where it starts, as the program sees the disk.
    pub(in crate::process) directory: PathBuf,
    /// The name of its execution's directory; none for a question to a runtime.
    pub(in crate::process) execution: Option<String>,
    /// The name of its tenant's workspace, if it uses that.
    pub(in crate::process) workspace: Option<String>,
    /// A listed directory in which it runs, if it does.
    pub(in crate::process) listed: Option<PathBuf>,
    /// Whether it has the network.
    pub(in crate::process) network: bool,
    /// What it may use.
    pub(in crate::process) limits: Limits,
    /// The runtime whose warm interpreter is to run it, if that is possible.
    pub(in crate::process) warm: Option<String>,
}

/// What a program may use; none is as much as there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::process) struct Limits {
    pub(in crate::process) memory_bytes: Option<u64>,
    pub(in crate::process) processes: Option<u64>,
    pub(in crate::process) cpu_micros: Option<u64>,
    pub(in crate::process) open_files: Option<u64>,
    pub(in crate::process) disk_bytes: Option<u64>,
}

/// What a launcher says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::process) enum Report {
    /// It is what it was to be.
    Ready(Ready),
    /// It cannot be what it was to be; a sentence that names what is missing.
    Refused(String),
    /// A program runs; a pidfd comes with the message, and with it the reading ends of standard
    /// output and standard error when they are not those that the server has.
    Started { number: u64, warm: bool },
    /// A program could not be started.
    Failed { number: u64, doing: String, errno: i32 },
    /// A program has ended, and nothing of it runs any more.
    Ended { number: u64, end: End },
}

/// What a launcher that is ready has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::process) struct Ready {
    /// How processes are held together.
    pub(in crate::process) containment: Containment,
    /// The user that programs run as, if it is not the server's.
    pub(in crate::process) user_id: Option<u32>,
    /// How memory is limited.
    pub(in crate::process) memory_by_cgroup: bool,
    /// What is weaker than it could be, and why, in sentences.
    pub(in crate::process) weaker: Vec<String>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::process) struct End {
    /// The leader's status as `wait(2)` has it.
    pub(in crate::process) status: i32,
    /// User and system time, in microseconds.
    pub(in crate::process) cpu_micros: u64,
    /// The peak of memory, in bytes.
    pub(in crate::process) memory_peak_bytes: u64,
    /// How many processes it left behind, which were killed.
    pub(in crate::process) descendants_killed: u32,
    /// Which limit it was ended for.
    pub(in crate::process) exceeded: Option<Exceeded>,
    /// What it wrote as its result, where only the launcher can read that.
    pub(in crate::process) result: Option<ResultFile>,
}

/// A limit that a program was ended for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::process) enum Exceeded {
    Memory,
    CpuTime,
}

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the other end speaks version {0} of the protocol, and this one version {VERSION}")]
    Version(u8),
    #[error("the message is not one of this protocol")]
    Content,
}

/// A message as it goes over the wire.
pub(super) fn encode(message: &impl Serialize) -> Vec<u8> {
    let head = vec![VERSION];
    postcard::to_extend(message, head).expect("messages have no part that cannot be written")
}

/// A message that came over the wire.
///
/// # Errors
/// When the bytes are none, or of another version.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let (&version, message) = bytes.split_first().ok_or(Malformed::Content)?;
    if version != VERSION {
        return Err(Malformed::Version(version));
    }
    match postcard::take_from_bytes(message) {
        Ok((message, [])) => Ok(message),
        _ => Err(Malformed::Content),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn launch() -> impl Strategy<Value = Command> {
        let texts = || prop::collection::vec(".{0,40}", 0..5);
        let limit = || prop::option::of(any::<u64>());
        let limits = (limit(), limit(), limit(), limit(), limit());
        (any::<u64>(), texts(), texts(), limits, any::<bool>()).prop_map(
            |(number, argv, env, limits, network)| {
                let (memory_bytes, processes, cpu_micros, open_files, disk_bytes) = limits;
                let limits = Limits { memory_bytes, processes, cpu_micros, open_files, disk_bytes };
                Command::Launch(Box::new(Launch {
                    number,
                    argv,
                    env,
                    code: None,
                    result_bytes_max: 1,
                    directory: PathBuf::from("/somewhere"),
                    execution: Some("exec_1".to_owned()),
                    workspace: None,
                    listed: None,
                    network,
                    limits,
                    warm: None,
                }))
            },
        )
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = encode(&Command::Kill(7));
        bytes[0] = 9;
        let error = decode::<Command>(&bytes).unwrap_err().to_string();
        assert!(error.contains("version 9") && error.contains("version 1"), "{error}");
        assert_eq!(decode::<Command>(&[]), Err(Malformed::Content));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_message_reads_back(command in launch()) {
            prop_assert_eq!(decode::<Command>(&encode(&command)), Ok(command));
        }

        #[test]
        fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode::<Setup>(&bytes);
            let _ = decode::<Command>(&bytes);
            let _ = decode::<Report>(&bytes);
        }

        #[test]
        fn a_message_that_was_damaged_is_another_one_or_an_error(
            command in launch(),
            at in any::<prop::sample::Index>(),
            flip in 1u8..,
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = encode(&command);
            let mut damaged = whole.clone();
            damaged[at.index(whole.len())] ^= flip;
            let _ = decode::<Command>(&damaged);
            let cut = cut.index(whole.len());
            prop_assert!(decode::<Command>(&whole[..cut]).is_err());
        }
    }
}
