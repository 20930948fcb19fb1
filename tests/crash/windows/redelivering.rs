//! W11: killed while deliveries that had failed are being made due again.
//! What recoveries are otherwise is among the tests of the API.

use serde_json::{Value, json};

use crate::ledger::Recovery;
use crate::scene::Scene;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

const COUNT: usize = 5;

#[test]
fn w11_a_recovery_goes_on_after_a_loss_and_makes_each_delivery_due_once() {
    let receiver = TestReceiver::answering([500; COUNT].map(Scripted::status));
    let killed = "recover-batch=return(2);recover-after-step=1*off->return(kill)";
    let mut scene = Scene::of(receiver, |options| {
        let options = options.env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "0");
        options.slots(2).retry_schedule("").failpoints(killed)
    });
    let program = scene.program("true", "fail");
    let ids: Vec<String> = (0..COUNT).map(|_| scene.submit(&program)).collect();
    for id in &ids {
        scene.app.wait_for(id, "it is given up", |record| record["delivery"] == "exhausted");
    }
    let wish = json!({"since": "1h"});
    // Whether the answer comes before the end is a matter of luck.
    let _ = scene.app.request("POST", "/v1/deliveries/recover").json(&wish).try_send();
    scene.killed();
    let [begun] = &Recovery::all(&scene.app.data_dir())[..] else { panic!("there is one") };
    assert_eq!((begun.matched, begun.redelivered, begun.is_done), (5, 4, false));

    scene.start_again();
    let path = format!("/v1/deliveries/recover/{}", begun.id);
    let done = eventually(DEADLINE, "all of them have arrived", || {
        let recovery = scene.app.get(&path).expect(200).json();
        (recovery["delivered"] == COUNT).then_some(recovery)
    });
    assert_eq!((&done["status"], &done["redelivered"]), (&json!("done"), &json!(COUNT)));
    assert_eq!((&done["failed"], &done["pending"]), (&json!(0), &json!(0)));
    for id in &ids {
        assert_eq!(triggers(&scene, id), ["schedule", "recover"], "{id}");
    }
    scene.audit();
}

fn triggers(scene: &Scene, id: &str) -> Vec<String> {
    let path = format!("/v1/executions/{id}/deliveries");
    let list = scene.app.get(&path).expect(200).json();
    let attempts = list["data"][0]["attempts"].as_array().cloned().expect("a list");
    let trigger = |attempt: &Value| attempt["trigger"].as_str().expect("a word").to_owned();
    attempts.iter().map(trigger).collect()
}
