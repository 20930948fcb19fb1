//! The settings in which programs are attacked from: levels, users, and what holds programs
//! together. Starts servers; attacks nothing.

use crate::support::app::TestApp;
use crate::support::users::{self, are_we_root};

/// What programs are kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The isolation level.
    pub level: &'static str,
    /// Whether the server runs as root.
    pub is_root: bool,
    /// Whether the launcher has to do without namespaces and cgroups.
    pub is_bare: bool,
    /// The means by which programs are held together.
    pub containment: &'static str,
}

impl Setting {
    pub const fn root(level: &'static str) -> Self {
        Self { level, is_root: true, is_bare: false, containment: "auto" }
    }

    pub const fn user(level: &'static str) -> Self {
        Self { is_root: false, ..Self::root(level) }
    }

    /// The same setting where namespaces are forbidden, as in many containers.
    pub const fn without_namespaces(self) -> Self {
        Self { is_bare: true, containment: "session", ..self }
    }

    /// The same setting with a cgroup for each execution, which a plain user has only where a
    /// group was [delegated](crate::delegation) to it.
    pub const fn in_cgroups(self) -> Self {
        Self { containment: "cgroup2", ..self }
    }

    /// A server in this setting; none when it takes root and the tests are not root's.
    #[track_caller]
    pub fn start(self) -> Option<TestApp> {
        if self.is_root && !are_we_root() {
            return None;
        }
        Some(TestApp::with(|options| {
            let programs = users::of_programs().to_string();
            let options = options
                .env("RINGBACK_EXECUTION__ISOLATION", self.level)
                .env("RINGBACK_EXECUTION__USER_ID", &programs);
            let options = options.env("RINGBACK_EXECUTION__CONTAINMENT", self.containment);
            match self.server_user() {
                Some(id) => options.run_by(id),
                None => options,
            }
        }))
    }

    /// The user of the server, if it is not that of the tests.
    pub fn server_user(self) -> Option<u32> {
        (are_we_root() && !self.is_root).then(users::of_server)
    }

    /// The user of programs, if it is not that of the tests.
    pub fn programs_user(self) -> Option<u32> {
        if self.is_root { Some(users::of_programs()) } else { self.server_user() }
    }
}
