//! When a connection is used again, and when it must not be.

use super::server::{Act, OK, Receiver};
use super::*;

/// Makes so many attempts, one after the other, and gives their verdicts.
async fn attempts(client: &Client, url: &str, count: usize) -> Vec<Result<u16, ErrorClass>> {
    let mut verdicts = Vec::new();
    for _ in 0..count {
        verdicts.push(verdict(&post(client, url).await));
    }
    verdicts
}

#[actix_rt::test]
async fn one_connection_serves_attempts_that_follow_each_other() {
    let receiver = Receiver::acting([]).await;
    let client = Client::new(settings());
    assert_eq!(attempts(&client, &receiver.url(), 5).await, [Ok(200); 5]);
    assert_eq!(receiver.requests_by_connection(), [5]);
    let request = receiver.requests().remove(0).to_lowercase();
    assert!(!request.contains("connection: close"), "{request}");
}

#[actix_rt::test]
async fn without_keep_alive_every_attempt_has_its_own_and_says_so() {
    let receiver = Receiver::acting([]).await;
    let client = Client::new(ClientSettings { keep_alive: Duration::ZERO, ..settings() });
    assert_eq!(attempts(&client, &receiver.url(), 2).await, [Ok(200); 2]);
    assert_eq!(receiver.requests_by_connection(), [1, 1]);
    for request in receiver.requests() {
        assert!(request.to_lowercase().contains("\r\nconnection: close\r\n"), "{request}");
    }
    receiver.closed(2).await;
}

#[actix_rt::test]
async fn attempts_at_the_same_time_have_a_connection_each() {
    let receiver = Receiver::acting([]).await;
    let client = Client::new(settings());
    let url = receiver.url();
    let both = futures_util::future::join(post(&client, &url), post(&client, &url)).await;
    assert_eq!((verdict(&both.0), verdict(&both.1)), (Ok(200), Ok(200)));
    assert_eq!(receiver.requests_by_connection(), [1, 1]);
    assert_eq!(attempts(&client, &url, 2).await, [Ok(200); 2]);
    assert_eq!(receiver.requests_by_connection().len(), 2, "no third one");
}

#[actix_rt::test]
async fn an_answer_that_leaves_anything_open_ends_its_connection() {
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
        // Only the HTTP library knows where chunks end, and it does not say what came behind.
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok",
        // Longer than the 64 bytes that are kept here.
        "HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n\
         0123456789012345678901234567890123456789012345678901234567890123456789",
    ] {
        let receiver = Receiver::acting([Act::Say(answer)]).await;
        let client = Client::new(settings());
        let verdicts = attempts(&client, &receiver.url(), 2).await;
        assert!(verdicts.iter().all(Result::is_ok), "{answer:?}: {verdicts:?}");
        assert_eq!(receiver.requests_by_connection(), [1, 1], "{answer:?}");
        receiver.closed(1).await;
    }
}

#[actix_rt::test]
async fn a_failure_that_was_said_in_good_order_keeps_its_connection() {
    let error = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy";
    let nothing = "HTTP/1.1 204 No Content\r\n\r\n";
    let hint = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let receiver = Receiver::acting([error, nothing, hint].map(Act::Say)).await;
    let client = Client::new(settings());
    let verdicts = attempts(&client, &receiver.url(), 4).await;
    assert_eq!(verdicts, [Err(ErrorClass::Status), Ok(204), Ok(200), Ok(200)]);
    assert_eq!(receiver.requests_by_connection(), [4]);
}

#[actix_rt::test]
async fn an_answer_that_was_late_ends_its_connection() {
    let half = Act::Say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok");
    let receiver = Receiver::acting([half]).await;
    let client = Client::new(ClientSettings { timeout: Duration::from_millis(300), ..settings() });
    let late = post(&client, &receiver.url()).await;
    assert_eq!(verdict(&late), Ok(200));
    assert!(late.outcome.response_truncated && late.outcome.response_body == "ok", "{late:?}");
    receiver.closed(1).await;
    assert_eq!(attempts(&client, &receiver.url(), 1).await, [Ok(200)]);
    assert_eq!(receiver.requests_by_connection(), [1, 1]);
}

/// Whether the end of the connection comes before the next request or because of it.
#[actix_rt::test]
async fn a_connection_that_the_receiver_closed_meanwhile_is_replaced_in_the_same_attempt() {
    let polite = Act::SayAndClose("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    for (script, requests) in [(vec![polite], 2), (vec![OK, Act::SayAndClose("")], 3)] {
        let receiver = Receiver::acting(script.clone()).await;
        let client = Client::new(settings());
        let verdicts = attempts(&client, &receiver.url(), 2).await;
        assert_eq!(verdicts, [Ok(200); 2], "{script:?}");
        assert_eq!(receiver.requests_by_connection().len(), 2, "{script:?}");
        assert_eq!(receiver.requests().len(), requests, "{script:?}");
    }
}

#[actix_rt::test]
async fn it_is_replaced_once_and_only_before_a_byte_has_come() {
    let close = || Act::SayAndClose("");
    for (script, requests, class) in [
        (vec![OK, close(), close()], 3, ErrorClass::Reset),
        (vec![OK, Act::SayAndClose("HTTP/1.1 2")], 2, ErrorClass::Reset),
        (vec![OK, Act::SayAndClose("nonsense")], 2, ErrorClass::Protocol),
        (vec![OK, Act::SayAndClose("HTTP/1.1 100 Go\r\n\r\n")], 2, ErrorClass::Reset),
        (vec![OK, Act::Nothing], 2, ErrorClass::Timeout),
    ] {
        let receiver = Receiver::acting(script.clone()).await;
        let timeout = Duration::from_millis(500);
        let client = Client::new(ClientSettings { timeout, ..settings() });
        let verdicts = attempts(&client, &receiver.url(), 2).await;
        assert_eq!(verdicts, [Ok(200), Err(class)], "{script:?}");
        assert_eq!(receiver.requests().len(), requests, "{script:?}");
    }
}

#[actix_rt::test]
async fn a_new_connection_that_breaks_is_a_failure_at_once() {
    let receiver = Receiver::acting([Act::SayAndClose("")]).await;
    let client = Client::new(settings());
    assert_eq!(attempts(&client, &receiver.url(), 1).await, [Err(ErrorClass::Reset)]);
    assert_eq!(receiver.requests().len(), 1);
}

#[actix_rt::test]
async fn an_idle_connection_is_closed_in_time() {
    let receiver = Receiver::acting([]).await;
    let keep_alive = Duration::from_millis(50);
    let client = Client::new(ClientSettings { keep_alive, ..settings() });
    assert_eq!(attempts(&client, &receiver.url(), 1).await, [Ok(200)]);
    receiver.closed(1).await;
    assert_eq!(attempts(&client, &receiver.url(), 1).await, [Ok(200)]);
    receiver.closed(2).await;
    assert_eq!(receiver.requests_by_connection(), [1, 1]);
}

#[actix_rt::test]
async fn a_name_that_has_moved_gets_another_connection() {
    let receiver = Receiver::everywhere().await;
    let lookup = Told::addresses(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.9", "127.0.0.1"]]);
    let client = Client::new(ClientSettings { lookup, ..settings() });
    let mut dialled = Vec::new();
    for _ in 0..3 {
        let attempted = post(&client, &receiver.url()).await;
        assert_eq!(verdict(&attempted), Ok(200));
        dialled.push(attempted.address.unwrap().ip().to_string());
    }
    // The third time the first connection is one of those that were vetted.
    assert_eq!(dialled, ["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
    assert_eq!(receiver.requests_by_connection(), [2, 1]);
}

#[actix_rt::test]
async fn a_connection_that_is_open_opens_nothing_that_is_refused_by_now() {
    let receiver = Receiver::acting([]).await;
    let lookup = Told::addresses(&[&["127.0.0.1"], &["127.0.0.1", "169.254.169.254"]]);
    let client = Client::new(ClientSettings { lookup, ..settings() });
    let verdicts = attempts(&client, &receiver.url(), 2).await;
    assert_eq!(verdicts, [Ok(200), Err(ErrorClass::Refused)]);
    assert_eq!(receiver.requests().len(), 1);
}

#[actix_rt::test]
async fn tls_is_used_again_too() {
    let (server, tls) = tls_for("hooks.test");
    let receiver = Receiver::behind_tls(server, Duration::ZERO).await;
    let client = Client::new(ClientSettings { tls, ..settings() });
    assert_eq!(attempts(&client, &receiver.url(), 3).await, [Ok(200); 3]);
    assert_eq!(receiver.requests_by_connection(), [3]);
    // It takes leave, without which the other side could not tell an end from an attack.
    drop(client);
    receiver.closed(1).await;
    assert_eq!(receiver.broken(), 0);
}

#[actix_rt::test]
async fn however_connections_change_hands_everybody_gets_the_answer_to_what_he_sent() {
    const LANES: usize = 8;
    const EACH: usize = 50;
    let receiver = Receiver::acting(vec![Act::Echo; LANES * EACH]).await;
    let client = Client::new(settings());
    let lane = |lane: usize| {
        let (client, url) = (client.clone(), receiver.url());
        async move {
            for number in 0..EACH {
                let asked = format!("{url}&n={lane}-{number}");
                let attempted = post(&client, &asked).await;
                let said = attempted.outcome.response_body;
                assert_eq!(said, format!("POST /hook?a=b&n={lane}-{number} HTTP/1.1"));
            }
        }
    };
    futures_util::future::join_all((0..LANES).map(lane)).await;
    let connections = receiver.requests_by_connection();
    assert!(connections.len() <= LANES, "{connections:?}");
    assert_eq!(connections.iter().sum::<usize>(), LANES * EACH);
}
