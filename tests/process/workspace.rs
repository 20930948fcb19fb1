//! Where a program runs: a directory of its own that goes with it, or the workspace that stays.
//! What it sees besides is tested with the environment.

use std::path::Path;

use serde_json::json;

use super::program::{expect_end, sh, with};
use crate::support::app::TestApp;
use crate::support::wait::{DEADLINE, eventually};

#[test]
fn without_a_wish_a_program_runs_in_a_fresh_directory_that_goes_with_it() {
    let app = TestApp::start();
    let directories = [(); 2].map(|()| {
        let record = app.run(sh("pwd; test ! -e mine && echo x > mine && cat mine"));
        expect_end(&record, "completed", "exited");
        let text = record["stdout"].as_str().unwrap_or_default().to_owned();
        let (directory, rest) = text.split_once('\n').unwrap();
        assert_eq!(rest, "x\n");
        assert!(!Path::new(directory).exists(), "{directory} is still there");
        directory.to_owned()
    });
    assert_ne!(directories[0], directories[1]);
}

#[test]
fn its_directory_goes_however_the_program_ends() {
    let app = TestApp::start();
    let endings = [("kill -KILL $$", 3600.0), ("sleep 1000", 0.3), ("chmod 000 .; exit 1", 3600.0)];
    for (ending, timeout) in endings {
        let code = format!("pwd; mkdir -p a/b; touch a/b/c; chmod 500 a; {ending}");
        let record = app.run(with(sh(&code), "timeout", json!(timeout)));
        let directory = record["stdout"].as_str().unwrap_or_default().trim();
        assert!(directory.starts_with('/'), "{record:#}");
        // It is removed while the end is being written, whichever is sooner.
        let what = format!("{ending}: {directory} is gone");
        eventually(DEADLINE, what, || (!Path::new(directory).exists()).then_some(()));
    }
}

#[test]
fn nothing_is_left_in_the_data_directory_by_a_program_that_has_ended() {
    let app = TestApp::start();
    app.run(sh("echo words-that-only-this-program-writes > file"));
    let holding = crate::support::files::all_in(&app.data_dir())
        .into_iter()
        .filter(|file| file.ends_with("file"));
    assert_eq!(holding.count(), 0);
}

#[test]
fn the_workspace_is_shared_and_stays() {
    let mut app = TestApp::start();
    let in_workspace = |code: &str| with(sh(code), "working_dir", json!("/workspace"));
    expect_end(&app.run(in_workspace("echo kept > note; mkdir deep")), "completed", "exited");
    assert_eq!(app.run(in_workspace("cat note"))["stdout"], "kept\n");
    app.restart();
    assert_eq!(app.run(with(sh("cat note"), "workdir", json!("/workspace")))["stdout"], "kept\n");
    assert_eq!(app.run(with(sh("cat ../note"), "working_dir", json!("deep")))["stdout"], "kept\n");
    assert_eq!(
        app.run(with(sh("cat ../note"), "working_dir", json!("/workspace/deep")))["stdout"],
        "kept\n"
    );
}

#[test]
fn the_code_of_a_program_does_not_litter_the_workspace() {
    let app = TestApp::start();
    for _ in 0..2 {
        let record = app.run(with(sh("ls -A"), "working_dir", json!("/workspace")));
        assert_eq!(record["stdout"], "", "{record:#}");
    }
}

#[test]
fn two_programs_at_a_time_do_not_see_each_others_directories_as_theirs() {
    let app = TestApp::with(|options| options.slots(4));
    let ids: Vec<_> = (0..8)
        .map(|n| app.submit(sh(&format!("echo {n} > mine; sleep 0.2; cat mine"))).id)
        .collect();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(app.finished(id)["stdout"], format!("{n}\n"));
    }
}
