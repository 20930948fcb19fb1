//! How far programs are kept apart from the machine, and how their processes are held together:
//! the words for it, and what a machine was found to have. Does neither.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How programs are kept apart from the machine, from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// A clean environment, limits, no new privileges.
    None,
    /// Besides, files and network as far as they are allowed, and fewer system calls.
    Confined,
    /// Besides, a root of its own, and namespaces in which nobody else is to be seen.
    Sandbox,
}

impl Level {
    /// Every level, from weak to strong.
    pub const ALL: [Self; 3] = [Self::None, Self::Confined, Self::Sandbox];

    /// The name in the configuration and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Confined => "confined",
            Self::Sandbox => "sandbox",
        }
    }
}

/// What holds the processes of an execution together, so that all of them can be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Containment {
    /// A cgroup of version 2: nothing leaves it, and the kernel ends all of it at once.
    Cgroup2,
    /// A PID namespace: nothing leaves it, and it ends with its first process.
    PidNamespace,
    /// A session and a keeper that inherits orphans: what forks faster than it is looked for
    /// can escape for a while.
    Session,
}

impl Containment {
    /// The name in the configuration and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cgroup2 => "cgroup2",
            Self::PidNamespace => "pidns",
            Self::Session => "session",
        }
    }
}

/// A feature of the kernel that can be left out on purpose, to see how its absence is lived with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feature {
    /// `clone3(2)`, Linux 5.3; forbidden by some container runtimes.
    Clone3,
    /// Namespaces of users, processes, mounts and their like.
    Namespaces,
    /// Version 2 of control groups.
    Cgroup2,
    /// Landlock.
    Landlock,
    /// Filters of system calls.
    Seccomp,
}

/// What programs are kept apart and held together by, here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// How far programs are kept apart from the machine.
    pub level: Level,
    /// Why it is this level: a sentence.
    pub reason: String,
    /// How their processes are held together.
    pub containment: Containment,
    /// The user that programs run as, if it is not the server's.
    pub user_id: Option<u32>,
    /// Whether the kernel itself limits memory; otherwise it is measured every few milliseconds.
    pub memory_by_cgroup: bool,
    /// What is weaker than it could be, and why, in sentences.
    pub weaker: Vec<String>,
}

impl Surroundings {
    /// What is weaker where the kernel itself does not limit memory.
    pub const MEMORY_IS_MEASURED: &'static str =
        "no cgroup limits memory; it is measured every few milliseconds instead";
}

impl fmt::Display for Surroundings {
    /// All of it in one line, but what is weaker than it could be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (level, containment) = (self.level.as_str(), self.containment.as_str());
        write!(f, "isolation: {level} ({}), containment: {containment}; ", self.reason)?;
        match self.user_id {
            Some(id) => write!(f, "programs run as user {id}"),
            None => f.write_str("programs run as the server's own user"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_are_told_in_one_line() {
        let root = Surroundings {
            level: Level::Sandbox,
            reason: "the strongest level there is".to_owned(),
            containment: Containment::PidNamespace,
            user_id: Some(60_700),
            memory_by_cgroup: false,
            weaker: vec!["told elsewhere".to_owned()],
        };
        let line = "isolation: sandbox (the strongest level there is), containment: pidns; \
                    programs run as user 60700";
        assert_eq!(root.to_string(), line);
        let other = Surroundings { user_id: None, ..root };
        assert!(other.to_string().ends_with("; programs run as the server's own user"));
    }
}
