//! What the guides have a reader install: it lies in `.cache/hopx`, where `scripts/tools.sh` puts it, and
//! nothing is installed while tests run. Says so when that is not what a guide asks for.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn cached(what: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/hopx").join(what);
    assert!(path.exists(), "{} is missing: `make tools` installs it", path.display());
    path
}

/// Puts into a directory what a reader has installed by hand: the command itself, a Python and the
/// packages of Node. Gives the two directories for the `PATH`: of every terminal, and of the one in which
/// the packages were installed.
pub fn put_into(directory: &Path) -> [PathBuf; 2] {
    let [own, packages] = [".bin", ".packages"].map(|name| directory.join(name));
    for made in [&own, &packages] {
        fs::create_dir(made).expect("our own directory");
    }
    symlink(env!("CARGO_BIN_EXE_ringback"), own.join("ringback")).expect("our own directory");
    symlink(cached("node/node_modules"), directory.join("node_modules"))
        .expect("our own directory");
    // A link would not find its packages: Python looks for them beside the name by which it is called.
    let python = packages.join("python3");
    let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", cached("python/bin/python").display());
    fs::write(&python, script).expect("our own directory");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).expect("our own file");
    [own, packages]
}

/// A script without the lines that install something, of which there must be what they ask for.
#[track_caller]
pub fn without_installs(script: &str) -> String {
    let mut kept = String::new();
    for line in script.lines() {
        if let Some(package) = line.strip_prefix("pip install ") {
            let (name, version) = pinned(package, "==");
            check(package, version, &version_of_python(name));
        } else if let Some(package) = line.strip_prefix("npm install ") {
            let (name, version) = pinned(package, "@");
            check(package, version, &version_of_node(name));
        } else {
            kept.extend([line, "\n"]);
        }
    }
    kept
}

#[track_caller]
fn pinned<'a>(package: &'a str, by: &str) -> (&'a str, &'a str) {
    let pinned = package.rsplit_once(by);
    pinned.unwrap_or_else(|| panic!("`{package}` names no version"))
}

#[track_caller]
fn check(package: &str, wanted: &str, version: &str) {
    assert_eq!(version, wanted, "`{package}` is asked for, and {version} is installed");
}

#[track_caller]
fn version_of_python(name: &str) -> String {
    let code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
    let output = Command::new(cached("python/bin/python")).args(["-c", code, name]).output();
    let output = output.expect("it is installed");
    assert!(output.status.success(), "{name} is not in .cache/hopx: `make tools` installs it");
    String::from_utf8(output.stdout).expect("a version is a text").trim().to_owned()
}

#[track_caller]
fn version_of_node(name: &str) -> String {
    let manifest = fs::read(cached(&format!("node/node_modules/{name}/package.json")));
    let manifest: Value =
        serde_json::from_slice(&manifest.expect("it is installed")).expect("a manifest is JSON");
    manifest["version"].as_str().expect("a package has a version").to_owned()
}
