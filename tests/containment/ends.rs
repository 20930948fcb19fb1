//! Every way in which an execution ends, on every rung: nothing of it is alive afterwards, its
//! record says how it was, and the server goes on.

use serde_json::json;

use super::programs::Leader;
use super::site::{Rung, Site, kill, sh};
use crate::support::wait::{DEADLINE, eventually};

/// All ends of one rung.
macro_rules! ends_on {
    ($module:ident, $containment:literal, $level:literal) => {
        mod $module {
            use super::{Rung, Victim};

            const RUNG: Rung = Rung { containment: $containment, level: $level };

            #[test]
            fn a_cancel_ends_all_of_it() {
                super::a_cancel_ends_all_of_it(RUNG);
            }

            #[test]
            fn a_timeout_ends_all_of_it() {
                super::a_timeout_ends_all_of_it(RUNG);
            }

            #[test]
            fn the_end_of_its_leader_ends_all_of_it() {
                super::the_end_of_its_leader_ends_all_of_it(RUNG);
            }

            #[test]
            fn it_does_not_outlive_the_server() {
                super::it_does_not_outlive_the_server(RUNG);
            }

            #[test]
            fn it_does_not_outlive_the_launcher() {
                super::it_does_not_outlive_the_launcher(RUNG, Victim::Real);
            }

            #[test]
            fn it_does_not_outlive_server_and_launcher_lost_together() {
                super::it_does_not_outlive_server_and_launcher_lost_together(RUNG);
            }

            #[test]
            fn it_does_not_outlive_the_process_that_the_server_started() {
                super::it_does_not_outlive_the_launcher(RUNG, Victim::Outer);
            }
        }
    };
}

ends_on!(cgroup2, "cgroup2", "none");
ends_on!(pidns, "pidns", "none");
ends_on!(session, "session", "none");
ends_on!(confined, "auto", "confined");
ends_on!(sandbox, "auto", "sandbox");

/// Which process of a launcher is killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    /// The one that the server has started.
    Outer,
    /// The one that starts programs; on some rungs there is no other.
    Real,
}

fn a_cancel_ends_all_of_it(rung: Rung) {
    let Some(mut site) = Site::on(rung) else { return };
    site.run_all(rung, Leader::Stays);
    for (_, id) in &site.running {
        site.app.delete(&format!("/v1/executions/{id}")).expect(202);
    }
    site.expect_ends("cancelled", "cancelled");
}

fn a_timeout_ends_all_of_it(rung: Rung) {
    let Some(mut site) = Site::on(rung) else { return };
    site.submit_all(rung, Leader::Stays, &json!({"timeout": 1}));
    site.expect_ends("failed", "timeout");
}

fn the_end_of_its_leader_ends_all_of_it(rung: Rung) {
    let Some(mut site) = Site::on(rung) else { return };
    site.submit_all(rung, Leader::Leaves, &json!({}));
    for (program, record) in site.expect_ends("completed", "exited") {
        let killed = record["descendants_killed"].as_u64().unwrap();
        assert!(killed >= program.left, "{}: {killed} were killed", program.name);
        assert!(record["stdout"].as_str().unwrap().starts_with("ready"), "{}", program.name);
    }
}

fn it_does_not_outlive_the_server(rung: Rung) {
    let Some(mut site) = Site::on(rung) else { return };
    site.run_all(rung, Leader::Stays);
    site.app.kill9();
    site.app.restart();
    // Before anything is asked: the next server listens when nothing is left.
    assert!(site.left().is_empty(), "outlived the server: {:?}", site.left());
    site.expect_ends("failed", "interrupted");
}

fn it_does_not_outlive_server_and_launcher_lost_together(rung: Rung) {
    let Some(mut site) = Site::on(rung) else { return };
    site.run_all(rung, Leader::Stays);
    let launcher = site.launcher();
    site.app.kill9();
    kill(&launcher);
    site.app.restart();
    assert!(site.left().is_empty(), "outlived the server: {:?}", site.left());
    site.expect_ends("failed", "interrupted");
}

fn it_does_not_outlive_the_launcher(rung: Rung, victim: Victim) {
    let Some(mut site) = Site::on(rung) else { return };
    site.run_all(rung, Leader::Stays);
    // The last slot is taken by one that wants to run again, and one waits behind it.
    let code = "[ -e begun ] && exit 0; touch begun; exec sleep 1000";
    let mut rerun = sh(code);
    rerun["on_interrupt"] = json!("rerun");
    rerun["working_dir"] = json!("workspace");
    let rerun = site.app.submit(rerun).id;
    site.app.wait_for_program("sleep 1000");
    let queued = site.app.submit(sh("echo late")).id;
    assert_eq!(site.app.record(&queued)["status"], "queued");

    let launcher = site.launcher();
    let victim = match victim {
        Victim::Outer => launcher.first(),
        Victim::Real => launcher.last(),
    };
    kill(victim.cloned().as_slice());

    for (program, record) in site.expect_ends("failed", "interrupted") {
        let sentence = record["error"].as_str().unwrap();
        assert!(sentence.contains("launcher was lost"), "{}: {sentence}", program.name);
    }
    let record = site.app.finished(&queued);
    assert_eq!((&record["status"], &record["stdout"]), (&json!("completed"), &json!("late\n")));
    let record = site.app.finished(&rerun);
    let end = ["status", "attempt"].map(|name| record[name].clone());
    assert_eq!(end, [json!("completed"), json!(2)], "{record:#}");
    let next = eventually(DEADLINE, "there is a new launcher", || {
        let next = site.launcher();
        (next.len() == launcher.len()).then_some(next)
    });
    assert!(next.iter().all(|process| launcher.iter().all(|old| old.pid != process.pid)));
    assert_eq!(site.app.run(sh("exit 0"))["cause"], "exited");
}
