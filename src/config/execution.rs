//! `[execution]`: how many programs run, for how long, with what around them.
//! Starts nothing and looks at no file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::isolation::{Containment, Isolation, Network};
use super::key::KeyPath;
use super::limits::LimitsConfig;
use super::reader::{ANY, Reader, Rule};

/// `[execution]`: the programs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExecutionConfig {
    /// Programs that run at a time, at least 1: what was 0 has become four for each core.
    pub slots: usize,
    /// Threads that run execution actors, at least 1: what was 0 has become the number of cores.
    pub arbiters: usize,
    /// How long a program has between SIGTERM and SIGKILL; zero kills at once.
    pub grace: Duration,
    /// How long running programs may go on after the server was told to stop.
    pub drain_timeout: Duration,
    /// How long a program may run when its request names no timeout.
    pub timeout_default: Duration,
    /// The longest timeout that a request may name.
    pub timeout_max: Duration,
    /// How programs are kept apart from the machine.
    pub isolation: Isolation,
    /// How the processes of an execution are held together.
    pub containment: Containment,
    /// The user and the group that programs run as when the server runs as root; never 0.
    pub user_id: u32,
    /// Absolute directories that confined and sandboxed programs may read beside the system's own.
    pub readable: Vec<PathBuf>,
    /// Which programs have the network.
    pub network: Network,
    /// Absolute directories that a request may name as `working_dir`.
    pub working_dirs: Vec<PathBuf>,
    /// Whether a request may name a command in the place of code.
    pub command: bool,
    /// PATH of the programs, and where runtimes are looked for.
    pub path: String,
    /// The longest code, in bytes.
    pub code_bytes_max: usize,
    /// The longest standard input, in bytes.
    pub stdin_bytes_max: usize,
    /// The most that the environment variables of a request take together, in bytes.
    pub env_bytes_max: usize,
    /// Bytes of each output stream that are kept when the request does not say.
    pub output_bytes_default: u64,
    /// The most bytes per stream that a request may ask to keep.
    pub output_bytes_max: u64,
    /// The largest result, in bytes.
    pub result_bytes_max: u64,
    /// What else of the machine programs may use.
    pub limits: LimitsConfig,
}

impl ExecutionConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let this = Self {
            slots: match reader.number("execution.slots", 0..=65_536) {
                0 => SLOTS_PER_CORE * cores(),
                slots => slots,
            },
            arbiters: match reader.number("execution.arbiters", 0..=1024) {
                0 => cores(),
                arbiters => arbiters,
            },
            grace: reader.get("execution.grace"),
            drain_timeout: reader.get("execution.drain_timeout"),
            timeout_default: reader.wait("execution.timeout_default"),
            timeout_max: reader.wait("execution.timeout_max"),
            isolation: reader.get("execution.isolation"),
            containment: reader.get("execution.containment"),
            user_id: reader.number("execution.user_id", 1..=USER_ID_MAX),
            readable: directories(reader, "execution.readable", READABLE),
            network: reader.get("execution.network"),
            command: reader.get("execution.command"),
            working_dirs: directories(reader, "execution.working_dirs", WORKING_DIRS),
            path: reader.text("execution.path", &PATH),
            code_bytes_max: reader.number("execution.code_bytes_max", 1..=ANY),
            stdin_bytes_max: reader.number("execution.stdin_bytes_max", 0..=ANY),
            env_bytes_max: reader.number("execution.env_bytes_max", 0..=ANY),
            output_bytes_default: reader.number("execution.output_bytes_default", 0..=ANY),
            output_bytes_max: reader.number("execution.output_bytes_max", 0..=ANY),
            result_bytes_max: reader.number("execution.result_bytes_max", 0..=ANY),
            limits: LimitsConfig::read(reader),
        };
        if this.isolation == Isolation::None && this.network == Network::Off {
            reader.refuse(&KeyPath::from("execution.network"), NOT_WITHOUT_NETWORK);
        }
        reader.at_most(
            ("execution.timeout_default", this.timeout_default),
            ("execution.timeout_max", this.timeout_max),
        );
        reader.at_most(
            ("execution.output_bytes_default", this.output_bytes_default),
            ("execution.output_bytes_max", this.output_bytes_max),
        );
        this
    }
}

/// Most programs wait more than they compute.
const SLOTS_PER_CORE: usize = 4;

/// The cores that this process may use, as far as the system tells.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// -1, in 32 bits, means "leave it as it is" to setresuid(2), and -2 is nobody on some systems.
const USER_ID_MAX: i64 = 0xFFFF_FFFD;

const NOT_WITHOUT_NETWORK: &str = "isolation level none cannot take the network away; expected \
                                   \"on-request\" or \"on\"";

const WORKING_DIRS: &str = "expected absolute directories, such as [\"/srv/data\"]";

const READABLE: &str = "expected absolute directories, such as [\"/srv/models\"]";

fn directories(reader: &mut Reader<'_>, key: &str, expected: &'static str) -> Vec<PathBuf> {
    let rule = Rule { expected, fits: |directory| Path::new(directory).is_absolute() };
    let directories = reader.list(&KeyPath::from(key), &rule);
    directories.into_iter().map(PathBuf::from).collect()
}

const PATH: Rule = Rule {
    expected: "expected absolute directories with colons between them, such as \"/usr/bin:/bin\"",
    fits: is_search_path,
};

/// Whether each directory is absolute. An empty or a relative one would mean the program's own
/// directory, where the code could put a `python3` of its own.
fn is_search_path(text: &str) -> bool {
    text.split(':').all(|directory| Path::new(directory).is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_has_absolute_directories_only() {
        let check = |text: &str, expected| assert_eq!(is_search_path(text), expected, "{text:?}");
        check("/usr/bin:/bin", true);
        check("/bin", true);
        check("", false);
        check("/bin:", false);
        check("/bin::/usr/bin", false);
        check("bin:/usr/bin", false);
        check(".", false);
    }
}
