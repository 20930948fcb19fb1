//! What a confined program may do with files, TCP and other processes, as rulesets of landlock(7).
//! Only makes rulesets: the child puts one into force with `landlock_restrict_self(2)`.
//!
//! Landlock denies opening, not looking: names, sizes and times of files stay visible, and modes,
//! owners and times of the user's own files can be changed. UDP and sockets with a path are none of
//! its business; the system call filter takes those away when there is no network.
#![allow(unsafe_code)]

mod readable;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetError, Scope,
};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};

use readable::Readable;

/// The newest version of the interface that is made use of. A kernel with an older one enforces
/// what it knows.
const NEWEST: ABI = ABI::V7;

/// What the kernel can enforce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Support {
    /// The version of the kernel's interface; 0 when there is none.
    pub(super) abi: i32,
}

impl Support {
    /// Asks the kernel.
    pub(super) fn detect() -> Self {
        const VERSION: libc::c_uint = 1;
        let nothing = ptr::null::<libc::c_void>();
        // SAFETY: with this flag the call takes no attributes, makes nothing, and only answers.
        let abi =
            unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, VERSION) };
        // Not built in, switched off at boot, or forbidden by a container: all the same to us.
        Self { abi: i32::try_from(abi).unwrap_or(0).max(0) }
    }

    /// Files: Linux 5.13.
    pub(super) fn has_filesystem(self) -> bool {
        self.abi >= 1
    }

    /// Signals and abstract sockets: Linux 6.12.
    pub(super) fn has_scopes(self) -> bool {
        self.abi >= 6
    }
}

/// What every confined program may read and execute, opened once: then a ruleset costs one call
/// for each.
#[derive(Debug)]
pub(super) struct Rules {
    readable: Readable,
    /// The kinds of access to files that the kernel can enforce.
    enforced: BitFlags<AccessFs>,
}

impl Rules {
    /// The system's programs and libraries, the harmless parts of `/etc`, harmless devices, and the
    /// directories or files in `readable`. What does not exist is left out.
    ///
    /// # Errors
    /// When something that exists cannot be opened, for want of descriptors for instance.
    pub(super) fn new(readable: &[PathBuf]) -> io::Result<Self> {
        let abi = ABI::from(Support::detect().abi).min(NEWEST);
        Ok(Self { readable: Readable::open(readable)?, enforced: AccessFs::from_all(abi) })
    }

    /// Whether a file or directory may have been replaced since these rules were made. A rule is
    /// about what was there, so a new `/etc/resolv.conf` could not be read: make new rules then.
    pub(super) fn are_stale(&self) -> bool {
        self.readable.is_stale()
    }

    /// A ruleset that also gives everything beneath the `writable` directories, and takes away TCP
    /// and abstract sockets unless there is the `network`.
    ///
    /// Each directory is named by an absolute path that leads through no symbolic link: a link that
    /// a program left would give its successor whatever it leads to.
    ///
    /// # Errors
    /// `ELOOP` for a link in a path, `Unsupported` when the kernel has no landlock, and what
    /// `landlock_create_ruleset(2)` and `landlock_add_rule(2)` say.
    pub(super) fn ruleset(&self, writable: &[&Path], network: bool) -> io::Result<OwnedFd> {
        if self.enforced.is_empty() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let ruleset = best_effort().handle_access(self.enforced).map_err(io::Error::other)?;
        let ruleset = confine(ruleset, network)?.ok_or(io::ErrorKind::Unsupported)?;
        for (file, access) in self.readable.iter() {
            grant(&ruleset, file, access & self.enforced)?;
        }
        for directory in writable {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = openat2(CWD, *directory, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)?;
            grant(&ruleset, &opened, self.enforced & !AccessFs::IoctlDev)?;
        }
        Ok(ruleset)
    }
}

/// Lets a ruleset give `/proc` as it is now. What is mounted over a directory is not what a rule
/// about that directory was made for.
///
/// # Errors
/// When it cannot be opened, or the ruleset is none about files.
pub(super) fn allow_new_proc(ruleset: &OwnedFd) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(CWD, "/proc", flags, Mode::empty())?;
    grant(ruleset, &opened, AccessFs::ReadFile | AccessFs::ReadDir)
}

/// A ruleset for programs whose files a mount namespace takes care of: only TCP, signals and
/// abstract sockets. None when the kernel can confine none of these.
///
/// # Errors
/// What `landlock_create_ruleset(2)` says.
pub(super) fn scopes_only(network: bool) -> io::Result<Option<OwnedFd>> {
    confine(best_effort(), network)
}

/// A ruleset that leaves out what the kernel does not know.
fn best_effort() -> Ruleset {
    Ruleset::default().set_compatibility(CompatLevel::BestEffort)
}

/// Makes the ruleset, with what it says about everything but files. Signals never leave the
/// execution. What is handled and gets no rule is denied.
fn confine(ruleset: Ruleset, network: bool) -> io::Result<Option<OwnedFd>> {
    let confined = || {
        let ruleset = ruleset.scope(Scope::Signal)?;
        if network {
            return ruleset.create();
        }
        let tcp = AccessNet::from_all(NEWEST);
        ruleset.handle_access(tcp)?.scope(Scope::AbstractUnixSocket)?.create()
    };
    confined().map(Option::from).map_err(|error: RulesetError| io::Error::other(error))
}

/// Allows this access to a file, or to all that lies beneath a directory.
///
/// Not through the crate, which asks again for each rule whether it is about a directory: that
/// doubles the cost of a ruleset.
fn grant(ruleset: &OwnedFd, beneath: &OwnedFd, access: BitFlags<AccessFs>) -> io::Result<()> {
    /// `struct landlock_path_beneath_attr` of linux/landlock.h.
    #[repr(C, packed)]
    struct PathBeneath {
        allowed_access: u64,
        parent_fd: i32,
    }
    const PATH_BENEATH: libc::c_int = 1;
    let rule = PathBeneath { allowed_access: access.bits(), parent_fd: beneath.as_raw_fd() };
    // SAFETY: the kernel reads the rule, which has the layout that it expects, during the call;
    // both descriptors are open.
    let added = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            PATH_BENEATH,
            &raw const rule,
            0,
        )
    };
    if added == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
