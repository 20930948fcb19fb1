//! What lies outside of an execution, to be attacked: files, sockets, processes, and another
//! execution of the same server. Everything here is as open as file modes and users allow, so
//! that only the level stands in the way.

use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::setting::Setting;
use crate::support::app::TestApp;
use crate::support::wait::{DEADLINE, eventually};

/// More than an execution may write where that is bounded.
const FILL_BYTES: u64 = 96 << 20;

/// The bound.
pub const DISK_BYTES: u64 = 64 << 20;

/// All that is there to be attacked.
pub struct Outside {
    _directory: TempDir,
    stranger: Child,
    _sockets: (UdpSocket, UnixDatagram),
    shm_key: i32,
    facts: Value,
}

impl Outside {
    /// Puts it up around a server.
    pub fn around(app: &TestApp, setting: Setting) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        set_mode(path, 0o755);
        files(path, setting);
        let number = unique();
        let stranger_words = format!("sleep 8{number}");
        let mut stranger = Command::new("sleep");
        stranger.arg(&stranger_words["sleep ".len()..]);
        if let Some(id) = setting.programs_user() {
            stranger.uid(id).gid(id);
        }
        let stranger = stranger.env("A_SECRET", "of a stranger").spawn().unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let name = format!("ringback-test-{number}");
        let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
        let engine = UnixListener::bind(path.join("engine.sock")).unwrap();
        let log = UnixDatagram::bind(path.join("log.sock")).unwrap();
        for socket in ["engine.sock", "log.sock"] {
            set_mode(&path.join(socket), 0o777);
        }
        let (id, other_words) = other_execution(app, &number);
        let shm_key = i32::try_from(std::process::id()).unwrap() << 8;
        let facts = json!({
            "outside": path,
            "data_dir": app.data_dir(),
            "other_directory": app.data_dir().join("executions").join(id),
            "server": {"pid": app.pid(), "words": format!("serve --data-dir {}", app.data_dir().display())},
            "launcher": {"pid": launcher_of(app, setting), "words": " launcher"},
            "stranger": {"pid": stranger.id(), "words": stranger_words},
            "other": {"pid": app.wait_for_program(&other_words).pid, "words": other_words},
            "tcp": tcp.local_addr().unwrap().port(),
            "udp": udp.local_addr().unwrap().port(),
            "server_port": app.address().port(),
            "abstract": name,
            "fill_bytes": FILL_BYTES,
            "shm_key": shm_key,
        });
        greet(move || tcp.accept().map(|(stream, _)| stream));
        greet(move || engine.accept().map(|(stream, _)| stream));
        let abstract_socket = UnixListener::bind_addr(&abstract_name).unwrap();
        greet(move || abstract_socket.accept().map(|(stream, _)| stream));
        Self { _directory: directory, stranger, _sockets: (udp, log), shm_key, facts }
    }

    /// What an attacker is told about it.
    pub fn facts(&self) -> &Value {
        &self.facts
    }

    /// Whether the shared memory is on the machine that the attacker was to leave behind. Takes it
    /// away.
    pub fn has_shared_memory(&self) -> bool {
        let key = self.shm_key.to_string();
        let segments = fs::read_to_string("/proc/sysvipc/shm").unwrap();
        let is_there =
            segments.lines().any(|line| line.split_whitespace().next() == Some(key.as_str()));
        if is_there {
            let removed = Command::new("ipcrm").args(["-M", &key]).status().unwrap();
            assert!(removed.success(), "the segment {key} stays on this machine");
        }
        is_there
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.stranger.kill();
        let _ = self.stranger.wait();
    }
}

fn files(path: &Path, setting: Setting) {
    fs::create_dir(path.join("open")).unwrap();
    set_mode(&path.join("open"), 0o777);
    for (name, mode, owner) in [
        ("secret", 0o600, setting.server_user()),
        ("public", 0o644, setting.server_user()),
        ("own", 0o600, setting.programs_user()),
    ] {
        let file = path.join(name);
        fs::write(&file, name).unwrap();
        set_mode(&file, mode);
        if owner.is_some() {
            chown(&file, owner, owner).unwrap();
        }
    }
}

/// Another execution, with a secret in its environment: its id, and the words of its command line.
fn other_execution(app: &TestApp, number: &str) -> (String, String) {
    let words = format!("sleep 7{number}");
    let body = json!({
        "language": "sh",
        "code": format!("exec {words}"),
        "env": {"A_SECRET": "of another execution"},
    });
    (app.submit(body).id, words)
}

/// The process that starts programs: the server's child, or that one's own first child where it
/// has made a second in namespaces.
fn launcher_of(app: &TestApp, setting: Setting) -> u32 {
    let child_of = |pid: u32| {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        children.split_whitespace().next()?.parse::<u32>().ok()
    };
    let outer = eventually(DEADLINE, "the server has a launcher", || child_of(app.pid()));
    if setting.is_bare { outer } else { child_of(outer).unwrap_or(outer) }
}

/// Greets whoever comes, for as long as the tests run.
fn greet<S: Write>(mut accept: impl FnMut() -> std::io::Result<S> + Send + 'static) {
    thread::spawn(move || {
        while let Ok(mut stream) = accept() {
            let _ = stream.write_all(b"hello");
        }
    });
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Digits that no other test has.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{:07}.{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
