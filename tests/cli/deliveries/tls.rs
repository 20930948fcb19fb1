//! A server behind https: the certificate must be one that is believed, and so must its name.
//! The endpoint behind it is no Ringback, which is as far as a client should come.

use crate::shared::wait::DEADLINE;
use crate::support::ringback;
use crate::tls_receiver::TlsReceiver;

#[test]
fn https_is_spoken_to_whom_is_believed_and_to_nobody_else() {
    let server = TlsReceiver::named("localhost");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("roots.pem");
    std::fs::write(&file, &server.certificate_pem).unwrap();
    let url = server.url();
    let list = ["deliveries", "list", "--token", "hunter2", "--server", &url];

    let stranger = ringback(&list);
    assert_eq!(stranger.code, Some(6), "{}", stranger.stderr);
    assert!(server.requests.try_recv().is_err(), "nothing is sent, and no token");

    let believed = ringback(&[&list[..], &["--ca-file", file.to_str().unwrap()]].concat());
    assert!(believed.stderr.contains("answered 204"), "{}", believed.stderr);
    let (name, line) = server.requests.recv_timeout(DEADLINE).unwrap();
    assert_eq!(name, "localhost");
    assert_eq!(line, "GET /hook/v1/deliveries?limit=50 HTTP/1.1");
}
