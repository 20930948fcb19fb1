//! The directories that programs see: one of its own for each execution, one workspace for each
//! tenant. Starts nothing and reads nothing but what a program left as its result.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::spare::{Seal, Spares};
use crate::domain::{ExecutionId, ProgramResult, Tenant, WorkingDir};

/// Only the server's user may look inside: code and results are the client's.
const PRIVATE: u32 = 0o700;

/// The name of the directory of its own in which a program runs unless it asks for another.
pub(super) const OWN: &str = "work";

/// The name of the file to which a program writes its result.
const RESULT: &str = "result.json";

/// All directories of programs, below the data directory.
#[derive(Debug)]
pub(super) struct Directories {
    executions: PathBuf,
    workspaces: PathBuf,
    spares: Arc<Spares>,
}

impl Directories {
    /// Makes the roots below `data_dir`, which must be an absolute path.
    pub(super) fn create(data_dir: &Path) -> io::Result<Self> {
        let (executions, workspaces) = (data_dir.join("executions"), data_dir.join("workspaces"));
        let mut builder = DirBuilder::new();
        builder.mode(PRIVATE).recursive(true);
        builder.create(&executions)?;
        builder.create(&workspaces)?;
        let spares = Arc::new(Spares::create(data_dir.join("spare"))?);
        Ok(Self { executions, workspaces, spares })
    }

    /// The root of all executions' own directories.
    pub(super) fn executions(&self) -> &Path {
        &self.executions
    }

    /// Makes an execution's directory with its code in it, and finds out where it runs.
    pub(super) fn prepare(&self, wanted: &Wanted<'_>) -> io::Result<ExecutionDirectory> {
        let root = self.executions.join(wanted.id.to_string());
        let mut made = ExecutionDirectory {
            code: root.join(wanted.code_file),
            result: root.join(RESULT),
            runs_in: self.working_dir(wanted, &root),
            code_file: wanted.code_file.to_owned(),
            spares: Arc::clone(&self.spares),
            seal: None,
            root,
        };
        if !matches!(wanted.working_dir, WorkingDir::Own) {
            DirBuilder::new().mode(PRIVATE).recursive(true).create(&made.runs_in)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        if let Some(spare) = self.spares.take(wanted.code_file) {
            fs::rename(&spare.path, &made.root)?;
            made.seal = Some(spare.seal);
            overwrite(&options.open(&made.code)?, wanted.code.as_bytes())?;
        } else {
            let mut private = DirBuilder::new();
            private.mode(PRIVATE).create(&made.root)?;
            private.create(made.root.join(OWN))?;
            options.create_new(true).open(&made.code)?.write_all(wanted.code.as_bytes())?;
            made.seal = Some(Seal::of(&made.root, wanted.code_file)?);
        }
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
            WorkingDir::Own => root.join(OWN),
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

/// The directory of one execution. Dropping it removes all that the program put there.
#[derive(Debug)]
pub(super) struct ExecutionDirectory {
    root: PathBuf,
    code_file: String,
    /// None while it is being made.
    seal: Option<Seal>,
    spares: Arc<Spares>,
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
        let _ = fs::remove_file(&self.result);
        if let Some(seal) = &self.seal
            && self.spares.give_back(&self.root, &self.code_file, seal)
        {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.root) {
            log::warn!("cannot remove {}: {error}", self.root.display());
        }
    }
}

/// Not by truncating first: ext4 takes that for the replacement of something precious and writes
/// the new content to disk when the file is closed.
fn overwrite(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
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
    fn a_directory_that_was_left_clean_is_used_again_with_new_code() {
        let data_dir = tempfile::tempdir().unwrap();
        let directories = Directories::create(data_dir.path()).unwrap();
        let inode = |directory: &ExecutionDirectory| {
            std::os::unix::fs::MetadataExt::ino(&fs::metadata(&directory.root).unwrap())
        };
        let first = prepare(&directories, &WorkingDir::Own);
        let inode_of_first = inode(&first);
        fs::write(&first.result, "{}").unwrap();
        fs::write(&first.code, "something much longer than the next program's code").unwrap();
        drop(first);
        assert_eq!(fs::read_dir(directories.executions()).unwrap().count(), 0);
        let second = prepare(&directories, &WorkingDir::Own);
        assert_eq!(inode(&second), inode_of_first);
        assert_eq!(fs::read_to_string(&second.code).unwrap(), "true");
        assert!(!second.result.exists());
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
