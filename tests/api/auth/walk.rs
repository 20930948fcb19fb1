//! Walks through all routes: by whom each is opened, and that nobody learns from any whether another tenant
//! has something by an id. What the routes do otherwise is tested where they are.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::keys::{make, with};
use super::routes::{GUARDED, Route};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;

/// What stands for the ids in the paths.
type Ids = HashMap<&'static str, String>;

/// Ids of nothing that ever was.
fn nobodys() -> Ids {
    let uuid = "0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b";
    HashMap::from([
        ("{execution}", format!("exec_{uuid}")),
        ("{delivery}", format!("dlv_{uuid}")),
        ("{recovery}", format!("rcv_{uuid}")),
        ("{run}", format!("req_{uuid}")),
        ("{key}", uuid.to_owned()),
        ("{function}", "nobodys".to_owned()),
        ("{sandbox}", "mine".to_owned()),
    ])
}

fn fill(path: &str, ids: &Ids) -> String {
    ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

fn ask(app: &TestApp, key: &str, (method, path, _): &Route, ids: &Ids) -> Answer {
    let request = with(app, key, method, &fill(path, ids));
    if *method == "GET" { request.send() } else { request.json(&json!({})).send() }
}

#[test]
fn each_scope_opens_its_routes_and_no_other() {
    let app = TestApp::start();
    let scopes = [
        "executions:write",
        "executions:read",
        "executions:cancel",
        "deliveries:read",
        "deliveries:redeliver",
        "functions:write",
        "keys:write",
        "metrics:read",
        "admin",
    ];
    for scope in scopes {
        let (key, _) = make(&app, "walkers", &[scope]);
        for route in GUARDED {
            let (method, path, opened_by) = route;
            let is_open = scope == "admin" || opened_by.is_empty() || opened_by.contains(&scope);
            let answer = ask(&app, &key, route, &nobodys());
            let status = answer.status;
            if is_open {
                let may = ![401, 403].contains(&status) && status < 500;
                assert!(may, "{scope}: {method} {path}: {status} {}", answer.text());
            } else {
                assert_eq!(status, 403, "{scope}: {method} {path}: {}", answer.text());
                let names_it = opened_by.iter().any(|scope| answer.text().contains(scope));
                assert!(names_it, "it says what is missing: {}", answer.text());
            }
        }
    }
}

#[test]
fn every_guarded_route_asks_who_it_is() {
    let app = TestApp::start();
    for route in GUARDED {
        let (method, path, _) = route;
        let answer = app.anonymous(method, &fill(path, &nobodys())).json(&json!({})).send();
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
}

/// One of everything, of the default tenant.
fn one_of_each(app: &TestApp, receiver: &TestReceiver) -> Ids {
    let code = json!({"code": "exec sleep 1000", "language": "sh"});
    app.request("PUT", "/v1/functions/ours").json(&code).send().expect(201);
    let body = json!({"callback_url": receiver.url("/hook")});
    let called = app.post("/v1/functions/ours/invoke", &body).expect(202).json();
    let id = called["id"].as_str().unwrap().to_owned();
    app.wait_for_program("sleep 1000");
    let ended = app.run(json!({
        "code": "true", "language": "sh", "callback_url": receiver.url("/hook"),
    }));
    receiver.wait_for(1);
    let path = format!("/v1/executions/{}/deliveries", ended["id"].as_str().unwrap());
    let delivery = app.get(&path).expect(200).json()["data"][0]["id"].as_str().unwrap().to_owned();
    let since = json!({"since": "2020-01-01T00:00:00Z"});
    let recovery = app.post("/v1/deliveries/recover", &since).expect(202).json();
    HashMap::from([
        ("{run}", id.replace("exec_", "req_")),
        ("{execution}", id),
        ("{delivery}", delivery),
        ("{recovery}", recovery["id"].as_str().unwrap().to_owned()),
        ("{key}", make(app, "default", &["executions:read"]).1),
        ("{function}", "ours".to_owned()),
        ("{sandbox}", "ours".to_owned()),
    ])
}

/// An answer without what is different each time, and with one word for the ids.
fn told(answer: &Answer, ids: &Ids) -> (u16, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let mut body = body;
    if let Some(object) = body.as_object_mut() {
        for different in ["request_id", "timestamp"] {
            object.remove(different);
        }
    }
    let text = ids.values().fold(body.to_string(), |text, id| text.replace(id.as_str(), "ID"));
    (answer.status, text)
}

#[test]
fn another_tenants_id_is_told_what_an_id_is_told_that_never_existed() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let ours = one_of_each(&app, &receiver);
    let (stranger, _) = make(&app, "strangers", &["admin"]);
    let is_of_an_id = |path: &str| path.contains('{') && !path.contains("{sandbox}");
    // What is put by a name that another tenant has is one's own.
    let routes = GUARDED.iter().filter(|(method, path, _)| is_of_an_id(path) && *method != "PUT");
    let mut walked = 0;
    for route in routes {
        let (method, path, _) = route;
        let of_ours = told(&ask(&app, &stranger, route, &ours), &ours);
        let of_nobody = told(&ask(&app, &stranger, route, &nobodys()), &nobodys());
        assert_eq!(of_ours, of_nobody, "{method} {path}");
        assert_eq!(of_ours.0, 404, "{method} {path}: {}", of_ours.1);
        walked += 1;
    }
    assert!(walked > 20, "{walked}");
    let execution = &ours["{execution}"];
    assert_eq!(app.record(execution)["status"], "running", "nobody has ended it");
    assert_eq!(app.record(execution).get("cancelling"), None);
    app.get("/v1/functions/ours").expect(200);
    let keys = app.get("/v1/keys").expect(200).text();
    assert!(keys.contains(&ours["{key}"]), "{keys}");
    app.delete(&format!("/v1/executions/{execution}"));
    app.finished(execution);
}
