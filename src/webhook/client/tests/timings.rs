//! What an attempt's time went into.

use super::server::{Act, Receiver};
use super::*;

#[actix_rt::test]
async fn each_phase_has_its_own_time() {
    let delay = Duration::from_millis(80);
    let (server, tls) = tls_for("hooks.test");
    let receiver = Receiver::behind_tls(server, delay).await;
    let client = Client::new(ClientSettings { tls, ..settings() });
    let timings = post(&client, &receiver.url()).await.timings;
    let [dns, connect, tls, first_byte] =
        [timings.dns, timings.connect, timings.tls, timings.first_byte].map(Option::unwrap);
    // The receiver waits once before the handshake and once before its answer.
    assert!(tls >= delay && first_byte >= delay, "{timings:?}");
    assert!(dns + connect + tls + first_byte <= timings.total, "{timings:?}");
    assert!(dns + connect <= timings.total - 2 * delay, "{timings:?}");

    // On the same connection once more.
    let timings = post(&client, &receiver.url()).await.timings;
    assert_eq!((timings.connect, timings.tls), (None, None), "{timings:?}");
    assert!(timings.dns.is_some() && timings.first_byte.is_some_and(|time| time >= delay));
}

#[actix_rt::test]
async fn a_phase_that_did_not_happen_has_no_time() {
    let receiver = Receiver::acting([]).await;
    let client = Client::new(settings());
    let timings = post(&client, &receiver.url()).await.timings;
    assert!(timings.connect.is_some() && timings.tls.is_none(), "{timings:?}");

    let lookup = Told::error("no such name");
    let client = Client::new(ClientSettings { lookup, ..settings() });
    let timings = post(&client, &receiver.url()).await.timings;
    let phases = [timings.dns, timings.connect, timings.tls, timings.first_byte];
    assert_eq!(phases, [None; 4], "{timings:?}");
}

#[actix_rt::test]
async fn a_deadline_that_passes_leaves_the_times_of_what_was_over() {
    let timeout = Duration::from_millis(300);
    for (act, has_begun) in [(Act::Nothing, false), (Act::Say("HTTP/1.1 2"), true)] {
        let receiver = Receiver::acting([act.clone()]).await;
        let client = Client::new(ClientSettings { timeout, ..settings() });
        let attempted = post(&client, &receiver.url()).await;
        assert_eq!(verdict(&attempted), Err(ErrorClass::Timeout), "{act:?}");
        let timings = attempted.timings;
        assert!(timings.dns.is_some() && timings.connect.is_some(), "{act:?}: {timings:?}");
        // Whether the receiver had begun to answer is worth knowing.
        assert_eq!(timings.first_byte.is_some(), has_begun, "{act:?}: {timings:?}");
        assert!(timings.total >= timeout, "{timings:?}");
    }
}

/// The name lookup and the TLS handshake have classes of their own, however they run out of time.
#[actix_rt::test]
async fn the_sentence_says_what_took_too_long() {
    let short = Duration::from_millis(300);
    let (_, tls) = tls_for("hooks.test");
    // It waits for a request, and a client that speaks TLS for a handshake.
    let receiver = Receiver::acting([Act::Nothing]).await;
    let hint = Receiver::acting([Act::Say("HTTP/1.1 102 Wait\r\n\r\n")]).await;
    let https = receiver.url().replace("http:", "https:");
    let mute = || ClientSettings { lookup: Arc::new(Mute), ..settings() };
    let handshake = || ClientSettings { tls: Arc::clone(&tls), ..settings() };
    for (settings, url, class, sentence) in [
        (
            ClientSettings { dns_timeout: short, ..mute() },
            &https,
            ErrorClass::Dns,
            "The name lookup was not answered within 0.3 s.",
        ),
        (
            ClientSettings { timeout: short, ..mute() },
            &https,
            ErrorClass::Dns,
            "The name lookup was not answered within 0.3 s.",
        ),
        (
            ClientSettings { connect_timeout: short, ..handshake() },
            &https,
            ErrorClass::Tls,
            "The TLS handshake was not over within 0.3 s.",
        ),
        (
            ClientSettings { timeout: short, ..handshake() },
            &https,
            ErrorClass::Tls,
            "The TLS handshake was not over within 0.3 s.",
        ),
        (
            ClientSettings { timeout: short, ..settings() },
            &receiver.url(),
            ErrorClass::Timeout,
            "There was no answer within 0.3 s.",
        ),
        (
            ClientSettings { timeout: short, ..settings() },
            &hint.url(),
            ErrorClass::Timeout,
            "There was only an interim answer (102) within 0.3 s.",
        ),
    ] {
        let attempted = post(&Client::new(settings), url).await;
        assert_eq!(verdict(&attempted), Err(class), "{sentence}");
        assert_eq!(attempted.outcome.error.as_deref(), Some(sentence));
    }
}
