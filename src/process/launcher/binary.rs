//! Which binary the launcher is: the server's own, started a second time under another command.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use super::boot;

/// The command, hidden from people.
pub(super) const COMMAND: &str = "launcher";

/// Whether this process's `main` would become a launcher when asked to.
static IS_ASKED_FOR: AtomicBool = AtomicBool::new(false);

/// Which binary is started as the launcher.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LauncherBinary {
    /// The binary of this process, whose `main` calls [`run_if_requested`] first.
    #[default]
    Own,
    /// Another one whose `main` does, such as an installed `ringback`.
    Path(PathBuf),
}

impl LauncherBinary {
    pub(super) fn path(&self) -> io::Result<PathBuf> {
        match self {
            Self::Path(path) => Ok(path.clone()),
            // The file that this process came from, even if another lies in its place by now.
            Self::Own if IS_ASKED_FOR.load(Ordering::Relaxed) => Ok("/proc/self/exe".into()),
            Self::Own => Err(io::Error::other(
                "call `ringback::launcher::run_if_requested()` first in `main`, or name a \
                 launcher binary",
            )),
        }
    }
}

/// Becomes the launcher, and never returns, when this process was started as one; otherwise does
/// nothing. An application that has an engine inside calls it first in its `main`, before it
/// starts a thread or opens a file: programs are not started by the application itself but by a
/// small second process of the same binary, so that they end whatever becomes of the application.
pub fn run_if_requested() {
    IS_ASKED_FOR.store(true, Ordering::Relaxed);
    let mut arguments = std::env::args_os().skip(1);
    let is_launcher = arguments.next().is_some_and(|command| command == COMMAND);
    if !is_launcher || arguments.next().is_some() {
        return;
    }
    let code = if boot::is_called_by_server() {
        boot::run()
    } else {
        eprintln!("ringback: the launcher is started by the server, not by hand");
        ExitCode::from(2)
    };
    std::process::exit(i32::from(code != ExitCode::SUCCESS) * 2)
}
