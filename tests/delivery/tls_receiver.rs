//! An endpoint behind TLS, with a certificate that the test makes.
//! Trusts nobody and is trusted by nobody, unless a test sees to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// An endpoint with a certificate for one name. It serves one request for each connection.
pub struct TlsReceiver {
    address: SocketAddr,
    /// What has to be trusted for it to be believed.
    pub certificate_pem: String,
    /// For each request the name that was asked for and the first line.
    pub requests: Receiver<(String, String)>,
}

impl TlsReceiver {
    /// With a certificate for this name that is valid now.
    pub fn named(name: &str) -> Self {
        Self::with(CertificateParams::new([name.to_owned()]).unwrap())
    }

    /// With a certificate of this kind, signed by itself.
    pub fn with(certificate: CertificateParams) -> Self {
        let pair = KeyPair::generate().unwrap();
        let made = certificate.self_signed(&pair).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, requests) = channel();
        let config = Arc::new(config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &config, &tell);
            }
        });
        Self { address, certificate_pem: made.pem(), requests }
    }

    /// Where it is, by a name.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/hook", self.address.port())
    }
}

/// Hands on the name that the client asked for and the request's first line.
fn serve(stream: TcpStream, config: &Arc<ServerConfig>, tell: &Sender<(String, String)>) {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut tls = StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match tls.read(&mut piece) {
            Ok(length) if length > 0 => request.extend_from_slice(&piece[..length]),
            // A client that does not believe the certificate hangs up here.
            _ => return,
        }
    }
    tls.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    tls.conn.send_close_notify();
    let _ = tls.flush();
    let name = tls.conn.server_name().unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&request).into_owned();
    tell.send((name, text.lines().next().unwrap_or_default().to_owned())).unwrap();
}
