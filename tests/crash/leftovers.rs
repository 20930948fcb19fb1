//! What a server that was killed has left on disk beside its database: the next one removes it, and
//! nothing else.

use serde_json::json;

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

    app.kill9();
    app.restart();
    for id in ids.iter().chain([&in_workspace]) {
        app.finished(id);
    }
    assert_eq!(below(&app, "executions"), Vec::<std::path::PathBuf>::new());
    assert_eq!(below(&app, "output"), Vec::<std::path::PathBuf>::new());
    assert_eq!(below(&app, "begun").len(), 1, "its own");
    let kept = files::all_in(&app.data_dir()).into_iter().find(|path| path.ends_with("it"));
    assert_eq!(std::fs::read_to_string(kept.expect("a workspace stays")).unwrap(), "kept\n");
}
