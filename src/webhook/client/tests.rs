//! What the tests of the client share: a receiver on a socket, a name service that is told what to
//! say, and settings. Tests with the whole server are in `tests/delivery`.

mod answers;
mod names;
mod reuse;
mod server;
mod timings;

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::domain::ErrorClass;
use crate::webhook::tls;

/// Longer than anything takes that goes well.
const LONG: Duration = Duration::from_secs(20);

/// A name service that gives these answers, one for each question, and the last one for ever.
#[derive(Debug)]
struct Told(Mutex<VecDeque<Result<Vec<IpAddr>, &'static str>>>);

impl Told {
    fn addresses(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| Ok(answer.iter().map(|a| a.parse().unwrap()).collect());
        Arc::new(Self(Mutex::new(answers.iter().map(parsed).collect())))
    }

    fn error(why: &'static str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(VecDeque::from([Err(why)]))))
    }
}

#[async_trait]
impl Lookup for Told {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let answer = answers[0].clone();
        if answers.len() > 1 {
            answers.pop_front();
        }
        answer.map_err(io::Error::other)
    }
}

/// A name service that never answers.
#[derive(Debug)]
struct Mute;

#[async_trait]
impl Lookup for Mute {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

/// Patient settings, under which every name is at 127.0.0.1, and 127.0.0.0/8 may be called.
fn settings() -> ClientSettings {
    // The second network is nowhere. With it names may be called over http.
    let allow = ["127.0.0.0/8", "198.51.100.0/24"].map(|entry| entry.parse().unwrap());
    ClientSettings {
        timeout: LONG,
        dns_timeout: LONG,
        connect_timeout: LONG,
        keep_alive: LONG,
        response_bytes_max: 64,
        lookup: Told::addresses(&[&["127.0.0.1"]]),
        policy: Arc::new(AddressPolicy::new(allow.to_vec(), false)),
        tls: tls::client_config(None).unwrap(),
    }
}

async fn post(client: &Client, url: &str) -> Attempted {
    let headers = [("webhook-id".to_owned(), "evt_1".to_owned())];
    let body = Bytes::from_static(b"{}");
    client.attempt(Request { url, headers: &headers, body }, Timestamp::from_millis(0)).await
}

/// The status or the class of the failure.
fn verdict(attempted: &Attempted) -> Result<u16, ErrorClass> {
    match (attempted.outcome.status_code, attempted.outcome.error_class) {
        (_, Some(class)) => Err(class),
        (Some(status), None) => Ok(status),
        (None, None) => panic!("neither an answer nor a failure: {attempted:?}"),
    }
}

/// Both ends of TLS for a name: a server's configuration, and a client's that trusts it.
fn tls_for(name: &str) -> (Arc<rustls::ServerConfig>, Arc<rustls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("roots.pem");
    std::fs::write(&path, made.cert.pem()).unwrap();
    (Arc::new(server), tls::client_config(Some(&path)).unwrap())
}
