//! A disk that is nearly full: nothing more is accepted, what was accepted goes on, and the server takes
//! things on again by itself when there is room. A disk that is full is another matter.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::own_disk::with_own_disk;
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually};

const MIB: usize = 1024 * 1024;

/// So much stays free while the disk of the test is filled.
const LEFT: u64 = 16 * MIB as u64;

/// Takes room until only a little is left.
fn fill(directory: &Path) {
    let mut file = File::create(directory.join("large")).unwrap();
    let free = || {
        let disk = rustix::fs::statvfs(directory).unwrap();
        disk.f_bavail * disk.f_frsize
    };
    while free() > LEFT {
        file.write_all(&vec![b'x'; MIB]).unwrap();
    }
}

#[track_caller]
fn assert_low(refusal: &Answer) {
    assert_eq!(refusal.status, 503, "{}", refusal.text());
    let problem = refusal.json();
    assert_eq!(problem["code"], "disk_low", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("nearly full"), "{problem}");
    assert!(refusal.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()));
}

#[test]
fn on_a_disk_that_is_nearly_full_what_was_accepted_goes_on_and_nothing_more_is_accepted() {
    let name = "disk_low::on_a_disk_that_is_nearly_full_what_was_accepted_goes_on_and_nothing_more_is_accepted";
    with_own_disk(name, "128m", |_| {
        let app = TestApp::with(|options| {
            options
                .slots(2)
                .env("RINGBACK_SERVER__DISK_FREE_BYTES_MIN", &(4 * LEFT).to_string())
                .env("RINGBACK_QUEUE__POLL", "50ms")
                .way_open()
        });
        let gate = Gate::closed();
        let receiver = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
        let program = json!({
            "language": "sh", "callback_url": receiver.url("/hook"),
            "code": format!("until [ -e {}/go ]; do sleep 0.01; done; echo x", app.scratch().display()),
        });
        app.request("PUT", "/v1/functions/known")
            .json(&json!({"language": "sh", "code": "true"}))
            .send()
            .expect(201);
        let call = || {
            app.request("POST", "/apis/known")
                .header("x-request-id", "same")
                .json(&json!({}))
                .send()
        };
        let called = call();
        assert!(called.status < 300, "{}", called.text());
        let ids: Vec<_> = (0..4).map(|_| app.submit(program.clone()).id).collect();
        assert_eq!(app.anonymous("GET", "/readyz").send().status, 200);

        fill(app.scratch());
        let refusal = eventually(DEADLINE, "it refuses", || {
            let answer = app.post("/v1/executions", &json!({"language": "sh", "code": "true"}));
            (answer.status != 202).then_some(answer)
        });
        assert_low(&refusal);
        for path in ["/execute", "/execute/async", "/execute/background"] {
            let answer = app.post(path, &program);
            let code = answer.json()["code"].clone();
            assert_eq!((answer.status, code), (503, json!("SERVICE_UNAVAILABLE")), "{path}");
        }
        let ready = app.anonymous("GET", "/readyz").send();
        assert_low(&ready);
        assert_eq!(ready.json()["detail"], "The disk is nearly full.", "strangers hear no figures");
        let verbose = app.get("/readyz?verbose").expect(503).json();
        assert_eq!(
            (&verbose["ready"], &verbose["checks"]["disk"]["ok"]),
            (&false.into(), &false.into())
        );
        let error = verbose["checks"]["disk"]["error"].as_str().unwrap();
        assert!(error.contains("server.disk_free_bytes_min"), "{error}");
        assert_eq!(verbose["checks"]["store"]["ok"], true);

        // It is known what came of a call that is sent again.
        assert_eq!(call().status, called.status);
        // Reading, cancelling, running and delivering go on.
        assert_eq!(app.record(&ids[3])["status"], "queued");
        app.delete(&format!("/v1/executions/{}", ids[3])).expect(200);
        std::fs::write(app.scratch().join("go"), "").unwrap();
        for id in &ids[..3] {
            assert_eq!(app.finished(id)["status"], "completed");
        }
        gate.open();
        for id in &ids {
            app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
        }
        assert_eq!(app.anonymous("GET", "/readyz").send().status, 503, "it is as full as before");

        std::fs::remove_file(app.scratch().join("large")).unwrap();
        eventually(DEADLINE, "it is ready by itself", || {
            (app.anonymous("GET", "/readyz").send().status == 200).then_some(())
        });
        assert_eq!(app.run(json!({"language": "sh", "code": "true"}))["status"], "completed");
        let said = app.stderr();
        assert_eq!(said.matches("nothing more is accepted").count(), 1, "{said}");
        assert_eq!(said.matches("the disk has room again").count(), 1, "{said}");
    });
}

#[test]
fn a_server_that_finds_a_disk_nearly_full_accepts_nothing_from_its_start_on() {
    let name = "disk_low::a_server_that_finds_a_disk_nearly_full_accepts_nothing_from_its_start_on";
    with_own_disk(name, "64m", |_| {
        let app = TestApp::with(|options| {
            options
                .env("RINGBACK_SERVER__DISK_FREE_BYTES_MIN", &(128 * MIB).to_string())
                .env("RINGBACK_QUEUE__POLL", "1h")
        });
        assert_low(&app.post("/v1/executions", &json!({"language": "sh", "code": "true"})));
        assert_low(&app.anonymous("GET", "/readyz").send());
        assert_eq!(app.get("/v1/executions").expect(200).json()["data"], json!([]));
    });
}
