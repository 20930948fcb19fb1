//! What a tenant may have: slots, places in the queue, submissions in a second, time, the network.
//! Each of them on every route that submits, and none of them at the cost of other tenants.

use serde_json::{Value, json};

use super::problem::{expect_blame, expect_problem};
use super::scoped::{add_keys_of, post_with_key};
use super::turns::Book;
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::options::Options;
use crate::support::wait::{DEADLINE, eventually};

fn server<const N: usize>(
    tenants: [&str; N],
    change: impl FnOnce(Options) -> Options,
) -> (TestApp, [String; N]) {
    let mut app = TestApp::with(|options| change(options.way_open()));
    let keys = add_keys_of(&mut app, tenants);
    (app, keys)
}

fn quick() -> Value {
    json!({"language": "sh", "code": "true"})
}

/// Makes a function, which the routes of Fetch Hive and Cortex call as well.
fn put_function(app: &TestApp, key: &str, definition: &Value) -> Answer {
    let request = app.anonymous("PUT", "/v1/functions/f");
    request.header("authorization", &format!("Bearer {key}")).json(definition).send()
}

/// All routes that submit, each with a body that it takes.
fn submissions() -> [(&'static str, Value); 7] {
    let callback = "http://127.0.0.1:9/";
    [
        ("/v1/executions", quick()),
        ("/v1/functions/f/invoke", json!({})),
        ("/execute", quick()),
        ("/execute/background", quick()),
        ("/execute/async", json!({"language": "sh", "code": "true", "callback_url": callback})),
        ("/v1/workflow/invoke", json!({"deployment": "f", "variant": "default", "inputs": {}})),
        ("/apis/f", json!({})),
    ]
}

/// The most of these tenant's programs that ran at a time, by what they wrote.
fn overlap(words: &[String], tenant: &str) -> usize {
    let (begun, ended) = (format!("+{tenant}"), format!("-{tenant}"));
    let (mut now, mut most) = (0_usize, 0);
    for word in words {
        if *word == begun {
            now += 1;
            most = most.max(now);
        } else if *word == ended {
            now -= 1;
        }
    }
    most
}

#[test]
fn a_tenant_has_no_more_slots_than_it_may_and_others_have_the_rest() {
    let (app, [narrow, wide]) = server(["narrow", "wide"], |options| {
        options.slots(3).env("RINGBACK_TENANTS__NARROW__SLOTS", "1")
    });
    let book = Book::of(&app);
    let post = |key: &str, code: String| {
        let body = json!({"language": "sh", "code": code});
        post_with_key(&app, key, "/v1/executions", &body).expect(202);
    };
    for _ in 0..6 {
        post(&narrow, book.waits("+narrow", "-narrow"));
    }
    for _ in 0..6 {
        post(&wide, format!("{}; sleep 0.02; {}", book.writes("+wide"), book.writes("-wide")));
    }
    let of = |word: &str, words: &[String]| words.iter().filter(|w| *w == word).count();
    let words = book.wait_for("all of the other tenant have run", |words| of("-wide", words) == 6);
    assert_eq!(of("+narrow", &words), 1, "{words:?}");
    assert!(overlap(&words, "wide") <= 2, "there are three slots: {words:?}");
    book.open_gate();
    let words = book.wait_for("all have run", |words| of("-narrow", words) == 6);
    assert_eq!(overlap(&words, "narrow"), 1, "{words:?}");
}

#[test]
fn a_tenant_with_its_own_share_of_the_queue_is_told_when_it_has_it() {
    let (app, [small, other]) = server(["small", "other"], |options| {
        options.slots(1).env("RINGBACK_TENANTS__SMALL__QUEUE_MAX", "2")
    });
    let long = json!({"language": "sh", "code": "exec sleep 1000"});
    let post = |key: &str| post_with_key(&app, key, "/v1/executions", &long);
    post(&other).expect(202);
    app.wait_for_program("sleep 1000");
    post(&small).expect(202);
    post(&small).expect(202);
    let problem = expect_problem(&post(&small), 429);
    assert_eq!(problem["code"], "tenant_queue_full");
    for _ in 0..4 {
        post(&other).expect(202);
    }
}

/// The first answer that is no success, of a few.
#[track_caller]
fn refusal(app: &TestApp, key: &str, (path, body): (&str, &Value)) -> Answer {
    // The clock runs on: a slow machine may be let submit once more now and then.
    let mut answers = (0..200).map(|_| post_with_key(app, key, path, body));
    let refused = answers.find(|answer| !(200..300).contains(&answer.status));
    refused.unwrap_or_else(|| panic!("{path} refuses nothing"))
}

#[test]
fn who_submits_too_fast_is_told_when_to_come_back_on_every_route() {
    let (app, [fast, other]) = server(["fast", "other"], |options| {
        options.env("RINGBACK_TENANTS__FAST__SUBMISSIONS_PER_SECOND", "1")
    });
    put_function(&app, &fast, &quick()).expect(201);
    for (path, body) in submissions() {
        let refused = refusal(&app, &fast, (path, &body));
        assert_eq!(refused.status, 429, "{path}: {}", refused.text());
        assert_eq!(refused.header("retry-after"), Some("1"), "{path}");
    }
    let problem = expect_problem(&refusal(&app, &fast, ("/v1/executions", &quick())), 429);
    assert_eq!(problem["code"], "too_many_submissions");
    (0..20).for_each(|_| drop(post_with_key(&app, &other, "/v1/executions", &quick()).expect(202)));
    eventually(DEADLINE, "it may submit again", || {
        (post_with_key(&app, &fast, "/v1/executions", &quick()).status == 202).then_some(())
    });
}

#[test]
fn a_tenant_names_no_longer_timeout_than_it_may() {
    let (app, [hasty, other]) = server(["hasty", "other"], |options| {
        options.env("RINGBACK_TENANTS__HASTY__TIMEOUT_MAX", "5s")
    });
    let long = json!({"language": "sh", "code": "true", "timeout": 6});
    for path in ["/v1/executions", "/execute", "/execute/background", "/execute/async"] {
        let mut body = long.clone();
        body["callback_url"] = json!("http://127.0.0.1:9/");
        if path == "/execute" {
            body.as_object_mut().unwrap().remove("callback_url");
        }
        let refused = post_with_key(&app, &hasty, path, &body).expect(400);
        assert!(refused.text().contains("at most 5 seconds"), "{path}: {}", refused.text());
        let taken = post_with_key(&app, &other, path, &body);
        assert!((200..300).contains(&taken.status), "{path}: {}", taken.text());
    }
    expect_blame(&put_function(&app, &hasty, &long), "timeout");
    put_function(&app, &hasty, &quick()).expect(201);
    let call = json!({"timeout": 6});
    expect_blame(&post_with_key(&app, &hasty, "/v1/functions/f/invoke", &call), "timeout");
    for (path, body) in [("/v1/executions", quick()), ("/v1/functions/f/invoke", json!({}))] {
        let answer = post_with_key(&app, &hasty, path, &body).expect(202);
        let path = format!("/v1/executions/{}", answer.json()["id"].as_str().unwrap());
        let record = super::scoped::with_key(&app, &hasty, &path).json();
        assert_eq!(record["timeout"], 5.0, "what it does not say is no more than it may: {record}");
    }
}

#[test]
fn a_tenant_has_no_more_network_than_it_may() {
    let (app, [hermit, other]) = server(["hermit", "other"], |options| {
        options
            .env("RINGBACK_EXECUTION__ISOLATION", "confined")
            .env("RINGBACK_EXECUTION__NETWORK", "on")
            .env("RINGBACK_TENANTS__HERMIT__NETWORK", "off")
    });
    let wish = json!({"language": "sh", "code": "true", "network": true});
    for path in ["/v1/executions", "/execute", "/execute/background"] {
        let refused = post_with_key(&app, &hermit, path, &wish).expect(400);
        assert!(refused.text().contains("`network` cannot be true"), "{path}: {}", refused.text());
        let taken = post_with_key(&app, &other, path, &wish);
        assert!((200..300).contains(&taken.status), "{path}: {}", taken.text());
    }
    // Of a program that has none, not even loopback answers: there is a socket, or there is not.
    let code = "import socket\ntry:\n  socket.socket().connect_ex(('127.0.0.1', 9)); print('has')\n\
                except OSError: print('none')";
    for (key, expected) in [(&hermit, "none\n"), (&other, "has\n")] {
        let body = json!({"language": "python", "code": code});
        let answer = post_with_key(&app, key, "/v1/executions", &body).expect(202);
        let path = format!("/v1/executions/{}", answer.json()["id"].as_str().unwrap());
        let record = eventually(DEADLINE, "it has ended", || {
            let record = super::scoped::with_key(&app, key, &path).json();
            record["success"].is_boolean().then_some(record)
        });
        assert_eq!(record["stdout"], *expected, "{record:#}");
    }
}

/// The output of a tenant's program.
#[track_caller]
fn output(app: &TestApp, key: &str, code: &str) -> String {
    let body = json!({"language": "sh", "code": code});
    let answer = post_with_key(app, key, "/v1/executions", &body).expect(202);
    let path = format!("/v1/executions/{}", answer.json()["id"].as_str().unwrap());
    let record = eventually(DEADLINE, "it has ended", || {
        let record = super::scoped::with_key(app, key, &path).json();
        record["success"].is_boolean().then_some(record)
    });
    assert_eq!(record["success"], true, "{record:#}");
    record["stdout"].as_str().unwrap().to_owned()
}

#[test]
fn a_tenant_has_an_isolation_level_of_its_own() {
    let (mut app, [deep, plain]) = server(["deep", "plain"], |options| {
        options.env("RINGBACK_TENANTS__DEEP__ISOLATION", "sandbox")
    });
    // A sandbox has a root directory of its own, without the data of the server.
    let code = format!("[ -e {} ] && echo outside || echo inside", app.data_dir().display());
    for _ in 0..3 {
        assert_eq!(output(&app, &deep, &code), "inside\n");
        assert_eq!(output(&app, &plain, &code), "outside\n");
    }
    let isolation = app.get("/readyz?verbose").expect(200).json()["isolation"].clone();
    assert_eq!(isolation["level"], "none", "{isolation}");
    assert_eq!(isolation["besides"][0]["level"], "sandbox", "{isolation}");
    assert_eq!(isolation["besides"].as_array().map(Vec::len), Some(1), "{isolation}");

    // The next server has nobody at that level: what ran there is gone before it is ready.
    let long = json!({"language": "sh", "code": "exec sleep 1000"});
    post_with_key(&app, &deep, "/v1/executions", &long).expect(202);
    app.wait_for_program("sleep 1000");
    let lock = app.data_dir().join("launcher-sandbox.lock");
    assert!(lock.exists());
    app.kill9();
    app.change(|options| options.env("RINGBACK_TENANTS__DEEP__ISOLATION", "auto"));
    app.restart();
    assert!(app.programs().is_empty(), "{:?}", app.programs());
    assert!(!lock.exists(), "nobody looks there any more");
    assert_eq!(output(&app, &deep, &code), "outside\n");
    let isolation = app.get("/readyz?verbose").expect(200).json()["isolation"].clone();
    assert!(isolation.get("besides").is_none(), "{isolation}");
}

#[test]
fn the_loss_of_a_tenants_launcher_is_got_over() {
    let (app, [deep]) =
        server(["deep"], |options| options.env("RINGBACK_TENANTS__DEEP__ISOLATION", "sandbox"));
    let lock = std::fs::read_to_string(app.data_dir().join("launcher-sandbox.lock")).unwrap();
    let pid = lock.split_whitespace().next().and_then(|pid| pid.parse().ok()).unwrap();
    crate::support::processes::signal(pid, rustix::process::Signal::KILL);
    eventually(DEADLINE, "its loss is noticed", || {
        app.stderr().contains("the launcher has gone").then_some(())
    });
    for _ in 0..5 {
        assert_eq!(output(&app, &deep, "echo here"), "here\n");
    }
}

#[test]
fn a_network_that_cannot_be_taken_from_a_tenant_refuses_to_start() {
    let refused = TestApp::try_with(|options| {
        options
            .env("RINGBACK_EXECUTION__ISOLATION", "confined")
            .env("RINGBACK_TENANTS__WEAK__ISOLATION", "none")
            .env("RINGBACK_TENANTS__WEAK__NETWORK", "off")
    });
    let said = refused.err().expect("it does not start");
    assert!(said.contains("the network is \"off\" for `tenants.\"weak\"`"), "{said}");
}
