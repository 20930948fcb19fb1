//! Output on disk while a program runs: there soon, never large, for nobody else to read, and gone
//! when the record has it. A server that is killed meanwhile is tested elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::json;

use super::program::{expect_end, python, sh, with};
use crate::support::app::TestApp;
use crate::support::recordings;
use crate::support::wait::{DEADLINE, eventually};

/// A program that ends sooner, as the record has it, has certainly no file. The truth is 50 ms.
const YOUNG_SECONDS: f64 = 0.045;

/// What a file has beside the kept bytes.
const HEADER_BYTES_MAX: u64 = 512;

#[test]
fn what_a_program_writes_is_on_disk_while_it_runs_and_gone_when_it_is_in_the_record() {
    let app = TestApp::start();
    let id = app.submit(sh("echo out; echo error >&2; exec sleep 1000")).id;
    for (stream, bytes) in [("stdout", 4), ("stderr", 6)] {
        let file = recordings::file(&app.data_dir(), &id, stream);
        recordings::wait_for_bytes(&file, bytes);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let folder = recordings::folder(&app.data_dir());
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    let record = app.finished(&id);
    expect_end(&record, "cancelled", "cancelled");
    assert_eq!((&record["stdout"], &record["stderr"]), (&json!("out\n"), &json!("error\n")));
    recordings::wait_until_gone(&app.data_dir());
}

#[test]
fn a_hundred_megabytes_of_output_never_take_more_disk_than_is_kept() {
    let app = TestApp::start();
    let output_bytes = 100_000;
    let code = "import sys, time\n\
                for _ in range(1600): sys.stdout.buffer.write(b'x' * 65536)\n\
                print('the last word', flush=True)\n\
                time.sleep(1000)";
    let id = app.submit(with(python(code), "limits", json!({ "output_bytes": output_bytes }))).id;
    let file = recordings::file(&app.data_dir(), &id, "stdout");
    let total = 1600 * 65536 + 14;
    eventually(DEADLINE, "all of it has been counted", || {
        let length = fs::metadata(&file).map_or(0, |file| file.len());
        assert!(length <= HEADER_BYTES_MAX + output_bytes, "{length} bytes on disk");
        (recordings::bytes_in(&file) == total).then_some(())
    });
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    let record = app.finished(&id);
    assert_eq!(record["stdout_bytes"], total);
    assert!(record["stdout"].as_str().unwrap_or_default().ends_with("xthe last word\n"));
    recordings::wait_until_gone(&app.data_dir());
}

#[test]
fn a_short_program_never_has_a_file() {
    let app = TestApp::start();
    let folder = recordings::folder(&app.data_dir());
    // Whatever is made in a directory, or removed from it, changes its time.
    let touched = || fs::metadata(&folder).unwrap().modified().unwrap();
    eventually(Duration::from_secs(60), "a short program is short on this machine", || {
        recordings::wait_until_gone(&app.data_dir());
        let before = touched();
        let record = app.run(sh("echo out; echo err >&2"));
        let is_short = record["execution_time"].as_f64().unwrap() < YOUNG_SECONDS;
        is_short.then(|| assert_eq!(touched(), before))
    });
}
