//! The auditor is shown a small world in which every promise was kept, and then one broken promise
//! at a time: it must find each, and call it by its name.

mod world;

use std::process::{Command, Stdio};

use serde_json::json;

use world::World;

const ALICE: &str = "01";
const BOB: &str = "02";
const CAROL: &str = "03";

/// Breaks one thing and expects that exactly this promise is found broken.
#[track_caller]
fn broken(invariant: &str, what: &str, harm: impl FnOnce(&mut World)) {
    let mut world = World::in_which_all_is_well();
    harm(&mut world);
    let said = world.audited(&["--settled"]);
    let found: Vec<_> =
        said.out.lines().filter_map(|line| line.strip_prefix("violation ")).collect();
    assert_eq!(said.code, Some(1), "{what}: {said:?}");
    assert!(!found.is_empty(), "{what}: {said:?}");
    for line in found {
        assert!(line.starts_with(&format!("{invariant}: ")), "{what}: {line}");
    }
}

#[test]
fn where_every_promise_was_kept_it_finds_nothing_and_says_what_it_looked_at() {
    let said = World::in_which_all_is_well().audited(&["--settled"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in ["3 submits and 1 cancels", "3 executions", "2 requests of 1 events", "runs: 3"] {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }
}

#[test]
fn an_audit_of_nothing_is_an_error() {
    let mut world = World::in_which_all_is_well();
    world.client.clear();
    let said = world.audited(&["--settled"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("there is nothing to audit"), "{said:?}");

    let mut world = World::in_which_all_is_well();
    world.requests.clear();
    assert_eq!(world.audited(&["--settled"]).code, Some(2));

    let mut world = World::in_which_all_is_well();
    world.runs.clear();
    assert_eq!(world.audited(&["--settled"]).code, Some(2));

    let mut world = World::in_which_all_is_well();
    world.change("DROP TABLE deliveries");
    assert_eq!(world.audited(&["--settled"]).code, Some(2));
}

#[test]
fn it_finds_an_accepted_execution_that_does_not_exist_or_is_another() {
    broken("I1", "an id that nobody knows", |world| world.submitted("09", "fail", false));
    broken("I1", "a callback that was not kept", |world| {
        world.change("UPDATE executions SET callback_url = NULL WHERE status = 'failed'");
        world.change("DELETE FROM deliveries WHERE status = 'pending'");
    });
    broken("I1", "a second run that was not kept", |world| {
        world.change("UPDATE specs SET on_interrupt = 'fail'");
    });
}

#[test]
fn it_finds_an_end_that_is_not_exactly_one() {
    broken("I2", "two rows", |world| {
        world.change("INSERT INTO executions SELECT * FROM executions WHERE status = 'cancelled'");
    });
    broken("I2", "a status that there is not", |world| {
        world.change("UPDATE executions SET status = 'lost' WHERE id = x'02'");
        world.told_instead("failed", "lost");
    });
    broken("I2", "an end that is still queued", |world| world.queued(ALICE, "queued"));
    broken("I2", "in the queue, and nothing else", |world| world.queued("09", "queued"));
    let undo = "UPDATE executions SET status = NULL WHERE id = x'04'";
    broken("I2", "lost between queue and end", |world| {
        world.completed_in_silence("04");
        world.change(undo);
    });
    broken("I2", "not ended although all is settled", |world| {
        world.completed_in_silence("04");
        world.change(undo);
        world.queued("04", "running");
    });
}

#[test]
fn what_is_still_queued_is_no_mistake_while_the_server_works() {
    let mut world = World::in_which_all_is_well();
    world.completed_in_silence("04");
    world.change("UPDATE executions SET status = NULL WHERE id = x'04'");
    world.queued("04", "running");
    let said = world.audited(&[]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn it_finds_an_end_that_nobody_was_told() {
    broken("I3", "no delivery at all", |world| {
        world.change("DELETE FROM deliveries WHERE status = 'pending'");
    });
    broken("I3", "called delivered and refused", |world| {
        world.requests.retain(|request| request["status"] != 200);
    });
    broken("I3", "owed to nobody", |world| {
        world.change("UPDATE executions SET callback_url = NULL WHERE id = x'01'");
        world.client[0]["callback"] = json!(false);
    });
}

#[test]
fn it_finds_an_event_that_was_told_in_two_ways() {
    broken("I4", "other bytes", |world| world.requests[0]["body_sha256"] = json!("00"));
    broken("I4", "more bytes", |world| world.requests[1]["body_bytes"] = json!(7));
    broken("I4", "two deliveries", |world| {
        world.change("INSERT INTO deliveries SELECT * FROM deliveries WHERE status = 'pending'");
    });
    broken("I4", "an event of its own", |world| {
        world.change("UPDATE deliveries SET event_id = x'77' WHERE status = 'pending'");
    });
}

#[test]
fn it_finds_a_process_that_has_outlived_its_execution_or_its_server() {
    let mark = format!("/nowhere/auditor-test-{}", std::process::id());
    let mut program = Command::new("sleep")
        .arg("1000")
        .env("RINGBACK_EXECUTION_ID", world::id(ALICE))
        .env("PATH", format!("/usr/bin:/bin:{mark}"))
        .stdin(Stdio::null())
        .spawn()
        .expect("sleep is everywhere");
    let world = World::in_which_all_is_well();
    let outlived = world.audited(&["--settled", "--mark", &mark]);
    let not_ours = world.audited(&["--settled", "--mark", "/nowhere/else"]);
    let mut running = World::in_which_all_is_well();
    running.change("UPDATE executions SET status = NULL WHERE id = x'01'");
    running.change("DELETE FROM deliveries WHERE status = 'delivered'");
    running.requests.clear();
    running.queued(ALICE, "running");
    let alive = running.audited(&["--mark", &mark]);
    let serverless = running.audited(&["--stopped", "--mark", &mark]);
    program.kill().expect("it is ours");
    program.wait().expect("it is ours");

    assert_eq!(outlived.code, Some(1), "{outlived:?}");
    assert!(outlived.out.contains("violation I5: process"), "{outlived:?}");
    assert_eq!(not_ours.code, Some(0), "{not_ours:?}");
    assert_eq!(alive.code, Some(0), "{alive:?}");
    assert!(serverless.out.contains("has outlived the server"), "{serverless:?}");
    let gone = world.audited(&["--settled", "--stopped", "--mark", &mark]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
}

#[test]
fn it_finds_an_end_that_was_changed_later_or_told_otherwise() {
    broken("I6", "the payload tells of another end", |world| {
        world.change("UPDATE executions SET cause = 'signal' WHERE id = x'02'");
    });
    broken("I6", "the payload tells of another run", |world| {
        world.change("UPDATE executions SET attempt = 3 WHERE id = x'02'");
    });
    broken("I6", "the receiver knows more than the database", |world| {
        world.requests.push(json!({"event": "evt_99", "body_sha256": null, "status": null}));
    });
    broken("I6", "a client was answered with another end", |world| {
        world.client.last_mut().unwrap()["status"] = json!("failed");
    });
}

#[test]
fn it_finds_what_has_changed_between_two_looks() {
    for change in [
        "UPDATE executions SET cause = 'expired' WHERE id = x'03'",
        "UPDATE executions SET completed_at = completed_at + 1 WHERE id = x'03'",
        "UPDATE executions SET exit_code = 1 WHERE id = x'03'",
    ] {
        let mut world = World::in_which_all_is_well();
        let snapshot = world.path("snapshot");
        assert_eq!(world.audited(&["--settled", "--keep", &snapshot]).code, Some(0));
        assert_eq!(world.audited(&["--settled", "--since", &snapshot]).code, Some(0));
        world.change(change);
        let said = world.audited(&["--settled", "--since", &snapshot]);
        assert_eq!(said.code, Some(1), "{change}: {said:?}");
        assert!(said.out.starts_with("violation I6: exec_03 had ended"), "{change}: {said:?}");
    }
}

#[test]
fn it_finds_a_program_that_ran_too_often_or_not_at_all() {
    broken("I7", "twice", |world| world.ran(ALICE));
    broken("I7", "three times", |world| world.ran(BOB));
    broken("I7", "although cancelled while it waited", |world| world.ran(CAROL));
    broken("I7", "more often than the record knows", |world| {
        world.change("UPDATE executions SET attempt = 1 WHERE id = x'02'");
        world.told_instead(r#""attempt":2"#, r#""attempt":1"#);
    });
    broken("I7", "completed without a run", |world| {
        let of_alice = world::id(ALICE);
        world.runs.retain(|line| !line.starts_with(&of_alice));
    });
}

#[test]
fn a_server_that_stopped_in_order_lets_run_once_more_what_may_and_nothing_else() {
    let audited = |who: &str, attempt: u32, drains: &str| {
        let mut world = World::in_which_all_is_well();
        world.ran(who);
        world.change(&format!("UPDATE executions SET attempt = {attempt} WHERE id = x'{who}'"));
        world.told_instead(r#""attempt":2"#, &format!(r#""attempt":{attempt}"#));
        world.audited(&["--settled", "--drains", drains])
    };
    assert_eq!(audited(BOB, 3, "1").code, Some(0));
    let lost_twice = audited(BOB, 3, "0");
    assert!(lost_twice.out.contains("ran 3 times and may run 2 times"), "{lost_twice:?}");
    let not_allowed = audited(ALICE, 2, "1");
    assert!(not_allowed.out.contains("ran 2 times and may run 1 times"), "{not_allowed:?}");
    assert_eq!(audited(BOB, 3, "some").code, Some(2));
}
