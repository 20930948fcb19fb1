//! The directories that programs see: one of its own for each execution, one workspace for each
//! tenant. Starts nothing and reads nothing but what a program left as its result.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::domain::{ExecutionId, ProgramResult, Tenant, WorkingDir};

/// Only the server's user may look inside: code and results are the client's.
const PRIVATE: u32 = 0o700;

/// All directories of programs, below the data directory.
#[derive(Debug, Clone)]
pub(super) struct Directories {
    executions: PathBuf,
    workspaces: PathBuf,
}

impl Directories {
    /// Makes the two roots below `data_dir`, which must be an absolute path.
    pub(super) fn create(data_dir: &Path) -> io::Result<Self> {
        let roots = Self {
            executions: data_dir.join("executions"),
            workspaces: data_dir.join("workspaces"),
        };
        let mut builder = DirBuilder::new();
        builder.mode(PRIVATE).recursive(true);
        builder.create(&roots.executions)?;
        builder.create(&roots.workspaces)?;
        Ok(roots)
    }

    /// The root of all executions' own directories.
    pub(super) fn executions(&self) -> &Path {
        &self.executions
    }

    /// Makes an execution's directory with its code in it, and finds out where it runs.
    pub(super) fn prepare(&self, wanted: &Wanted<'_>) -> io::Result<ExecutionDirectory> {
        let root = self.executions.join(wanted.id.to_string());
        let made = ExecutionDirectory {
            code: root.join(wanted.code_file),
            result: root.join("result.json"),
            own: root.join("work"),
            runs_in: self.working_dir(wanted, &root),
            root,
        };
        let mut private = DirBuilder::new();
        private.mode(PRIVATE);
        private.create(&made.root)?;
        private.create(&made.own)?;
        if made.runs_in != made.own {
            private.recursive(true).create(&made.runs_in)?;
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&made.code)?;
        file.write_all(wanted.code.as_bytes())?;
        Ok(made)
    }

    /// Removes what executions of an earlier server left, which nobody will miss.
    pub(super) fn remove_all_but(&self, live: impl Fn(&str) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&self.executions)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(&live) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    fn working_dir(&self, wanted: &Wanted<'_>, root: &Path) -> PathBuf {
        match wanted.working_dir {
            WorkingDir::Own => root.join("work"),
            WorkingDir::Workspace(below) => {
                // Components, because joining an empty path would leave a slash at the end.
                let root = self.workspaces.join(file_name_of(wanted.tenant));
                root.join(below).components().collect()
            }
            WorkingDir::Listed(path) => path.clone(),
        }
    }
}

/// What an execution's directory is made from.
pub(super) struct Wanted<'a> {
    pub(super) id: ExecutionId,
    pub(super) tenant: &'a Tenant,
    pub(super) code: &'a str,
    pub(super) code_file: &'a str,
    pub(super) working_dir: &'a WorkingDir,
}

/// The directory of one execution, removed with all that the program put there when dropped.
#[derive(Debug)]
pub(super) struct ExecutionDirectory {
    root: PathBuf,
    own: PathBuf,
    pub(super) code: PathBuf,
    pub(super) result: PathBuf,
    pub(super) runs_in: PathBuf,
}

impl ExecutionDirectory {
    /// What the program wrote to `$RINGBACK_RESULT`, if it is JSON of at most `bytes_max`.
    pub(super) fn result(&self, bytes_max: u64) -> ProgramResult {
        // The program may have put anything there: a pipe must not block us, a link must not
        // lead us to a file that only we may read.
        let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&self.result) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return ProgramResult::None,
            Err(_) => return rejected("The result is not a regular file."),
        };
        match read_at_most(file, bytes_max) {
            Ok(Some(bytes)) if bytes.is_empty() => ProgramResult::None,
            Ok(Some(bytes)) => parse_result(bytes),
            Ok(None) => rejected(&format!("The result is longer than {bytes_max} bytes.")),
            Err(_) => rejected("The result could not be read."),
        }
    }
}

impl Drop for ExecutionDirectory {
    fn drop(&mut self) {
        // Most programs leave nothing; the long way is for those that do.
        let _ = fs::remove_file(&self.code);
        let _ = fs::remove_file(&self.result);
        let _ = fs::remove_dir(&self.own);
        if fs::remove_dir(&self.root).is_err()
            && let Err(error) = fs::remove_dir_all(&self.root)
        {
            log::warn!("cannot remove {}: {error}", self.root.display());
        }
    }
}

fn read_at_most(file: File, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}

fn parse_result(bytes: Vec<u8>) -> ProgramResult {
    match serde_json::from_slice::<serde_json::Value>(&bytes) {
        Ok(value) => ProgramResult::Json(value.to_string()),
        Err(error) => rejected(&format!("The result is not JSON: {error}.")),
    }
}

fn rejected(sentence: &str) -> ProgramResult {
    ProgramResult::Rejected(sentence.to_owned())
}

/// A file name that no two tenants share and that cannot lead elsewhere.
fn file_name_of(tenant: &Tenant) -> String {
    let name = tenant.as_str();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        // The `=` keeps these apart from names that are plain.
        format!("={}", hex::encode(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepare(directories: &Directories, working_dir: &WorkingDir) -> ExecutionDirectory {
        let wanted = Wanted {
            id: ExecutionId::generate(),
            tenant: &Tenant::default(),
            code: "true",
            code_file: "main.sh",
            working_dir,
        };
        directories.prepare(&wanted).unwrap()
    }

    fn result_of(write: impl FnOnce(&Path), bytes_max: u64) -> ProgramResult {
        let data_dir = tempfile::tempdir().unwrap();
        let directories = Directories::create(data_dir.path()).unwrap();
        let directory = prepare(&directories, &WorkingDir::Own);
        write(&directory.result);
        let result = directory.result(bytes_max);
        let root = directory.root.clone();
        drop(directory);
        assert!(!root.exists());
        result
    }

    #[test]
    fn a_result_is_taken_only_when_it_is_short_json_in_a_regular_file() {
        let json = |text: &str| ProgramResult::Json(text.to_owned());
        assert_eq!(result_of(|_| {}, 9), ProgramResult::None);
        assert_eq!(result_of(|path| fs::write(path, "").unwrap(), 9), ProgramResult::None);
        assert_eq!(result_of(|path| fs::write(path, "{\"a\": 1}").unwrap(), 9), json("{\"a\":1}"));
        let refused = |write: fn(&Path)| match result_of(write, 9) {
            ProgramResult::Rejected(sentence) => sentence,
            other => panic!("{other:?}"),
        };
        assert!(refused(|path| fs::write(path, "{oops").unwrap()).contains("not JSON"));
        assert!(refused(|path| fs::write(path, "1234567890").unwrap()).contains("9 bytes"));
        assert!(refused(|path| fs::create_dir(path).unwrap()).contains("read"));
        let linked = |path: &Path| std::os::unix::fs::symlink("/etc/hostname", path).unwrap();
        assert!(refused(linked).contains("regular file"));
        let fifo = |path: &Path| {
            rustix::fs::mknodat(
                rustix::fs::CWD,
                path,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::RWXU,
                0,
            )
            .unwrap();
        };
        assert!(refused(fifo).contains("read"));
    }

    #[test]
    fn a_workspace_stays_when_the_execution_goes() {
        let data_dir = tempfile::tempdir().unwrap();
        let directories = Directories::create(data_dir.path()).unwrap();
        let directory = prepare(&directories, &WorkingDir::Workspace("a/b".into()));
        let workspace = directory.runs_in.clone();
        assert_eq!(workspace, data_dir.path().join("workspaces/default/a/b"));
        drop(directory);
        assert!(workspace.is_dir());
    }

    #[test]
    fn no_tenant_reaches_another_ones_workspace_by_its_name() {
        let name = |tenant: &str| file_name_of(&Tenant::new(tenant));
        assert_eq!(name("team-1"), "team-1");
        for odd in ["", ".", "..", "../default", "a/b", "Team", "ä"] {
            let name = name(odd);
            assert!(name.starts_with('=') && !name.contains(['/', '.']), "{odd}");
        }
    }
}
