//! TLS that fails, at each point at which it can, and what is said of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rcgen::{CertificateParams, date_time_ymd};

use super::{attempt_at, failed};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::tls::app_believing;
use crate::tls_receiver::TlsReceiver;

/// What comes of a callback to a receiver whose certificate is trusted as far as that goes.
#[track_caller]
fn refused(certificate: CertificateParams, words: &str) {
    let receiver = TlsReceiver::with(certificate);
    let (app, _directory) = app_believing(Some(&receiver.certificate_pem));
    failed(&attempt_at(&app, &receiver.url()), "tls", words);
    assert!(receiver.requests.try_recv().is_err(), "nothing was sent");
}

fn for_localhost() -> CertificateParams {
    CertificateParams::new(["localhost".to_owned()]).unwrap()
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let mut past = for_localhost();
    past.not_after = date_time_ymd(2001, 1, 1);
    refused(past, "certificate has expired");
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_refused() {
    let mut future = for_localhost();
    future.not_before = date_time_ymd(4000, 1, 1);
    refused(future, "certificate is not valid yet");
}

/// The address is pinned and right; who answers there must be the host all the same.
#[test]
fn a_certificate_for_another_name_or_for_the_address_alone_is_refused() {
    for name in ["elsewhere.test", "127.0.0.1", "a.localhost", "*.localhost"] {
        let certificate = CertificateParams::new([name.to_owned()]).unwrap();
        refused(certificate, "certificate is not for localhost");
    }
}

#[test]
fn a_certificate_for_an_address_is_believed_where_the_url_has_the_address() {
    let receiver = TlsReceiver::named("127.0.0.1");
    let (app, _directory) = app_believing(Some(&receiver.certificate_pem));
    let url = receiver.url().replace("localhost", "127.0.0.1");
    assert_eq!(attempt_at(&app, &url)["status_code"], 204);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let receiver = TlsReceiver::with(for_localhost());
    let (app, _directory) = app_believing(None);
    failed(&attempt_at(&app, &receiver.url()), "tls", "nobody whom we trust vouches");
}

#[test]
fn a_receiver_that_speaks_only_old_tls_is_refused() {
    let mut hello = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01".to_vec();
    hello.extend_from_slice(&[7; 32]);
    // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    hello.extend_from_slice(b"\x00\x00\x2f\x00");
    // The alert is "protocol version", of a server that knows no version that it was offered.
    for said in [&b"\x15\x03\x01\x00\x02\x02\x46"[..], &hello] {
        shakes_hands_with(said, End::Stay, "TLS 1.2 or newer is needed");
    }
}

#[test]
fn a_port_that_speaks_plain_http_is_said_to_be_one() {
    let words = "does that port speak plain http";
    shakes_hands_with(b"HTTP/1.1 400 Bad Request\r\n\r\n", End::Close, words);
    let app = app();
    let plain = TestReceiver::start();
    let url = plain.url("/hook").replace("http:", "https:");
    // A server that reads a head finds none in a handshake, and waits.
    failed(&attempt_at(&app, &url), "tls", "The TLS handshake");
    assert!(plain.received().is_empty());
}

#[test]
fn a_handshake_that_stalls_is_a_failure_of_tls_in_time() {
    shakes_hands_with(b"", End::Stay, "The TLS handshake was not over within 1 s.");
    // Half of a record.
    shakes_hands_with(b"\x16\x03\x03\x10\x00\x02", End::Stay, "was not over within 1 s.");
}

#[test]
fn a_receiver_that_hangs_up_in_the_handshake_is_a_failure_of_tls() {
    shakes_hands_with(b"", End::Close, "the receiver closed the connection");
    shakes_hands_with(b"\x16\x03\x03\x10\x00\x02", End::Close, "closed the connection");
    shakes_hands_with(b"\x15\x03\x03\x00\x02\x02\x28", End::Close, "no version and cipher");
    shakes_hands_with(b"\x15\x03\x03\x00\x02\x02\x70", End::Close, "does not know the name");
}

/// What a receiver does once it has said what it says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Close,
    Stay,
}

fn app() -> TestApp {
    TestApp::with(|options| {
        let options = options.argument("--allow-callback-to", "localhost").retry_schedule("");
        options.env("RINGBACK_WEBHOOK__CONNECT_TIMEOUT", "1s")
    })
}

/// Answers the first message of a handshake with these bytes.
#[track_caller]
fn shakes_hands_with(said: &[u8], end: End, words: &str) {
    let app = app();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let said = said.to_vec();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &said, end);
        }
    });
    let attempt = attempt_at(&app, &format!("https://127.0.0.1:{}/hook", address.port()));
    failed(&attempt, "tls", words);
}

fn answer(mut stream: TcpStream, said: &[u8], end: End) -> std::io::Result<()> {
    let mut hello = [0; 16 * 1024];
    // All of it, or else the connection would be reset and not closed.
    let _ = stream.read(&mut hello)?;
    stream.write_all(said)?;
    while end == End::Stay && stream.read(&mut hello)? > 0 {}
    Ok(())
}
