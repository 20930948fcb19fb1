//! Answers in odd pieces and with odd bytes: always a verdict, never a panic and never a hang.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::server::{Act, Receiver};
use super::*;

async fn answered(answer: &'static str) -> Attempted {
    let receiver = Receiver::acting([Act::SayAndClose(answer)]).await;
    post(&Client::new(settings()), &receiver.url()).await
}

#[actix_rt::test]
async fn a_body_without_a_length_ends_with_its_connection() {
    for answer in ["HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello"] {
        let attempted = answered(answer).await;
        assert_eq!(verdict(&attempted), Ok(200));
        assert_eq!(attempted.outcome.response_body, "hello");
        assert!(!attempted.outcome.response_truncated);
    }
}

#[actix_rt::test]
async fn a_body_without_a_length_that_pauses_is_not_waited_for() {
    let receiver = Receiver::acting([Act::Say("HTTP/1.1 200 OK\r\n\r\nhello")]).await;
    let attempted = post(&Client::new(settings()), &receiver.url()).await;
    assert_eq!((verdict(&attempted), attempted.outcome.response_body.as_str()), (Ok(200), "hello"));
    assert!(attempted.timings.total < LONG / 2, "{attempted:?}");
}

#[actix_rt::test]
async fn a_body_that_ends_too_early_is_truncated() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nffffffffffffffffff\r\n",
    ] {
        let attempted = answered(answer).await;
        assert_eq!(verdict(&attempted), Ok(200), "{answer:?}");
        assert!(attempted.outcome.response_truncated, "{answer:?}");
        assert_eq!(attempted.outcome.response_body, "hello", "{answer:?}");
    }
}

/// Between any two bytes the network may pause.
#[actix_rt::test]
async fn an_answer_in_two_pieces_is_the_same_answer() {
    let answer = "HTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 201 Made\r\n\
                  content-length: 5\r\n\r\nhello";
    let pieces = (1..answer.len()).map(|at| answer.split_at(at));
    let receiver = Receiver::acting(pieces.map(|(one, two)| Act::SayInTwo(one, two))).await;
    let client = Client::new(settings());
    for at in 1..answer.len() {
        let attempted = post(&client, &receiver.url()).await;
        assert_eq!(verdict(&attempted), Ok(201), "{at}");
        assert_eq!(attempted.outcome.response_body, "hello", "{at}");
        assert!(!attempted.outcome.response_truncated, "{at}");
    }
    assert_eq!(receiver.requests_by_connection(), [answer.len() - 1], "on one connection");
}

#[test]
fn whatever_a_receiver_says_there_is_a_verdict() {
    let piece = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 103 Hint\r\n\r\n",
        "HTTP/1.0 500 No\r\n",
        "content-length: 3\r\n",
        "content-length: 99999999999\r\n",
        "transfer-encoding: chunked\r\n",
        "connection: upgrade\r\nupgrade: websocket\r\n",
        "\r\n",
        "\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "\0\u{ff}",
        "x",
    ]);
    let answers = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    let system = actix_rt::System::new();
    let mut runner = TestRunner::new(Config::with_cases(300));
    let run = runner.run(&answers, |answer| {
        let kept: &'static str = Box::leak(answer.into_boxed_str());
        let attempted = system.block_on(answered(kept));
        let outcome = attempted.outcome;
        let judged = outcome.error_class.is_some() || outcome.status_code == Some(200);
        prop_assert!(judged && outcome.error_class.is_some() == outcome.error.is_some());
        prop_assert!(attempted.timings.total < LONG, "{kept:?} took too long");
        Ok(())
    });
    run.unwrap();
}
