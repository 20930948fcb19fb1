//! As whom programs run: root never stays root. Changes nobody's user itself; it says by which
//! calls a new process gives its rights up.

use super::script::{Argument, Script, Stage};
use Argument::{Data, Last, Value};

/// `_LINUX_CAPABILITY_VERSION_3` of `linux/capability.h`.
pub(super) const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// As whom a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// The user and group to change to; none to stay who the launcher is.
    pub(super) become_id: Option<u32>,
    /// Whether to enter a user namespace of its own, in which its processes are counted apart.
    pub(super) own_namespace: bool,
}

impl Identity {
    /// Adds the calls by which a process gives up what it does not need.
    pub(super) fn add_to(self, script: &mut Script) {
        let call = |script: &mut Script, number, arguments: &[Argument]| {
            script.call(Stage::User, number, arguments);
        };
        if let Some(id) = self.become_id {
            let id = Value(u64::from(id));
            call(script, libc::SYS_setgroups, &[Value(0), Value(0)]);
            call(script, libc::SYS_setresgid, &[id, id, id]);
            call(script, libc::SYS_setresuid, &[id, id, id]);
        }
        // A process that has changed its user may not open its own files in /proc, and neither
        // may one that shares the launcher's memory, until it says that it has no secrets.
        let dumpable = [Value(libc::PR_SET_DUMPABLE as u64), Value(1)];
        script.call(Stage::Optional, libc::SYS_prctl, &dumpable);
        if self.own_namespace {
            self.enter_namespace(script);
        }
        let version = CAPABILITY_VERSION.to_ne_bytes();
        let header = script.bytes(&[version, [0; 4]].concat());
        let nothing = script.bytes(&[0; 24]);
        call(script, libc::SYS_capset, &[header, nothing]);
    }

    /// A user namespace in which this user is who it was: `user_namespaces(7)` lets anybody map
    /// its own id. Without namespaces, processes are counted together with those of others.
    fn enter_namespace(self, script: &mut Script) {
        let optional = |script: &mut Script, number, arguments: &[Argument]| {
            script.call(Stage::Optional, number, arguments);
        };
        let user = self.become_id.unwrap_or_else(|| rustix::process::getuid().as_raw());
        let group = self.become_id.unwrap_or_else(|| rustix::process::getgid().as_raw());
        optional(script, libc::SYS_unshare, &[Value(libc::CLONE_NEWUSER as u64)]);
        for (file, content) in [
            (c"/proc/self/setgroups", "deny".to_owned()),
            (c"/proc/self/uid_map", format!("{user} {user} 1")),
            (c"/proc/self/gid_map", format!("{group} {group} 1")),
        ] {
            write_file(script, file, content.as_bytes());
        }
    }
}

/// Adds the calls that write a short file in /proc, where that is possible.
pub(super) fn write_file(script: &mut Script, file: &std::ffi::CStr, content: &[u8]) {
    let (path, bytes) = (script.text(file), script.bytes(content));
    debug_assert!(matches!(path, Data(_)));
    let here = Value(libc::AT_FDCWD as i64 as u64);
    let flags = Value((libc::O_WRONLY | libc::O_CLOEXEC) as u64);
    script.call(Stage::Optional, libc::SYS_openat, &[here, path, flags]);
    script.call(Stage::Optional, libc::SYS_write, &[Last, bytes, Value(content.len() as u64)]);
    script.call(Stage::Optional, libc::SYS_close, &[Argument::BeforeLast]);
}
