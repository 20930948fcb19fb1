//! A small disk of a test's own: the test is run a second time, in a mount namespace in which all
//! its temporary files lie on a tmpfs. Nobody else sees it, and it goes with its last process.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::users;

/// Where a test on its own disk finds a directory on the machine's.
const ELSEWHERE: &str = "RINGBACK_TEST_ELSEWHERE";

/// Runs the body of the test with this name on a disk of this size, such as `16m`. The body gets
/// a directory that is not on it.
#[track_caller]
pub fn with_own_disk(test: &str, size: &str, body: impl FnOnce(&Path)) {
    if let Some(elsewhere) = std::env::var_os(ELSEWHERE) {
        return body(&PathBuf::from(elsewhere));
    }
    let (disk, elsewhere) = (directory(), directory());
    // Programs run as another user than the test.
    let open = Permissions::from_mode(0o755);
    std::fs::set_permissions(elsewhere.path(), open).expect("our own directory");
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !users::are_we_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let mount = format!("mount -t tmpfs -o size={size} ringback-test \"$TMPDIR\" && exec \"$@\"");
    let this = std::env::current_exe().expect("Linux knows it");
    command
        .args(["sh", "-c", &mount, "sh"])
        .arg(this)
        .args(["--exact", test, "--nocapture"])
        .env("TMPDIR", disk.path())
        .env(ELSEWHERE, elsewhere.path());
    let ended = command.output().expect("unshare is installed: see scripts/tools.sh");
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "on its own disk:\n{said}\n{complained}");
    assert!(said.contains("1 passed"), "the test was not found: {said}\n{complained}");
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// Takes every byte that the disk of a directory has, until it is dropped.
pub struct Filling {
    path: PathBuf,
}

impl Filling {
    /// Fills it.
    #[track_caller]
    pub fn of(directory: &Path) -> Self {
        let filling = Self { path: directory.join("filling") };
        let mut file = File::create(&filling.path).expect("a file on the test's disk");
        for size in [1024 * 1024, 4096, 1] {
            let bytes = vec![b'x'; size];
            let error = loop {
                if let Err(error) = file.write_all(&bytes) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
        filling
    }

    /// Fills what has become free since.
    pub fn again(&self) {
        let mut file = OpenOptions::new().append(true).open(&self.path).expect("our own file");
        while file.write_all(&[b'x'; 4096]).is_ok() {}
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).expect("our own file");
    }
}
