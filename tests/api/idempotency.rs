//! `Idempotency-Key`: a request that comes again under the same name is answered as it was at first, and
//! begins nothing. What a kill between the commit and the answer does is tested where servers are killed.

mod held;
mod names;
mod removed;
mod routes;
mod twins;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};

const KEY: &str = "idempotency-key";

/// What does not change from one time to the next.
type Told = (u16, Option<String>, Option<String>, Vec<u8>);

fn named(app: &TestApp, path: &str, name: &str) -> Request {
    app.request("POST", path).header(KEY, name)
}

#[track_caller]
fn send(app: &TestApp, path: &str, name: &str, body: &Value) -> Answer {
    named(app, path, name).json(body).send()
}

fn told(answer: &Answer) -> Told {
    let header = |name: &str| answer.header(name).map(str::to_owned);
    (answer.status, header("location"), header("content-type"), answer.body.clone())
}

fn is_replayed(answer: &Answer) -> bool {
    let replayed = answer.header("idempotency-replayed");
    assert!(matches!(replayed, None | Some("true")), "{replayed:?}");
    replayed.is_some()
}

/// Both are the same, and only the second says that it has been given before.
#[track_caller]
fn expect_replay(first: &Answer, second: &Answer) {
    assert!(!is_replayed(first), "the first is none: {}", first.text());
    assert!(is_replayed(second), "{} {}", second.status, second.text());
    assert_eq!(told(second), told(first), "{}\n{}", second.text(), first.text());
}

fn executions(app: &TestApp) -> Vec<String> {
    let page = app.get("/v1/executions?limit=200").expect(200).json();
    let data = page["data"].as_array().expect("a page has data").iter();
    data.map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}

fn program(code: &str) -> Value {
    json!({"language": "sh", "code": code})
}

/// How many answers the server says that it has given again.
#[track_caller]
fn replays(app: &TestApp) -> u64 {
    let text = app.get("/metrics").expect(200).text();
    let line = text.lines().find(|line| line.starts_with("ringback_idempotency_replays_total "));
    let count = line.and_then(|line| line.rsplit(' ').next());
    count.and_then(|count| count.parse().ok()).expect("it is counted from the start")
}
