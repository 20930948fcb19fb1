//! What `ringback listen` says to those who ask for something that makes no sense, or cannot be had.
//! Every sentence names the flag.

use crate::support::{command, ran, ringback};

#[test]
fn a_mistake_is_told_by_the_name_of_its_flag() {
    let cases: &[(&[&str], &str)] = &[
        (&["--status", "700"], "--status"),
        (&["--status", "100"], "--status"),
        (&["--delay", "soon"], "expected a duration such as 3s"),
        (&["--delay=-1s"], "--delay"),
        (&["--retry-after", "5"], "--status"),
        (&["--retry-after", "5\n", "--status", "503"], "--retry-after: expected"),
        (&["--times", "2"], "--times needs a --status or a --delay"),
        (&["--count", "0"], "--count"),
        (&["--listen", "nowhere"], "--listen nowhere: expected an address"),
        (&["--listen", "127.0.0.1:99999"], "--listen"),
        (&["--secret", ""], "--secret (RINGBACK_SIGNING_SECRET) is empty"),
        (&["--secret", "whsec_???"], "--secret: a signing secret that begins with whsec_"),
        (&["--secret", "x", "--secret-file", "y"], "cannot be used with"),
        (&["-o", "table"], "--output"),
        (&["something"], "something"),
    ];
    for (arguments, expected) in cases {
        let ran = ringback(&[&["listen"], *arguments].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
        assert!(!ran.stderr.contains("???"), "a secret is not repeated: {}", ran.stderr);
    }
}

#[test]
fn a_port_that_is_taken_is_told_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = ran(command(&["listen", "--listen", &address, "--secret", "x"]));
    assert_eq!(ran.code, Some(1));
    let expected = format!("ringback: {address} is taken, perhaps by another `ringback listen`");
    assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("--listen 127.0.0.1:0"), "{}", ran.stderr);
}

#[test]
fn an_address_of_another_machine_is_told() {
    let ran = ringback(&["listen", "--listen", "192.0.2.1:4040", "--secret", "x"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cannot listen on 192.0.2.1:4040"), "{}", ran.stderr);
}

#[test]
fn help_shows_examples_and_no_secret() {
    let mut help = command(&["listen", "--help"]);
    help.env("RINGBACK_SIGNING_SECRET", "hunter2");
    let ran = ran(help);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("ringback listen --status 503 --times 2"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("hunter2"));
}
