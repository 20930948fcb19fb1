//! The directories that programs see: one of its own for each execution, one workspace for each
//! tenant. Starts nothing and reads nothing but what a program left as its result.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::outlook::{OWN, Outlook};
use super::result::{self, ResultFile};
use super::spare::{Seal, Spares};
use crate::domain::{ExecutionId, Tenant, WorkingDir};

/// Only the server's user may look inside: code and results are the client's.
const PRIVATE: u32 = 0o700;

/// Everybody may pass to what is his, and nobody may look around.
const PASSABLE: u32 = 0o711;

/// All directories of programs, below the data directory.
#[derive(Debug)]
pub(super) struct Directories {
    executions: PathBuf,
    workspaces: PathBuf,
    owner: Option<u32>,
    spares: Arc<Spares>,
}

impl Directories {
    /// Makes the roots below `data_dir`, which must be an absolute path. What is made in them for
    /// programs belongs to `owner`, if that is not the server's own user.
    pub(super) fn create(data_dir: &Path, owner: Option<u32>) -> io::Result<Self> {
        let roots = Roots::of(data_dir);
        for root in [&roots.executions, &roots.workspaces] {
            DirBuilder::new().recursive(true).create(root)?;
            // Programs of another user must be able to pass, and nothing more.
            let mode = if owner.is_some() { PASSABLE } else { PRIVATE };
            fs::set_permissions(root, Permissions::from_mode(mode))?;
        }
        let Roots { executions, workspaces } = roots;
        let spares = Arc::new(Spares::create(data_dir.join("spare"))?);
        Ok(Self { executions, workspaces, owner, spares })
    }

    /// Makes an execution's directory with its code in it, and finds out where it runs.
    pub(super) fn prepare(&self, wanted: &Wanted<'_>) -> io::Result<ExecutionDirectory> {
        let root = self.executions.join(wanted.id.to_string());
        let workspace = self.workspaces.join(file_name_of(wanted.tenant));
        let mut made = ExecutionDirectory {
            outlook: Outlook::of(&root, &workspace, wanted.code_file, wanted.working_dir),
            code_file: wanted.code_file.to_owned(),
            spares: Arc::clone(&self.spares),
            seal: None,
            root,
        };
        self.prepare_workspace(wanted.tenant, wanted.working_dir)?;
        let code = made.outlook.code.clone();
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        if let Some(spare) = self.spares.take(wanted.code_file) {
            fs::rename(&spare.path, &made.root)?;
            made.seal = Some(spare.seal);
            overwrite(&options.open(&code)?, wanted.code.as_bytes())?;
        } else {
            let own = made.root.join(OWN);
            let mut private = DirBuilder::new();
            private.mode(PRIVATE).create(&made.root)?;
            private.create(&own)?;
            options.create_new(true).open(&code)?.write_all(wanted.code.as_bytes())?;
            for path in [&made.root, &own, &code] {
                self.give_away(path)?;
            }
            made.seal = Some(Seal::of(&made.root, wanted.code_file)?);
        }
        Ok(made)
    }

    /// Makes the part of a tenant's workspace that a program runs in, and says what the workspace
    /// is called; none when it runs elsewhere.
    pub(super) fn prepare_workspace(
        &self,
        tenant: &Tenant,
        working_dir: &WorkingDir,
    ) -> io::Result<Option<String>> {
        let WorkingDir::Workspace(below) = working_dir else { return Ok(None) };
        let name = file_name_of(tenant);
        let mut path = self.workspaces.join(&name);
        self.make_private(&path)?;
        for part in below.components() {
            path.push(part);
            self.make_private(&path)?;
        }
        Ok(Some(name))
    }

    fn make_private(&self, path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(PRIVATE).create(path) {
            Ok(()) => self.give_away(path),
            // A program may have put a link there; what lies behind it is not ours to change.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn give_away(&self, path: &Path) -> io::Result<()> {
        self.owner.map_or(Ok(()), |owner| lchown(path, Some(owner), Some(owner)))
    }

    /// Removes what executions of an earlier server left, which nobody will miss.
    pub(super) fn remove_leftovers(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.executions)? {
            fs::remove_dir_all(entry?.path())?;
        }
        Ok(())
    }
}

/// Where directories are made for programs.
#[derive(Debug, Clone)]
pub(super) struct Roots {
    pub(super) executions: PathBuf,
    pub(super) workspaces: PathBuf,
}

impl Roots {
    /// Below this data directory.
    pub(super) fn of(data_dir: &Path) -> Self {
        let (executions, workspaces) = (data_dir.join("executions"), data_dir.join("workspaces"));
        Self { executions, workspaces }
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
    pub(super) outlook: Outlook,
}

/// The place of a program. Dropping it removes what is left of it on disk.
#[derive(Debug)]
pub struct Residence {
    /// None for a program whose place went with it.
    pub(super) directory: Option<ExecutionDirectory>,
}

impl ExecutionDirectory {
    /// What the program wrote to `$RINGBACK_RESULT`, if it is JSON of at most `bytes_max`.
    pub(super) fn result(&self, bytes_max: u64) -> ResultFile {
        result::read(&self.outlook.result, bytes_max)
    }
}

impl Drop for ExecutionDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.outlook.result);
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

    fn result_of(write: impl FnOnce(&Path), bytes_max: u64) -> ResultFile {
        let data_dir = tempfile::tempdir().unwrap();
        let directories = Directories::create(data_dir.path(), None).unwrap();
        let directory = prepare(&directories, &WorkingDir::Own);
        write(&directory.outlook.result);
        let result = directory.result(bytes_max);
        let root = directory.root.clone();
        drop(directory);
        assert!(!root.exists());
        result
    }

    #[test]
    fn a_result_is_taken_only_when_it_is_short_json_in_a_regular_file() {
        let json = |text: &str| ResultFile::Json(text.to_owned());
        assert_eq!(result_of(|_| {}, 9), ResultFile::None);
        assert_eq!(result_of(|path| fs::write(path, "").unwrap(), 9), ResultFile::None);
        assert_eq!(result_of(|path| fs::write(path, "{\"a\": 1}").unwrap(), 9), json("{\"a\":1}"));
        let refused = |write: fn(&Path)| match result_of(write, 9) {
            ResultFile::Rejected(sentence) => sentence,
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
        let directories = Directories::create(data_dir.path(), None).unwrap();
        let inode = |directory: &ExecutionDirectory| {
            std::os::unix::fs::MetadataExt::ino(&fs::metadata(&directory.root).unwrap())
        };
        let first = prepare(&directories, &WorkingDir::Own);
        let inode_of_first = inode(&first);
        fs::write(&first.outlook.result, "{}").unwrap();
        fs::write(&first.outlook.code, "something much longer than the next program's code")
            .unwrap();
        drop(first);
        assert_eq!(fs::read_dir(&directories.executions).unwrap().count(), 0);
        let second = prepare(&directories, &WorkingDir::Own);
        assert_eq!(inode(&second), inode_of_first);
        assert_eq!(fs::read_to_string(&second.outlook.code).unwrap(), "true");
        assert!(!second.outlook.result.exists());
    }

    #[test]
    fn a_workspace_stays_when_the_execution_goes() {
        let data_dir = tempfile::tempdir().unwrap();
        let directories = Directories::create(data_dir.path(), None).unwrap();
        let directory = prepare(&directories, &WorkingDir::Workspace("a/b".into()));
        let workspace = directory.outlook.runs_in.clone();
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
