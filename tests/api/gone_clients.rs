//! Clients that go away while their answers are held back, in every way in which a client can: what
//! becomes of the execution is what they asked for. Real sockets; no client library stands between.

use std::cell::Cell;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::held::{Held, get, post};
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// What is said of an execution whose client was the reason.
const GONE: &str = "The client that waited for it has gone away.";

/// A way to go, and what it is called.
type Way = (&'static str, fn(Held));

const WAYS: [Way; 4] = [
    ("it closes", Held::close),
    ("it resets", Held::reset),
    ("it says that it says no more, and closes", |held| {
        held.say_no_more();
        held.close();
    }),
    ("it says that it says no more, and resets", |held| {
        held.say_no_more();
        held.reset();
    }),
];

/// A server with programs that end when the test lets them.
struct Gates {
    app: TestApp,
    made: Cell<usize>,
}

/// One of these programs.
struct Gated<'a> {
    app: &'a TestApp,
    name: String,
}

impl Gates {
    fn start() -> Self {
        Self { app: TestApp::start(), made: Cell::new(0) }
    }

    fn next(&self) -> Gated<'_> {
        let number = self.made.replace(self.made.get() + 1);
        Gated { app: &self.app, name: format!("gate-{number}") }
    }
}

impl Gated<'_> {
    fn body(&self) -> Value {
        json!({
            "language": "sh", "workdir": "/workspace", "env": {"GATE": self.name},
            "code": "while [ ! -e $GATE ]; do sleep 0.01; done; echo through",
        })
    }

    /// The bytes of a `POST /execute` of this program.
    fn execute(&self, cancel_on_disconnect: Value) -> Vec<u8> {
        let mut body = self.body();
        body["cancel_on_disconnect"] = cancel_on_disconnect;
        post("/execute", &body)
    }

    fn runs(&self) -> bool {
        let marks = [&format!("GATE={}\0", self.name), self.app.mark()];
        !processes::with_environment(&marks).is_empty()
    }

    /// Waits until it runs, and gives its id.
    #[track_caller]
    fn begun(&self) -> String {
        eventually(DEADLINE, format!("{} runs", self.name), || self.runs().then_some(()));
        newest(self.app)
    }

    /// Lets it end.
    #[track_caller]
    fn open(&self) {
        let code = format!("touch {}", self.name);
        let opener = json!({"language": "sh", "workdir": "/workspace", "code": code});
        assert_eq!(self.app.run(opener)["status"], "completed");
    }

    #[track_caller]
    fn is_gone(&self) {
        eventually(DEADLINE, format!("{} is gone", self.name), || (!self.runs()).then_some(()));
    }
}

/// The newest execution.
fn newest(app: &TestApp) -> String {
    let list = app.get("/v1/executions?limit=1").expect(200).json();
    list["data"][0]["id"].as_str().expect("there is one").to_owned()
}

#[track_caller]
fn check_cancelled(app: &TestApp, id: &str, what: &str) {
    let record = app.finished(id);
    assert_eq!(record["status"], "cancelled", "{what}: {record:#}");
    assert_eq!(record["cancel_reason"], GONE, "{what}: {record:#}");
    assert_eq!(record["cancelled_by"], "admin", "{what}: {record:#}");
}

#[test]
fn a_client_that_asked_for_it_and_goes_away_takes_its_execution_along() {
    let gates = Gates::start();
    for (what, leave) in WAYS {
        let gated = gates.next();
        let held = Held::send(gates.app.address(), &gated.execute(json!(true)));
        let id = gated.begun();
        leave(held);
        check_cancelled(&gates.app, &id, what);
        gated.is_gone();
    }
}

#[test]
fn a_client_that_did_not_ask_for_it_leaves_its_execution_alone() {
    let gates = Gates::start();
    for asked in [json!(null), json!(false)] {
        for (what, leave) in WAYS {
            let gated = gates.next();
            let held = Held::send(gates.app.address(), &gated.execute(asked.clone()));
            let id = gated.begun();
            leave(held);
            // The execution that opens the gate is accepted and ends after the client has gone.
            gated.open();
            let record = gates.app.finished(&id);
            assert_eq!(record["status"], "completed", "{asked}, {what}: {record:#}");
            assert_eq!(record["stdout"], "through\n", "{asked}, {what}");
            gated.is_gone();
        }
    }
}

#[test]
fn whoever_waits_for_an_execution_may_take_it_along_as_well() {
    let gates = Gates::start();
    let app = &gates.app;
    for (what, leave) in WAYS {
        let gated = gates.next();
        app.post("/v1/executions", &gated.body()).expect(202);
        let id = gated.begun();
        for query in ["wait=60", "wait=60&cancel_on_disconnect=false"] {
            let path = format!("/v1/executions/{id}?{query}");
            leave_when_read(Held::send(app.address(), &get(&path)), leave);
        }
        // Over a connection that has been used before, and with something said behind it.
        let mut held = Held::send(app.address(), &get(&format!("/v1/executions/{id}?wait=0.01")));
        let (_, record) = held.answer();
        assert_eq!(record["status"], "running", "{what}: nobody asked for its end: {record:#}");
        assert_eq!(record.get("cancelling"), None, "{what}: {record:#}");
        held.say(&get(&format!("/v1/executions/{id}?wait=60&cancel_on_disconnect=true")));
        held.say(&get("/livez"));
        leave_when_read(held, leave);
        check_cancelled(app, &id, what);
        gated.is_gone();
    }
}

/// A reset takes along what was said before it and not read yet.
#[track_caller]
fn leave_when_read(held: Held, leave: fn(Held)) {
    eventually(DEADLINE, "the server has read it", || held.is_read().then_some(()));
    leave(held);
}

#[test]
fn a_client_that_only_stops_talking_still_hears_what_has_become_of_it() {
    let gates = Gates::start();
    let gated = gates.next();
    let mut held = Held::send(gates.app.address(), &gated.execute(json!(true)));
    gated.begun();
    held.say_no_more();
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["status"]), (200, &json!("cancelled")), "{answer:#}");
    assert_eq!(answer["error"], format!("Cancelled: {GONE}"));
    gated.is_gone();

    let gated = gates.next();
    let mut held = Held::send(gates.app.address(), &gated.execute(json!(false)));
    gated.begun();
    held.say_no_more();
    gated.open();
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["stdout"]), (200, &json!("through\n")), "{answer:#}");
}

#[test]
fn its_time_is_up_although_the_program_holds_out_against_the_cancel() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__GRACE", "60s"));
    let stubborn = "trap '' TERM; echo ready; while :; do sleep 0.01; done";
    let id = app.submit(json!({"language": "sh", "code": stubborn})).id;
    let path = format!("/v1/executions/{id}");
    let output = format!("{path}/output/stdout");
    eventually(DEADLINE, "it runs", || (app.get(&output).body == b"ready\n").then_some(()));
    let waits = get(&format!("{path}?wait=1&cancel_on_disconnect=true"));
    let mut held = Held::send(app.address(), &waits);
    held.say_no_more();
    let (status, record) = held.answer();
    assert_eq!((status, &record["status"]), (200, &json!("running")), "{record:#}");
    assert_eq!(record["cancelling"], true, "{record:#}");
    for program in app.programs() {
        processes::signal(program.pid, Signal::KILL);
    }
    assert_eq!(app.finished(&id)["status"], "cancelled");
}

#[test]
fn a_client_that_is_gone_before_the_execution_is_accepted_takes_it_along() {
    let app = TestApp::with(|options| options.slots(1));
    let occupied = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    // It waits for its slot for as long as it is not cancelled.
    let body = json!({"language": "sh", "code": "true", "cancel_on_disconnect": true});
    Held::send(app.address(), &post("/execute", &body)).close();
    let id =
        eventually(DEADLINE, "it is accepted", || Some(newest(&app)).filter(|id| *id != occupied));
    check_cancelled(&app, &id, "at once");
    assert_eq!(app.record(&id)["started_at"], Value::Null);
    app.delete(&format!("/v1/executions/{occupied}")).expect(202);
    app.finished(&occupied);
}

#[test]
fn what_was_answered_is_not_cancelled_by_a_client_that_goes_later() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let path = format!("/v1/executions/{id}?wait=0.05&cancel_on_disconnect=true");
    for (what, leave) in WAYS {
        let mut held = Held::send(app.address(), &get(&path));
        assert_eq!(held.answer().1["status"], "running", "{what}");
        leave(held);
    }
    // Another one is begun and ended after all of them have gone.
    app.run(json!({"language": "sh", "code": "true"}));
    let record = app.record(&id);
    assert_eq!((&record["status"], record.get("cancelling")), (&json!("running"), None));
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    app.finished(&id);
}

#[test]
fn when_a_client_takes_it_along_the_others_who_wait_hear_of_it() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let path = format!("/v1/executions/{id}?wait=60");
    let mut stays = Held::send(app.address(), &get(&path));
    let goes = Held::send(app.address(), &get(&format!("{path}&cancel_on_disconnect=true")));
    leave_when_read(goes, Held::close);
    let (status, record) = stays.answer();
    assert_eq!((status, &record["cancel_reason"]), (200, &json!(GONE)), "{record:#}");
}

#[test]
fn a_wish_that_makes_no_sense_is_refused_by_name() {
    let app = TestApp::start();
    let id = app.run(json!({"language": "sh", "code": "true"}))["id"].as_str().unwrap().to_owned();
    let queries =
        ["cancel_on_disconnect=true", "wait=1&cancel_on_disconnect=yes", "wait=1&cancel=1"];
    for query in queries {
        let problem = app.get(&format!("/v1/executions/{id}?{query}")).expect(400).json();
        let field = query.rsplit('&').next().unwrap().split('=').next().unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{query}: {problem}");
    }
    app.get(&format!("/v1/executions/{id}?wait=1&cancel_on_disconnect=false")).expect(200);
}
