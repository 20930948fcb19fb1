//! A data directory to which the way is closed for the user of programs, beside files that are
//! nobody's business: programs find what is theirs at every level, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ringback::domain::{Exit, WorkingDir};
use ringback::process::Level;
use rustix::process::geteuid;

use super::support::{launch, place_with, sh, text, within};

/// A directory that only its owner may pass.
fn closed() -> tempfile::TempDir {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    closed
}

/// Runs shell code at a level, on data in `closed`, and gives what it printed.
async fn run(level: Level, closed: &Path, working_dir: WorkingDir, code: &str) -> String {
    let place = place_with(|settings| {
        settings.data_dir = closed.join("data");
        // Where it is there; in a sandbox nothing below /tmp can be listed.
        settings.working_dirs = vec![closed.join("listed")];
        settings.level = Some(level);
    })
    .unwrap();
    let mut spec = sh(code);
    spec.working_dir = working_dir;
    let (ending, _, _) = within(launch(&place, &spec).await.ended()).await.unwrap();
    let stderr = text(&ending.stderr.head);
    assert_eq!(ending.exit, Exit::Code(0), "{level:?}: {stderr}");
    text(&ending.stdout.head).to_owned()
}

const LEVELS: [Level; 3] = [Level::None, Level::Confined, Level::Sandbox];

#[tokio::test]
async fn programs_find_their_code_their_directory_and_their_workspace() {
    for level in LEVELS {
        let closed = closed();
        let code = "cat \"$0\" | head -c 4; echo; echo own > file; cat file; pwd | wc -l";
        let said = run(level, closed.path(), WorkingDir::Own, code).await;
        assert_eq!(said, "cat \nown\n1\n", "{level:?}");
        for expected in ["first\n", "first\nfirst\n"] {
            let workspace = WorkingDir::Workspace("part".into());
            let code = "echo first >> kept; cat kept";
            assert_eq!(run(level, closed.path(), workspace, code).await, expected, "{level:?}");
        }
    }
}

#[tokio::test]
async fn programs_find_the_directories_that_the_operator_has_listed() {
    for level in LEVELS {
        let closed = closed();
        let listed = closed.path().join("listed");
        fs::create_dir(&listed).unwrap();
        fs::write(listed.join("note"), "listed\n").unwrap();
        let said = run(level, closed.path(), WorkingDir::Listed(listed), "cat note").await;
        assert_eq!(said, "listed\n", "{level:?}");
    }
}

#[tokio::test]
async fn programs_find_nothing_else_of_the_data_directory() {
    for level in LEVELS {
        // Without root, programs at this level are the same user as the server, which is said.
        if level == Level::None && !geteuid().is_root() {
            continue;
        }
        let closed = closed();
        let data = closed.path().join("data");
        let neighbour = data.join("executions/exec_neighbour/work");
        fs::create_dir_all(&neighbour).unwrap();
        let secrets =
            [closed.path().join("secret"), data.join("ringback.db"), neighbour.join("secret")];
        for secret in &secrets {
            fs::write(secret, "secret\n").unwrap();
            fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        }
        for secret in &secrets {
            let code = format!("cat {} 2>&1 || true", secret.display());
            let said = run(level, closed.path(), WorkingDir::Own, &code).await;
            assert!(!said.contains("secret\n") && said.contains("cat:"), "{level:?}: {said}");
        }
        let (data, above) = (data.display(), closed.path().display());
        let code = format!("ls {above} {data} {data}/executions 2>/dev/null || true");
        let said = run(level, closed.path(), WorkingDir::Own, &code).await;
        for name in ["ringback.db", "launcher.lock", "exec_neighbour", "secret"] {
            assert!(!said.contains(name), "{level:?}: {name} is seen: {said}");
        }
    }
}
