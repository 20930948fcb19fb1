//! What name servers can say and fail to say, through the system's own resolver.

use std::time::{Duration, Instant};

use serde_json::json;

use super::own_network::{Answer, Question, with_own_names};
use super::{attempt_at, failed};
use crate::outbox::delivery_once;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

const HERE: [u8; 4] = [127, 0, 0, 1];
const INSIDE: [u8; 4] = [10, 0, 0, 1];
const METADATA: [u8; 4] = [169, 254, 169, 254];

fn answers(question: &Question) -> Option<Answer> {
    Some(match question.name.as_str() {
        "good.test" => Answer::Addresses(vec![HERE]),
        "none.test" => Answer::Code(3),
        "broken.test" => Answer::Code(2),
        "empty.test" => Answer::Addresses(vec![]),
        "mixed.test" => Answer::Addresses(vec![HERE, INSIDE]),
        "hundred.test" => Answer::Addresses((1..=100).map(|last| [127, 0, 1, last]).collect()),
        "alias.test" => Answer::Alias("inside.test", INSIDE),
        "cloud.test" => Answer::Addresses(vec![METADATA]),
        // The same name for a good server at first, and for one inside afterwards.
        "moving.test" if question.earlier == 0 => Answer::Addresses(vec![HERE]),
        "moving.test" => Answer::Addresses(vec![INSIDE]),
        _ => return None,
    })
}

/// A server that may call what is here, by whatever name.
fn app(schedule: &str) -> TestApp {
    TestApp::with(|options| {
        options
            .argument("--allow-callback-to", "127.0.0.0/8")
            // Nothing is there; with a network beyond loopback, names may be called over http.
            .argument("--allow-callback-to", "198.51.100.0/24")
            .env("RINGBACK_WEBHOOK__DNS_TIMEOUT", "500ms")
            // Many fail here, and each attempt is to be made.
            .without_breakers()
            .retry_schedule(schedule)
    })
}

#[test]
fn what_a_name_server_says_is_judged_at_each_delivery() {
    with_own_names(
        "faults::names::what_a_name_server_says_is_judged_at_each_delivery",
        answers,
        || {
            let app = app("");
            let receiver = TestReceiver::start();
            let port = receiver.address().port();
            let attempt = |name: &str| attempt_at(&app, &format!("http://{name}:{port}/hook"));

            let good = attempt("good.test");
            assert_eq!(good["status_code"], 200, "{good:#}");
            assert!(good["timings_ms"]["dns"].as_f64().is_some_and(|ms| ms > 0.0), "{good:#}");
            let host = format!("good.test:{port}");
            assert_eq!(receiver.first().header("host"), Some(host.as_str()));

            failed(&attempt("none.test"), "dns", "The address of none.test could not be found: ");
            failed(&attempt("broken.test"), "dns", "temporary failure");
            failed(&attempt("empty.test"), "dns", "The address of empty.test could not be found: ");
            failed(&attempt("mute.test"), "dns", "The name lookup was not answered within 0.5 s.");
            failed(&attempt("hundred.test"), "connect", "the last of 4 addresses that were tried");
            for (name, what) in [
                ("mixed.test", "a private address"),
                ("alias.test", "a private address"),
                ("cloud.test", "a cloud's metadata service"),
            ] {
                let attempt = attempt(name);
                assert_eq!(attempt["error_class"], "refused", "{attempt:#}");
                assert!(attempt["error"].as_str().unwrap().contains(what), "{attempt:#}");
                assert_eq!(attempt["address"], json!(null), "nothing was dialled");
            }
            assert_eq!(receiver.received().len(), 1);
        },
    );
}

#[test]
fn a_name_that_moves_inside_between_two_attempts_is_refused() {
    let test = "faults::names::a_name_that_moves_inside_between_two_attempts_is_refused";
    with_own_names(test, answers, || {
        let app = app("20ms,20ms");
        let receiver = TestReceiver::always(crate::support::scripted::Scripted::status(500));
        let url = format!("http://moving.test:{}/hook", receiver.address().port());
        let body = json!({"language": "sh", "code": "true", "callback_url": url});
        let delivery = delivery_once(&app, &app.submit(body).id, "refused");
        let classes: Vec<_> =
            delivery["attempts"].as_array().unwrap().iter().map(|a| &a["error_class"]).collect();
        assert_eq!(classes, ["status", "refused"], "{delivery:#}");
        assert_eq!(receiver.received().len(), 1);
    });
}

/// Each attempt gives up soon, and the system's resolver asks on for long: what it leaves behind
/// must not pile up, and nobody else must wait for it.
#[test]
fn names_that_are_never_answered_take_nothing_from_anybody_else() {
    let test = "faults::names::names_that_are_never_answered_take_nothing_from_anybody_else";
    with_own_names(test, answers, || {
        let app = app("10ms,10ms,10ms");
        let receiver = TestReceiver::start();
        let port = receiver.address().port();
        let submit = |name: &str| {
            let url = format!("http://{name}:{port}/hook");
            app.submit(json!({"language": "sh", "code": "true", "callback_url": url})).id
        };
        let threads = || std::fs::read_dir(format!("/proc/{}/task", app.pid())).unwrap().count();
        delivery_once(&app, &submit("good.test"), "delivered");
        let before = threads();
        let mute: Vec<String> =
            (0..40).map(|number| submit(&format!("mute-{}.test", number % 4))).collect();
        delivery_once(&app, &submit("good.test"), "delivered");
        for id in &mute {
            let delivery = delivery_once(&app, id, "exhausted");
            assert_eq!(delivery["attempts"][3]["error_class"], "dns", "{delivery:#}");
        }
        // Of 160 lookups one for each name is still under way, and holds a thread.
        let grown = threads().saturating_sub(before);
        assert!(grown <= 12, "{grown} threads more");
    });
}

#[test]
fn a_server_that_stops_waits_for_no_name_server() {
    let test = "faults::names::a_server_that_stops_waits_for_no_name_server";
    with_own_names(test, answers, || {
        let mut app = app("");
        failed(&attempt_at(&app, "http://mute.test/hook"), "dns", "was not answered");
        // The system's resolver asks twice, 5 s each time, and is at it still.
        let began = Instant::now();
        app.terminate();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    });
}
