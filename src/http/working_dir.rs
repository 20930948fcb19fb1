//! Where a request wants its program to run, and whether it may.
//! Looks at no disk.

use std::path::{Component, Path, PathBuf};

use crate::domain::WorkingDir;

/// The name under which every tenant finds its own workspace.
const WORKSPACE: &str = "/workspace";

/// The directory that a request asks for: in the workspace, or one that the operator has listed
/// or below such a one.
///
/// # Errors
/// The end of a sentence that begins with the field's name.
pub(super) fn parse(text: &str, listed: &[PathBuf]) -> Result<WorkingDir, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.contains(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    let path = Path::new(text);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err("must not contain `..`".to_owned());
    }
    if let Ok(below) = path.strip_prefix(WORKSPACE) {
        return Ok(WorkingDir::Workspace(below.to_owned()));
    }
    if path.is_relative() {
        return Ok(WorkingDir::Workspace(path.to_owned()));
    }
    if listed.iter().any(|allowed| path.starts_with(allowed)) {
        return Ok(WorkingDir::Listed(path.to_owned()));
    }
    Err(format!(
        "must be {WORKSPACE}, lie below it, or be allowed by the operator in `execution.working_dirs`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_and_what_is_listed_is_allowed_and_nothing_else() {
        let listed = [PathBuf::from("/srv/data")];
        let check = |text: &str| parse(text, &listed).ok();
        let workspace = |below: &str| Some(WorkingDir::Workspace(PathBuf::from(below)));
        let listed_at = |path: &str| Some(WorkingDir::Listed(PathBuf::from(path)));
        assert_eq!(check("/workspace"), workspace(""));
        assert_eq!(check("/workspace/"), workspace(""));
        assert_eq!(check("/workspace/a/b"), workspace("a/b"));
        assert_eq!(check("a/b"), workspace("a/b"));
        assert_eq!(check("/srv/data/x"), listed_at("/srv/data/x"));
        for refused in [
            "",
            "/",
            "/etc",
            "/srv",
            "/srv/database",
            "/workspaces",
            "../x",
            "/workspace/../etc",
            "a\0",
        ] {
            assert_eq!(check(refused), None, "{refused:?}");
        }
    }
}
