//! Sees to it that there is a launcher: finds the strongest level that works here, and starts the
//! next launcher when one has gone. Starts no program itself.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::launcher::{
    Connection, Launch, LauncherBinary, LauncherProcess, OpenError, Ready, Setup, Tidings, Warm,
};
use super::level::{Containment, Level, Surroundings};
use crate::failpoint;

/// How long is waited before a launcher is started again that could not be.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How long a launcher has to end everything: longer than it waits for the kernel.
const GONE_WITHIN: Duration = Duration::from_secs(35);

/// How many times in a row. A binary that was replaced by another version does not come back.
const TRIES_MAX: u32 = 20;

/// The line to a launcher. Dropping it ends the launcher, and with it every program.
#[derive(Debug)]
pub(super) struct Line {
    shared: Arc<Shared>,
    surroundings: Surroundings,
    thread: Mutex<Option<Listener>>,
    next: AtomicU64,
}

/// The thread that listens to the launcher; `ended` is disconnected when it has ended.
#[derive(Debug)]
struct Listener {
    thread: JoinHandle<()>,
    ended: mpsc::Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    binary: LauncherBinary,
    setup: Setup,
    presence: watch::Sender<Presence>,
    is_closing: AtomicBool,
}

/// Whether there is a launcher.
#[derive(Debug)]
enum Presence {
    Up(Arc<Connection>),
    /// The next one is being started.
    Absent,
    /// There will be none, and why.
    GivenUp(String),
}

impl Presence {
    fn connection(&self) -> Option<&Arc<Connection>> {
        match self {
            Self::Up(connection) => Some(connection),
            Self::Absent | Self::GivenUp(_) => None,
        }
    }
}

/// What is wanted of a launcher beside its setup.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) binary: LauncherBinary,
    /// None for the strongest level that works.
    pub(super) level: Option<Level>,
    /// Everything else; level and namespaces in it are filled in here.
    pub(super) setup: Setup,
}

impl Line {
    /// Starts a launcher of the level that is wanted.
    ///
    /// # Errors
    /// Why that level is not to be had here.
    pub(super) fn open(wanted: Wanted) -> Result<Self, OpenError> {
        let Wanted { binary, level, setup } = wanted;
        let (setup, opened, reasons) = strongest(&binary, level, &setup)?;
        let (connection, process, ready) = opened;
        let surroundings = surroundings(level, &setup, ready, reasons);
        let presence = watch::Sender::new(Presence::Up(Arc::new(connection)));
        let shared =
            Arc::new(Shared { binary, setup, presence, is_closing: AtomicBool::new(false) });
        let (ends, ended) = mpsc::channel();
        let thread = {
            let shared = Arc::clone(&shared);
            let listener = thread::Builder::new().name("ringback-launcher".into());
            listener.spawn(move || {
                shared.keep_one(process);
                drop::<mpsc::Sender<()>>(ends);
            })?
        };
        let thread = Mutex::new(Some(Listener { thread, ended }));
        Ok(Self { shared, surroundings, thread, next: AtomicU64::new(1) })
    }

    /// What the launcher was found to have.
    pub(super) const fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Whether there is a launcher at present, and not only the hope for the next one.
    pub(super) fn is_up(&self) -> bool {
        !self.shared.is_closing.load(Ordering::Relaxed)
            && self.shared.presence.borrow().connection().is_some()
    }

    /// Waits until there is a launcher, if there will be one.
    pub(super) async fn up(&self) {
        let mut presence = self.shared.presence.subscribe();
        // The sender is ours and stays.
        let _ = presence.wait_for(|presence| presence.connection().is_some()).await;
        if self.shared.is_closing.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }

    /// Waits until it is certain that there will be no launcher any more, and says why.
    pub(super) async fn given_up(&self) -> String {
        let mut presence = self.shared.presence.subscribe();
        let given_up = presence.wait_for(|presence| matches!(presence, Presence::GivenUp(_)));
        match given_up.await.as_deref() {
            Ok(Presence::GivenUp(reason)) => reason.clone(),
            _ => std::future::pending().await,
        }
    }

    /// Hands a program to the launcher.
    ///
    /// # Errors
    /// When there is none, or it cannot be handed over.
    pub(super) fn launch(
        &self,
        mut launch: Launch,
        streams: [BorrowedFd<'_>; 3],
    ) -> Result<(Arc<Connection>, u64, Tidings), NotLaunched> {
        launch.number = self.next.fetch_add(1, Ordering::Relaxed);
        let number = launch.number;
        let present = self.shared.presence.borrow().connection().cloned();
        let connection = present.filter(|_| self.is_up()).ok_or(NotLaunched::Absent)?;
        match connection.launch(launch, streams) {
            Ok(tidings) => Ok((connection, number, tidings)),
            // Nothing was started: an order reaches the launcher whole or not at all.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(NotLaunched::Absent),
            Err(error) => Err(NotLaunched::Order(error)),
        }
    }

    /// Has an interpreter kept warm, by this launcher; the next one is asked anew.
    pub(super) fn warm(&self, warm: &Warm) {
        if let Some(connection) = self.shared.presence.borrow().connection() {
            connection.warm(warm);
        }
    }

    /// Ends the launcher, and returns when nothing of it is left. One that is stopped or hangs is
    /// killed when it should have been gone for long.
    pub(super) fn close(&self) {
        self.shared.is_closing.store(true, Ordering::Relaxed);
        let connection = self.shared.presence.borrow().connection().cloned();
        if let Some(connection) = &connection {
            connection.close();
        }
        let listener = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Listener { thread, ended }) = listener else { return };
        if ended.recv_timeout(patience(GONE_WITHIN)) == Err(RecvTimeoutError::Timeout) {
            log::error!("the launcher does not end, and is killed");
            connection.iter().for_each(|connection| connection.kill_launcher());
        }
        let _ = thread.join();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
    }
}

/// Why a program was not handed to a launcher.
#[derive(Debug)]
pub(super) enum NotLaunched {
    /// There is no launcher at this moment.
    Absent,
    /// The order could not be sent.
    Order(io::Error),
}

impl Shared {
    /// Listens to the launcher, and starts the next one when it has gone.
    fn keep_one(&self, mut process: LauncherProcess) {
        loop {
            let connection = self.presence.borrow().connection().cloned();
            let Some(connection) = connection else { return };
            connection.listen();
            self.presence.send_replace(Presence::Absent);
            process.wait();
            if self.is_closing.load(Ordering::Relaxed) {
                connection.give_up();
                return;
            }
            log::error!("the launcher has gone, and with it every running program");
            let next = self.next();
            // Only now, because the next launcher starts when nothing of this one is alive.
            connection.give_up();
            match next {
                Ok((next, its_process)) => {
                    process = its_process;
                    self.presence.send_replace(Presence::Up(Arc::new(next)));
                }
                Err(reason) => {
                    self.presence.send_replace(Presence::GivenUp(reason));
                    return;
                }
            }
            if self.is_closing.load(Ordering::Relaxed)
                && let Some(connection) = self.presence.borrow().connection()
            {
                connection.close();
            }
        }
    }

    /// Starts the next launcher, or says why there is none.
    fn next(&self) -> Result<(Connection, LauncherProcess), String> {
        let mut reason = "it is not wanted any more".to_owned();
        for _ in 0..TRIES_MAX {
            failpoint::hit("launcher-next");
            match Connection::open(&self.binary, &self.setup) {
                Ok((connection, process, _)) => {
                    log::warn!("a new launcher has been started");
                    return Ok((connection, process));
                }
                Err(error) => reason = error.to_string(),
            }
            log::error!("no new launcher can be started: {reason}");
            if self.is_closing.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep(TRY_AGAIN);
        }
        Err(reason)
    }
}

/// How long a launcher is waited for, unless a test has less time.
pub(super) fn patience(usual: Duration) -> Duration {
    let wanted = failpoint::value("launcher-patience-ms");
    wanted.and_then(|millis| millis.parse().ok()).map_or(usual, Duration::from_millis)
}

type Opened = (Connection, LauncherProcess, Ready);

/// Tries one kind of launcher after the other, the strongest first; the first that is ready is it.
/// Says also why the stronger ones are not to be had.
fn strongest(
    binary: &LauncherBinary,
    level: Option<Level>,
    setup: &Setup,
) -> Result<(Setup, Opened, Vec<String>), OpenError> {
    let mut reasons = Vec::new();
    let mut last = None;
    for (level, namespaces) in kinds(level, setup.containment) {
        let setup = Setup { level, namespaces, ..setup.clone() };
        match Connection::open(binary, &setup) {
            Ok(opened) => return Ok((setup, opened, reasons)),
            Err(OpenError::Refused(why)) => {
                let with = if namespaces { "" } else { " without namespaces" };
                reasons.push(format!("{}{with}: {why}", level.as_str()));
                // What was asked for first is what a user wants to have explained.
                last.get_or_insert(OpenError::Refused(why));
            }
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| OpenError::Refused("there is no such level".to_owned())))
}

/// The kinds of launchers that may be, the strongest first: each level with namespaces of its own
/// if possible, which the sandbox cannot do without.
fn kinds(level: Option<Level>, containment: Option<Containment>) -> Vec<(Level, bool)> {
    let all = [
        (Level::Sandbox, true),
        (Level::Confined, true),
        (Level::Confined, false),
        (Level::None, true),
        (Level::None, false),
    ];
    let is_wanted = |kind: &(Level, bool)| {
        let without = containment == Some(Containment::Session) && kind.0 != Level::Sandbox;
        level.is_none_or(|level| level == kind.0) && !(kind.1 && without)
    };
    all.into_iter().filter(is_wanted).collect()
}

fn surroundings(
    wanted: Option<Level>,
    setup: &Setup,
    ready: Ready,
    reasons: Vec<String>,
) -> Surroundings {
    let Ready { containment, user_id, memory_by_cgroup, mut weaker } = ready;
    let reason = match (wanted, reasons.is_empty()) {
        (Some(_), _) => "asked for by the configuration".to_owned(),
        (None, true) => "the strongest level there is".to_owned(),
        (None, false) => format!("the strongest level that works here; {}", reasons.join("; ")),
    };
    if wanted.is_some() {
        weaker.extend(reasons);
    }
    if !memory_by_cgroup {
        weaker.push(Surroundings::MEMORY_IS_MEASURED.to_owned());
    }
    Surroundings { level: setup.level, reason, containment, user_id, memory_by_cgroup, weaker }
}

/// The name of the cgroup of the launchers on one data directory, so that the next one finds what
/// an earlier one left there.
pub(super) fn cgroup_name(data_dir: &Path) -> String {
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    format!("ringback-{}", hex::encode(&digest[..6]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_kind_is_tried_first_and_only_what_is_wanted() {
        let sandbox = [(Level::Sandbox, true)];
        assert_eq!(kinds(Some(Level::Sandbox), None), sandbox);
        assert_eq!(kinds(Some(Level::None), None), [(Level::None, true), (Level::None, false)]);
        assert_eq!(kinds(Some(Level::None), Some(Containment::Session)), [(Level::None, false)]);
        let all = kinds(None, None);
        assert!(
            all.is_sorted_by_key(|(level, namespaces)| (std::cmp::Reverse(*level), !namespaces))
        );
    }
}
