//! The lines to all launchers of a server: the usual one, and one for each level beside it that some
//! programs are to have. Chooses by level alone; who has which is for others to say.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use futures_util::future::select_all;

use super::launcher::{OpenError, Setup};
use super::level::{Level, Surroundings};
use super::line::{Line, Wanted};

/// All lines of a server, at most one for each level.
#[derive(Debug)]
pub(super) struct Lines {
    usual: Level,
    by_level: BTreeMap<Level, Line>,
}

/// A level that is not to be had, and why; no level is the strongest that works.
#[derive(Debug)]
pub(super) struct NotOpened {
    pub(super) level: Option<Level>,
    pub(super) error: OpenError,
}

impl Lines {
    /// Starts a launcher of the level that is wanted, and one of each level beside it. When this returns,
    /// nothing of an earlier server on the same data runs any more, whatever levels that had.
    ///
    /// # Errors
    /// Why a level is not to be had here.
    pub(super) fn open(wanted: Wanted, besides: &[Level]) -> Result<Self, NotOpened> {
        let level = wanted.level;
        let line = Line::open(wanted.clone()).map_err(|error| NotOpened { level, error })?;
        let usual = line.surroundings().level;
        let mut by_level = BTreeMap::from([(usual, line)]);
        for level in Level::ALL.into_iter().filter(|level| *level != usual) {
            let is_wanted = besides.contains(&level);
            let setup = beside(&wanted.setup, level);
            if is_wanted {
                let wanted = Wanted { level: Some(level), setup, ..wanted.clone() };
                let opened = Line::open(wanted);
                let line = opened.map_err(|error| NotOpened { level: Some(level), error })?;
                by_level.insert(level, line);
            } else {
                end_earlier(&wanted, setup);
            }
        }
        Ok(Self { usual, by_level })
    }

    /// The line to the usual launcher.
    pub(super) fn usual(&self) -> &Line {
        self.at(self.usual).expect("it was opened first and stays")
    }

    /// The line to the launcher of a level, if there is one.
    pub(super) fn at(&self, level: Level) -> Option<&Line> {
        self.by_level.get(&level)
    }

    /// The line to the launcher whose programs see least of the machine: what can be run there can be
    /// run anywhere.
    pub(super) fn strictest(&self) -> &Line {
        self.by_level.values().next_back().unwrap_or_else(|| self.usual())
    }

    /// What the launchers beside the usual one were found to have.
    pub(super) fn besides(&self) -> impl Iterator<Item = &Surroundings> {
        let besides = self.by_level.iter().filter(|(level, _)| **level != self.usual);
        besides.map(|(_, line)| line.surroundings())
    }

    /// Whether there is every launcher at present: whose program is next is known only when it is too
    /// late.
    pub(super) fn is_up(&self) -> bool {
        self.by_level.values().all(Line::is_up)
    }

    /// Waits until there is every launcher, if there will be.
    pub(super) async fn up(&self) {
        while !self.is_up() {
            for line in self.by_level.values() {
                line.up().await;
            }
        }
    }

    /// Waits until it is certain of one launcher that there will be none any more, and says why.
    pub(super) async fn given_up(&self) -> String {
        select_all(self.by_level.values().map(|line| Box::pin(line.given_up()))).await.0
    }

    /// Ends all launchers, and returns when nothing of them is left.
    pub(super) fn close(&self) {
        self.by_level.values().for_each(Line::close);
    }
}

/// The setup of a launcher beside the usual one: what launchers find each other by is its own.
fn beside(setup: &Setup, level: Level) -> Setup {
    let name = |name: &str| format!("{name}-{}", level.as_str());
    let lock: PathBuf = setup.lock.with_file_name(format!("{}.lock", name("launcher")));
    Setup { lock, cgroup: name(&setup.cgroup), ..setup.clone() }
}

/// Waits for what an earlier server had at a level that is not wanted any more. Another launcher in
/// its place does so, as it would if it were to stay, and ends.
fn end_earlier(wanted: &Wanted, setup: Setup) {
    let lock = setup.lock.clone();
    if !lock.exists() {
        return;
    }
    match Line::open(Wanted { level: Some(Level::None), setup, ..wanted.clone() }) {
        Ok(line) => {
            drop(line);
            // Where it stays, the next server looks once more.
            let _ = fs::remove_file(lock);
        }
        Err(error) => log::error!("what {} stands for may still run: {error}", lock.display()),
    }
}
