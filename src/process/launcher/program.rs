//! What a new process does before it becomes the program of an execution, as a script: one order
//! of steps for every level, every containment, cold and warm. Starts nothing.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::protocol::Limits;
use super::script::{Argument, Script, Stage};
use super::user::{Identity, write_file};
use Argument::{Fd, Value};

/// The places of descriptors that every program is handed.
pub(super) const STREAMS: [u32; 3] = [0, 1, 2];

/// Where the child of an interpreter has the descriptor over which it reports.
const REPORT: u64 = 3;

/// What the script of a program depends on.
pub(super) struct Plan<'a> {
    /// The place of a network namespace that it enters, if it does.
    pub(super) network: Option<u32>,
    /// The places of namespaces that somebody else has made for it, of mounts and the like. Where
    /// there are any, it is the child of an interpreter: it has its report at descriptor 3, and
    /// ends with closing that.
    pub(super) joins: Vec<u32>,
    /// The place of a cgroup that it enters, if it was not born there.
    pub(super) cgroup: Option<u32>,
    /// The place of the rules of Landlock, if there are any.
    pub(super) rules: Option<u32>,
    /// The filter of system calls, if there is one.
    pub(super) filter: Option<&'a [libc::sock_filter]>,
    /// As whom it runs.
    pub(super) identity: Identity,
    /// Where it starts.
    pub(super) directory: &'a Path,
    /// What it may use.
    pub(super) limits: &'a Limits,
    /// The most descriptors that the launcher itself may have, which nobody below it can exceed.
    pub(super) open_files_max: u64,
}

impl Plan<'_> {
    /// The calls, in the only order that works: what needs rights first, the walls last.
    pub(super) fn script(&self) -> Script {
        let mut script = Script::default();
        session(&mut script);
        for (place, number) in STREAMS.into_iter().zip(0..) {
            script.call(Stage::Streams, libc::SYS_dup3, &[Fd(place), Value(number), Value(0)]);
        }
        self.enter(&mut script);
        self.identity.add_to(&mut script);
        // The first to go when memory runs out, before the server: proc_pid_oom_score_adj(5).
        write_file(&mut script, c"/proc/self/oom_score_adj", b"1000");
        self.limit(&mut script);
        let directory = CString::new(self.directory.as_os_str().as_bytes()).unwrap_or_default();
        let directory = script.text(&directory);
        script.call(Stage::Directory, libc::SYS_chdir, &[directory]);
        // After the change of user, which clears it.
        let with_its_parent = [Value(libc::PR_SET_PDEATHSIG as u64), Value(libc::SIGKILL as u64)];
        script.call(Stage::Session, libc::SYS_prctl, &with_its_parent);
        self.close_in(&mut script);
        script
    }

    fn enter(&self, script: &mut Script) {
        for place in &self.joins {
            // Whatever kind of namespace it is.
            script.call(Stage::Namespaces, libc::SYS_setns, &[Fd(*place), Value(0)]);
        }
        if let Some(place) = self.network {
            let network = Value(libc::CLONE_NEWNET as u64);
            script.call(Stage::Namespaces, libc::SYS_setns, &[Fd(place), network]);
        }
        if let Some(place) = self.cgroup {
            let (file, zero) = (script.text(c"cgroup.procs"), script.bytes(b"0"));
            let flags = Value((libc::O_WRONLY | libc::O_CLOEXEC) as u64);
            script.call(Stage::Namespaces, libc::SYS_openat, &[Fd(place), file, flags]);
            script.call(Stage::Namespaces, libc::SYS_write, &[Argument::Last, zero, Value(1)]);
        }
    }

    fn limit(&self, script: &mut Script) {
        let mut set = |resource: u32, soft: u64, hard: u64| {
            let limit = script.bytes(&[soft.to_ne_bytes(), hard.to_ne_bytes()].concat());
            let arguments = [Value(0), Value(u64::from(resource)), limit, Value(0)];
            script.call(Stage::Limits, libc::SYS_prlimit64, &arguments);
        };
        set(libc::RLIMIT_CORE, 0, 0);
        let open_files = self.limits.open_files.unwrap_or(u64::MAX).min(self.open_files_max);
        set(libc::RLIMIT_NOFILE, open_files, open_files);
        if let Some(processes) = self.limits.processes {
            set(libc::RLIMIT_NPROC, processes, processes);
        }
        if let Some(micros) = self.limits.cpu_micros {
            // For when measuring comes to nothing. The kernel counts whole ticks here, which on a
            // busy machine is up to a fifth too much, and the program is owed what it was promised.
            let seconds = micros.saturating_mul(2).div_ceil(1_000_000);
            set(libc::RLIMIT_CPU, seconds, seconds + 1);
        }
    }

    fn close_in(&self, script: &mut Script) {
        let no_new_privileges = [Value(libc::PR_SET_NO_NEW_PRIVS as u64), Value(1)];
        script.call(Stage::Walls, libc::SYS_prctl, &no_new_privileges);
        if let Some(place) = self.rules {
            script.call(Stage::Walls, libc::SYS_landlock_restrict_self, &[Fd(place), Value(0)]);
        }
        let first = if self.joins.is_empty() { REPORT } else { REPORT + 1 };
        let the_rest = [Value(first), Value(u64::from(u32::MAX)), Value(0)];
        script.call(Stage::Walls, libc::SYS_close_range, &the_rest);
        if let Some(filter) = self.filter {
            let bytes: Vec<u8> = filter.iter().flat_map(bytes_of).collect();
            let count = u16::try_from(filter.len()).expect("the kernel takes 4096 at most");
            let program = script.counted(count, &bytes);
            let arguments = [Value(u64::from(libc::SECCOMP_SET_MODE_FILTER)), Value(0), program];
            script.call(Stage::Walls, libc::SYS_seccomp, &arguments);
        }
        if !self.joins.is_empty() {
            script.call(Stage::Walls, libc::SYS_close, &[Value(REPORT)]);
        }
    }
}

fn session(script: &mut Script) {
    let nothing = script.bytes(&0u64.to_ne_bytes());
    let set = Value(libc::SIG_SETMASK as u64);
    script.call(Stage::Session, libc::SYS_rt_sigprocmask, &[set, nothing, Value(0), Value(8)]);
    script.call(Stage::Session, libc::SYS_setsid, &[]);
    script.call(Stage::Session, libc::SYS_umask, &[Value(0o022)]);
}

/// An instruction as it lies in memory: `struct sock_filter` of `linux/filter.h`.
fn bytes_of(instruction: &libc::sock_filter) -> [u8; 8] {
    let ([code, more], [a, b, c, d]) =
        (instruction.code.to_ne_bytes(), instruction.k.to_ne_bytes());
    [code, more, instruction.jt, instruction.jf, a, b, c, d]
}
