//! What a receiver says of when to come again, in every way in which that is said.

use jiff::SignedDuration;
use serde_json::Value;

use crate::outbox::{calling, delivery};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

/// The delay of the schedule here, in seconds.
const BASE: f64 = 2.0;

/// What jitter adds to it at most, and what a busy machine may add to anything.
const LATER_MAX: f64 = 2.0;

/// When the first attempt began, which was answered like this, and when the next one is due.
#[track_caller]
fn times(app: &TestApp, status: u16, retry_after: &str) -> (jiff::Timestamp, jiff::Timestamp) {
    let answer = Scripted::status(status).header("retry-after", retry_after);
    let receiver = TestReceiver::always(answer);
    let id = app.submit(calling(&receiver)).id;
    let delivery = eventually(DEADLINE, "it was tried and waits", || {
        delivery(app, &id).filter(|delivery| !delivery["attempts"][0].is_null())
    });
    let attempt = &delivery["attempts"][0];
    assert_eq!(attempt["status_code"], status, "{attempt:#}");
    (at(&attempt["started_at"]), at(&delivery["next_attempt_at"]))
}

/// How long the delivery waits after an attempt that was answered like this, in seconds.
#[track_caller]
fn pause_after(app: &TestApp, status: u16, retry_after: &str) -> f64 {
    let (began, next) = times(app, status, retry_after);
    next.duration_since(began).as_secs_f64()
}

fn at(time: &Value) -> jiff::Timestamp {
    time.as_str().unwrap().parse().unwrap()
}

fn http_date(time: jiff::Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn who_is_busy_or_has_had_enough_is_left_alone_for_as_long_as_it_asks() {
    let app = TestApp::with(|options| options.retry_schedule("2s"));
    for status in [429, 503] {
        for (asked, seconds) in [
            ("0".to_owned(), BASE),
            ("5".to_owned(), 5.0),
            ("120.1".to_owned(), 121.0),
            ("Wed, 21 Oct 2015 07:28:00 GMT".to_owned(), BASE),
            ("1000000000000000000".to_owned(), 86_400.0),
            (http_date(jiff::Timestamp::now() + SignedDuration::from_hours(1000)), 86_400.0),
            ("-1".to_owned(), BASE),
            ("1e18".to_owned(), BASE),
            ("soon".to_owned(), BASE),
            (String::new(), BASE),
        ] {
            let pause = pause_after(&app, status, &asked);
            let later = pause - seconds;
            assert!((0.0..LATER_MAX).contains(&later), "{status} {asked:?}: {pause} s");
        }
    }
}

#[test]
fn from_any_other_status_a_wish_to_wait_is_not_taken() {
    let app = TestApp::with(|options| options.retry_schedule("2s"));
    for status in [301, 400, 401, 404, 408, 422, 425, 500, 502, 504] {
        let pause = pause_after(&app, status, "3600");
        assert!((BASE..BASE + LATER_MAX).contains(&pause), "{status}: {pause} s");
    }
}

#[test]
fn a_date_is_waited_for() {
    let app = TestApp::with(|options| options.retry_schedule("2s"));
    for status in [429, 503] {
        // A date has whole seconds.
        let date = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap();
        let date = date + SignedDuration::from_secs(60);
        let (_, next) = times(&app, status, &http_date(date));
        let later = next.duration_since(date).as_secs_f64();
        assert!((-0.001..LATER_MAX).contains(&later), "{status}: {later} s after the date");
    }
}
