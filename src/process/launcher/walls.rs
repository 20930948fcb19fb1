//! The walls of a level: which rules of Landlock and which filter of system calls a program gets.
//! Puts nothing into force; the program's own script does.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::super::level::{Feature, Level};
use super::landlock::{Rules, Support, scopes_only};
use super::protocol::Setup;
use super::seccomp;

/// What closes programs in.
pub(super) struct Walls {
    rules: Kind,
    /// Without and with the network; none below level confined.
    filters: Option<[Vec<libc::sock_filter>; 2]>,
}

enum Kind {
    None,
    /// About files too: each execution has its own.
    Files {
        rules: Rules,
        readable: Vec<PathBuf>,
    },
    /// About everything but files: without and with the network.
    Scopes([Option<OwnedFd>; 2]),
}

/// The rules of one program.
pub(super) enum Chosen<'a> {
    None,
    Own(OwnedFd),
    Shared(&'a OwnedFd),
}

impl Chosen<'_> {
    /// The ruleset, if there is one.
    pub(super) fn as_ref(&self) -> Option<&OwnedFd> {
        match self {
            Self::None => None,
            Self::Own(rules) => Some(rules),
            Self::Shared(rules) => Some(rules),
        }
    }
}

impl Walls {
    /// The walls of the level that `setup` names. What is missing and can be done without is
    /// added to `weaker`.
    ///
    /// # Errors
    /// A sentence that names the feature of the kernel that is missing.
    pub(super) fn build(setup: &Setup, weaker: &mut Vec<String>) -> Result<Self, String> {
        if setup.level == Level::None {
            return Ok(Self { rules: Kind::None, filters: None });
        }
        let lacks = |feature| setup.lacking.contains(&feature);
        if lacks(Feature::Seccomp) || !has_seccomp() {
            return Err("the kernel has no filters of system calls (seccomp)".to_owned());
        }
        let filters = Some([seccomp::filter(false), seccomp::filter(true)]);
        let support = if lacks(Feature::Landlock) { Support { abi: 0 } } else { Support::detect() };
        if !support.has_scopes() {
            let has = support.abi;
            weaker.push(format!(
                "Landlock of this kernel has version {has}, and 6 is needed to keep signals and \
                 abstract sockets inside an execution"
            ));
        }
        let cannot = |error: io::Error| format!("no rules of Landlock can be made: {error}");
        let rules = match setup.level {
            Level::Confined if !support.has_filesystem() => {
                return Err("the kernel has no Landlock, or it is switched off".to_owned());
            }
            Level::Confined => {
                let readable = setup.readable.clone();
                Kind::Files { rules: Rules::new(&readable).map_err(cannot)?, readable }
            }
            _ if support.abi == 0 => Kind::None,
            _ => Kind::Scopes([
                scopes_only(false).map_err(cannot)?,
                scopes_only(true).map_err(cannot)?,
            ]),
        };
        Ok(Self { rules, filters })
    }

    /// The filter of system calls for a program.
    pub(super) fn filter(&self, network: bool) -> Option<&[libc::sock_filter]> {
        self.filters.as_ref().map(|filters| filters[usize::from(network)].as_slice())
    }

    /// The rules for a program that may write beneath these directories.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(super) fn rules(&mut self, writable: &[&Path], network: bool) -> io::Result<Chosen<'_>> {
        match &mut self.rules {
            Kind::None => Ok(Chosen::None),
            Kind::Scopes(both) => {
                Ok(both[usize::from(network)].as_ref().map_or(Chosen::None, Chosen::Shared))
            }
            Kind::Files { rules, readable } => {
                if rules.are_stale() {
                    *rules = Rules::new(readable)?;
                }
                rules.ruleset(writable, network).map(Chosen::Own)
            }
        }
    }
}

/// Whether the kernel filters system calls: seccomp(2) knows the action that a filter needs.
fn has_seccomp() -> bool {
    std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail")
        .is_ok_and(|actions| actions.split_whitespace().any(|action| action == "errno"))
}
