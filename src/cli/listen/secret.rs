//! The signing secret of `ringback listen`: given, or one of its own that is the same at every
//! start. Never overwrites a file, and prints nothing.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::cli::exit::Failure;
use crate::domain::Secret;
use crate::webhook::check_secret;

/// How long a new key is, in bytes: 192 bits, which base64 writes without padding.
const KEY_BYTES: usize = 24;

/// What callbacks must be signed with.
#[derive(Debug)]
pub(super) struct SigningSecret {
    pub(super) secret: Secret,
    /// Where it is kept; none for one that was given, which is nobody's to show.
    pub(super) kept_in: Option<PathBuf>,
    /// What is not as it should be, in a sentence.
    pub(super) warning: Option<String>,
}

impl SigningSecret {
    /// The one that was given.
    pub(super) fn given(text: String) -> Result<Self, Failure> {
        let secret = Secret::new(text);
        if secret.expose().is_empty() {
            return Err(Failure::usage("--secret (RINGBACK_SIGNING_SECRET) is empty"));
        }
        check_secret(&secret).map_err(|error| Failure::usage(format!("--secret: {error}")))?;
        Ok(Self { secret, kept_in: None, warning: None })
    }

    /// The one in a file, which is made with mode 0600 if it is not there.
    pub(super) fn kept_in(path: PathBuf) -> Result<Self, Failure> {
        let unusable = |error: io::Error| {
            let path = path.display();
            let hint = "name another file with --secret-file, or give a secret with --secret";
            Failure::failed(format!("the signing secret cannot be kept in {path}: {error}; {hint}"))
        };
        if !path.try_exists().map_err(unusable)? {
            make(&path).map_err(unusable)?;
        }
        let text = fs::read_to_string(&path).map_err(unusable)?;
        let secret = Secret::new(text.trim());
        if secret.expose().is_empty() || check_secret(&secret).is_err() {
            let path = path.display();
            let what = "holds no signing secret, which is whsec_ and the base64 of 24 to 64 bytes";
            return Err(Failure::failed(format!(
                "{path} {what}; remove it to have a new one made"
            )));
        }
        let mode = fs::metadata(&path).map_err(unusable)?.permissions().mode();
        let warning = (mode & 0o077 != 0).then(|| {
            format!(
                "others may read the signing secret in {}: set its mode to 0600",
                path.display()
            )
        });
        Ok(Self { secret, kept_in: Some(path), warning })
    }
}

/// Where a user's programs keep what shall outlive them, after the XDG base directories.
pub(super) fn usual_place() -> Result<PathBuf, Failure> {
    // The specification says that a relative path counts for nothing.
    let absolute = |name| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    let state = state.ok_or_else(|| {
        Failure::usage(
            "there is no home directory to keep a signing secret in: \
             name a file with --secret-file, or give a secret with --secret",
        )
    })?;
    Ok(state.join("ringback/listen-secret"))
}

/// Writes a new secret under another name first, so that nobody ever reads half of one; and of
/// two that start at once, one is second and takes the other's.
fn make(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // Made with mode 0600.
    let mut draft = tempfile::NamedTempFile::new_in(directory)?;
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key)?;
    writeln!(draft, "whsec_{}", STANDARD.encode(key))?;
    draft.as_file().sync_all()?;
    match draft.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_the_same_time_agree_on_one_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/listen-secret");
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let start = || SigningSecret::kept_in(path.clone()).unwrap().secret;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "no draft is left");
    }
}
