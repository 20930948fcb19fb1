//! What a server that was killed has left on disk beside its database: the next one removes it, and
//! nothing else.

use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::app::TestApp;
use crate::support::files;
use crate::support::wait::{DEADLINE, eventually};

#[test]
fn the_next_server_sweeps_what_the_killed_one_has_left() {
    let mut app = TestApp::with(|options| options.slots(3));
    let code = "echo said; echo x > file; exec sleep 1000";
    let ids: Vec<_> =
        (0..3).map(|_| app.submit(json!({"language": "sh", "code": code})).id).collect();
    let keeps = json!({
        "language": "sh", "code": "echo kept > it; exec sleep 1000", "working_dir": "/workspace",
    });
    let waiting = app.submit(json!({"language": "sh", "code": "true"})).id;
    let in_workspace = app.submit(keeps).id;
    app.delete(&format!("/v1/executions/{}", ids[0])).expect(202);
    app.finished(&waiting);
    eventually(DEADLINE, "three run", || (app.programs().len() == 3).then_some(()));
    app.wait_for(&in_workspace, "it runs", |record| record["status"] == "running");
    let workspace_file =
        || files::all_in(&app.data_dir()).into_iter().find(|path| path.ends_with("it"));
    eventually(DEADLINE, "it has written", workspace_file);
    let below = |app: &TestApp, folder: &str| files::all_in(&app.data_dir().join(folder));
    eventually(DEADLINE, "output is recorded", || {
        (!below(&app, "output").is_empty()).then_some(())
    });
    assert!(!below(&app, "executions").is_empty());

    let group = group_of(&app);
    app.kill9();
    app.restart();
    for id in ids.iter().chain([&in_workspace]) {
        app.finished(id);
    }
    assert_eq!(below(&app, "executions"), Vec::<PathBuf>::new());
    assert_eq!(below(&app, "output"), Vec::<PathBuf>::new());
    assert_eq!(below(&app, "begun").len(), 1, "its own");
    let kept = files::all_in(&app.data_dir()).into_iter().find(|path| path.ends_with("it"));
    assert_eq!(std::fs::read_to_string(kept.expect("a workspace stays")).unwrap(), "kept\n");
    // A group goes only when nothing is in it, be it of the server that was killed.
    app.terminate();
    assert!(!group.is_some_and(|group| group.exists()), "its control groups are left");
}

/// The control group of a server's programs, if control groups hold them here.
fn group_of(app: &TestApp) -> Option<PathBuf> {
    let readiness = app.get("/readyz?verbose").expect(200).json();
    (readiness["containment"] == "cgroup2").then(|| {
        let data_dir = app.data_dir().canonicalize().expect("it is there");
        let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
        let name = format!("ringback-{}", hex::encode(&digest[..6]));
        below(Path::new("/sys/fs/cgroup"), &name).expect("programs run in a group of the server's")
    })
}

fn below(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut folders = folders.map(|entry| entry.path());
    folders.find_map(|path| if path.ends_with(name) { Some(path) } else { below(&path, name) })
}
