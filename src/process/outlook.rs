//! Where a program finds its code, its directory and its result: as it sees the disk, which in
//! the sandbox is another one than ours. Makes nothing.

use std::path::{Path, PathBuf};

use super::launcher::{EXECUTION, WORKSPACE};
use super::result::RESULT;
use crate::domain::WorkingDir;

/// The name of the directory of its own in which a program runs unless it asks for another.
pub(super) const OWN: &str = "work";

/// The paths of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outlook {
    pub(super) code: PathBuf,
    pub(super) result: PathBuf,
    pub(super) runs_in: PathBuf,
}

impl Outlook {
    /// What a program in the sandbox sees: the same for every execution.
    pub(super) fn in_sandbox(code_file: &str, working_dir: &WorkingDir) -> Self {
        Self::of(Path::new(EXECUTION), Path::new(WORKSPACE), code_file, working_dir)
    }

    /// What a program sees whose execution has a directory of its own, and whose tenant has a
    /// workspace, both on the server's disk.
    pub(super) fn of(
        execution: &Path,
        workspace: &Path,
        code_file: &str,
        working_dir: &WorkingDir,
    ) -> Self {
        let runs_in = match working_dir {
            WorkingDir::Own => execution.join(OWN),
            // Components, because joining an empty path would leave a slash at the end.
            WorkingDir::Workspace(below) => workspace.join(below).components().collect(),
            WorkingDir::Listed(path) => path.clone(),
        };
        Self { code: execution.join(code_file), result: execution.join(RESULT), runs_in }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_looks_the_same_to_every_program() {
        let runs_in = |working_dir| Outlook::in_sandbox("main.py", &working_dir).runs_in;
        assert_eq!(runs_in(WorkingDir::Own), Path::new("/execution/work"));
        assert_eq!(runs_in(WorkingDir::Workspace("".into())).as_os_str(), "/workspace");
        assert_eq!(runs_in(WorkingDir::Workspace("a/b".into())), Path::new("/workspace/a/b"));
        assert_eq!(runs_in(WorkingDir::Listed("/srv/x".into())), Path::new("/srv/x"));
        let own = Outlook::in_sandbox("main.py", &WorkingDir::Own);
        assert_eq!(own.code, Path::new("/execution/main.py"));
        assert_eq!(own.result, Path::new("/execution/result.json"));
    }
}
