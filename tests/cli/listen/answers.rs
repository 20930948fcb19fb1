//! What `ringback listen` answers when it is told what to answer.
//! Looks at answers as a sender does.

use std::time::{Duration, Instant};

use super::listener::{BODY, Listener, signed};

#[test]
fn the_first_so_many_are_answered_as_told_and_the_rest_well() {
    let told = ["--status", "503", "--times", "2", "--retry-after", "7"];
    let listener = Listener::start(&told);
    let answers = [(); 4].map(|()| {
        let answer = listener.post(&signed("evt_1"), BODY);
        (answer.status, answer.header("retry-after").map(str::to_owned))
    });
    let busy = (503, Some("7".to_owned()));
    assert_eq!(answers, [busy.clone(), busy, (200, None), (200, None)]);
    let printed = listener.printed("attempt 4");
    assert_eq!(printed.matches("answered 503").count(), 2, "{printed}");
    assert_eq!(printed.matches("answered 200").count(), 2, "{printed}");
}

#[test]
fn without_a_number_all_are_answered_as_told() {
    let listener = Listener::start(&["--status", "410"]);
    let statuses = [(); 3].map(|()| listener.post(&signed("evt_1"), BODY).status);
    assert_eq!(statuses, [410; 3]);
}

#[test]
fn a_delay_is_waited_for_and_disturbs_no_other_callback() {
    let listener = Listener::start(&["--delay", "700ms", "--times", "1"]);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let start = Instant::now();
            (listener.post(&signed("evt_slow"), BODY).status, start.elapsed())
        });
        let printed = listener.printed("answered 200 after 700ms");
        assert_eq!(printed.matches("answered").count(), 1, "{printed}");
        assert_eq!(listener.post(&signed("evt_quick"), BODY).status, 200);
        assert!(!slow.is_finished(), "it is told of before it is answered");
        let (status, took) = slow.join().unwrap();
        assert_eq!(status, 200);
        assert!(took >= Duration::from_millis(700), "{took:?}");
    });
}

#[test]
fn the_last_callback_gets_its_answer_before_the_end() {
    let mut listener = Listener::start(&["--delay", "300ms", "--status", "202", "--count", "1"]);
    assert_eq!(listener.post(&signed("evt_1"), BODY).status, 202);
    assert_eq!(listener.end().code(), Some(0));
}
