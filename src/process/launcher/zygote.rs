//! A warm interpreter and the line to it: an interpreter that has started, and forks a child for
//! each execution. What it says and is told is written down at the top of `sitecustomize.py`.

mod order;

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{RecvFlags, recv};
use rustix::pipe::{PipeFlags, pipe_with};

use super::clone::Place;
use super::jail;
use super::protocol::Warm;
use super::script::{Argument, Script, Stage};
use super::sys::{self, Failure, Image};
use super::user::CAPABILITY_VERSION;
use super::wire;

pub(super) use order::Order;

/// What the interpreter imports when it starts.
const SITECUSTOMIZE: &str = include_str!("zygote/sitecustomize.py");

/// The directory that it lies in, inside the launcher's own.
const DIRECTORY: &str = "zygote";

/// Where the interpreter finds its socket: beyond what it opens by itself.
const SOCKET: u64 = 255;

/// How many children one interpreter has. They share its hash seed and its addresses, so it is
/// replaced now and then.
const CHILDREN_MAX: u32 = 1000;

/// The beginnings of variables that an interpreter or its C library reads only when it starts.
const READ_AT_START: [&str; 6] = ["PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "GLIBC_"];

/// One warm interpreter.
#[derive(Debug)]
pub(super) struct Zygote {
    pub(super) pid: i32,
    socket: OwnedFd,
    /// What it was started with.
    pub(super) warm: Warm,
    is_ready: bool,
    children: u32,
    /// Nobody reads what it writes, but without a reader it could not complain.
    _output: [OwnedFd; 2],
}

/// What a zygote has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It is ready; each line tells of a module that could not be imported.
    Ready { not_imported: Vec<String> },
    /// Nothing yet.
    Nothing,
    /// It has gone, or made no sense.
    Gone,
}

/// Puts what interpreters import where they find it.
///
/// # Errors
/// When it cannot be written.
pub(super) fn prepare() -> io::Result<()> {
    let directory = jail::hidden(DIRECTORY);
    fs::create_dir(&directory)?;
    fs::write(directory.join("sitecustomize.py"), SITECUSTOMIZE)
}

impl Zygote {
    /// Starts an interpreter. It is of no use before it is ready.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(warm: Warm, without_clone3: bool) -> Result<Self, Failure> {
        let (socket, theirs) = wire::pair()?;
        let stdin = memfd_create("stdin", MemfdFlags::CLOEXEC).map_err(io::Error::from)?;
        let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from);
        let ((from_stdout, stdout), (from_stderr, stderr)) = (pipe()?, pipe()?);
        let mut env: Vec<String> =
            warm.env.iter().filter(|variable| is_read_at_start(variable)).cloned().collect();
        env.push(format!("PYTHONPATH={}", jail::hidden(DIRECTORY).display()));
        // Without one it would be looked for in the list of users, with a module that stays loaded.
        env.push("HOME=/nonexistent".to_owned());
        env.push(format!("RINGBACK_ZYGOTE_FD={SOCKET}"));
        env.push(format!("RINGBACK_ZYGOTE_PRELOAD={}", warm.preload.join(",")));
        let fds = [&stdin, &stdout, &stderr, &theirs].map(AsRawFd::as_raw_fd);
        let place = Place { without_clone3, ..Place::default() };
        let image = Image::new(&warm.argv, &env)?;
        let child = sys::spawn(&place, &mut script(), &fds, &image)?;
        Ok(Self {
            pid: child.pid,
            socket,
            warm,
            is_ready: false,
            children: 0,
            _output: [from_stdout, from_stderr],
        })
    }

    /// Where it speaks.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Whether a program that is to have this environment can be its child.
    pub(super) fn suits(&self, env: &[String]) -> bool {
        let of = |env: &[String]| {
            let mut read: Vec<String> =
                env.iter().filter(|variable| is_read_at_start(variable)).cloned().collect();
            read.sort();
            read
        };
        self.is_ready && of(env) == of(&self.warm.env)
    }

    /// Whether it has had enough children.
    pub(super) const fn is_worn(&self) -> bool {
        self.children >= CHILDREN_MAX
    }

    /// Orders a child for a program. What becomes of that is said over the order's report.
    ///
    /// # Errors
    /// When the order does not reach it whole.
    pub(super) fn ask(&mut self, order: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        wire::send_plain(&self.socket, order, fds)?;
        self.children += 1;
        Ok(())
    }

    /// Takes in what it says next.
    pub(super) fn hear(&mut self) -> Said {
        let mut message = [0; 4096];
        let read = recv(&self.socket, &mut message, RecvFlags::DONTWAIT);
        let length = match read {
            Ok((length, _)) if length > 0 => length,
            Err(rustix::io::Errno::AGAIN) => return Said::Nothing,
            _ => return Said::Gone,
        };
        match &message[..length] {
            [3, text @ ..] => {
                self.is_ready = true;
                let text = String::from_utf8_lossy(text);
                let not_imported = text.lines().skip(1).map(str::to_owned).collect();
                Said::Ready { not_imported }
            }
            _ => Said::Gone,
        }
    }
}

fn is_read_at_start(variable: &str) -> bool {
    READ_AT_START.iter().any(|beginning| variable.starts_with(beginning))
}

/// What the process does before it becomes the interpreter: it runs no client's code, so it keeps
/// its rights, which it needs to bring children into their namespaces.
fn script() -> Script {
    use Argument::{Fd, Value};
    let mut script = Script::default();
    let nothing = script.bytes(&0u64.to_ne_bytes());
    let set = Value(libc::SIG_SETMASK as u64);
    script.call(Stage::Session, libc::SYS_rt_sigprocmask, &[set, nothing, Value(0), Value(8)]);
    script.call(Stage::Session, libc::SYS_setsid, &[]);
    let with_its_parent = [Value(libc::PR_SET_PDEATHSIG as u64), Value(libc::SIGKILL as u64)];
    script.call(Stage::Session, libc::SYS_prctl, &with_its_parent);
    for number in 0..3 {
        script.call(Stage::Streams, libc::SYS_dup3, &[Fd(number), Value(number.into()), Value(0)]);
    }
    keep_rights(&mut script);
    // Fails for a descriptor that has this number already, and only has to be kept then.
    script.call(Stage::Optional, libc::SYS_dup3, &[Fd(3), Value(SOCKET), Value(0)]);
    let keep = [Value(SOCKET), Value(libc::F_SETFD as u64), Value(0)];
    script.call(Stage::Streams, libc::SYS_fcntl, &keep);
    let below = [Value(3), Value(SOCKET - 1), Value(0)];
    let above = [Value(SOCKET + 1), Value(u64::from(u32::MAX)), Value(0)];
    script.call(Stage::Streams, libc::SYS_close_range, &below);
    script.call(Stage::Streams, libc::SYS_close_range, &above);
    script
}

/// Whoever is not root loses its rights in its user namespace by executing a program, unless they
/// are ambient: capabilities(7). Entering namespaces of others needs two of them.
fn keep_rights(script: &mut Script) {
    use Argument::Value;
    const SYS_CHROOT: u64 = 18;
    const SYS_ADMIN: u64 = 21;
    let version = CAPABILITY_VERSION.to_ne_bytes();
    let header = script.bytes(&[version, [0; 4]].concat());
    // Effective, permitted and inheritable, in two halves; bits beyond the last are ignored.
    let all = script.bytes(&[0xff; 24]);
    script.call(Stage::Optional, libc::SYS_capset, &[header, all]);
    for capability in [SYS_CHROOT, SYS_ADMIN] {
        let raise = [libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE].map(|n| Value(n as u64));
        let arguments = [raise[0], raise[1], Value(capability), Value(0), Value(0)];
        script.call(Stage::Optional, libc::SYS_prctl, &arguments);
    }
}
