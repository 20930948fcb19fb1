//! Dials one address that was vetted: TCP, and with https TLS for the name of the host.
//! Looks nothing up and sends no request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::address::Endpoint;
use super::client::ClientSettings;
use super::failure::Failure;
use super::progress::{Phase, Progress};
use super::wire::Stream;

/// How many addresses of one name are dialled. A name may have hundreds, and whoever set it up
/// chooses which of them answer.
const DIALLED_MAX: usize = 4;

/// Connects to the first of these addresses that takes a connection and, with https, proves to be
/// the endpoint's host. Only a few of many are tried.
///
/// # Errors
/// What became of the last one.
pub(super) async fn dial(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    settings: &ClientSettings,
    progress: &Progress,
) -> Result<(SocketAddr, Stream), Failure> {
    let mut failure = Failure::dns(endpoint.host(), "it has no address");
    for (tried, address) in addresses.iter().take(DIALLED_MAX).enumerate() {
        progress.address.set(Some(*address));
        match dial_one(endpoint, *address, settings, progress).await {
            Ok(stream) => return Ok((*address, stream)),
            // A host may be reachable by one of its addresses only, most often `localhost`.
            Err(failed) => failure = failed.after_others(tried),
        }
    }
    Err(failure)
}

async fn dial_one(
    endpoint: &Endpoint,
    address: SocketAddr,
    settings: &ClientSettings,
    progress: &Progress,
) -> Result<Stream, Failure> {
    let wait = settings.connect_timeout;
    let deadline = tokio::time::Instant::now() + wait;
    progress.enter(Phase::Connect);
    progress.tls.set(None);
    let began = Instant::now();
    let connected = timeout_at(deadline, TcpStream::connect(address)).await;
    let tcp = connected
        .map_err(|_| Failure::too_slow(Phase::Connect, wait, None))?
        .map_err(|error| Failure::connecting(&error))?;
    progress.connect.set(Some(began.elapsed()));
    // A request is written at once; nothing is gained by waiting for more. Without this it is
    // only slower.
    let _ = tcp.set_nodelay(true);
    if !endpoint.is_https() {
        return Ok(Either::Left(tcp));
    }
    progress.enter(Phase::Tls);
    let began = Instant::now();
    let shaken = timeout_at(deadline, shake_hands(endpoint, tcp, settings)).await;
    let tls = shaken
        .map_err(|_| Failure::too_slow(Phase::Tls, wait, None))?
        .map_err(|error| Failure::shaking_hands(endpoint.host(), &error))?;
    progress.tls.set(Some(began.elapsed()));
    Ok(Either::Right(Box::new(tls)))
}

/// The certificate must name the host of the URL: that the address was vetted proves nothing of
/// who answers there.
async fn shake_hands(
    endpoint: &Endpoint,
    tcp: TcpStream,
    settings: &ClientSettings,
) -> io::Result<TlsStream<TcpStream>> {
    let name = match endpoint.literal() {
        Some(address) => ServerName::from(address),
        None => ServerName::try_from(endpoint.host().to_owned()).map_err(io::Error::other)?,
    };
    TlsConnector::from(Arc::clone(&settings.tls)).connect(name, tcp).await
}
