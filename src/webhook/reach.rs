//! Whether an endpoint can be reached from here: judged, looked up and dialled as for a delivery,
//! up to the TLS handshake. Sends no request.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Service;
use awc::error::SendRequestError;
use awc::http::Uri;

use super::address::Endpoint;
use super::client::ClientSettings;
use super::failure::Failure;
use super::resolve::resolve;
use crate::domain::ErrorClass;

/// Why an endpoint is not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Unreachable {
    /// In a class that programs can count.
    pub class: ErrorClass,
    /// In a sentence that people can read.
    pub sentence: String,
}

impl From<Failure> for Unreachable {
    fn from(failure: Failure) -> Self {
        let (class, sentence) = failure.into_parts();
        Self { class, sentence }
    }
}

/// Connects to the endpoint of a callback URL and gives the address that took the connection;
/// with https, the TLS handshake has been made too.
///
/// # Errors
/// When the URL or one of its addresses is refused, or nobody answers there within the deadlines
/// of `settings`.
pub async fn reach(settings: &ClientSettings, url: &str) -> Result<SocketAddr, Unreachable> {
    let endpoint = settings.policy.check_url(url).map_err(Failure::refused)?;
    let dialled = dial(settings, &endpoint);
    let within = actix_rt::time::timeout(settings.timeout, dialled).await;
    let dialled = within.unwrap_or_else(|_| Err(Failure::timeout(settings.timeout)));
    Ok(dialled?)
}

async fn dial(settings: &ClientSettings, endpoint: &Endpoint) -> Result<SocketAddr, Failure> {
    let scheme = if endpoint.is_https() { "https" } else { "http" };
    let uri = Uri::try_from(format!("{scheme}://{}", endpoint.authority()));
    let uri = uri.expect("a plain host name or an address, and a port");
    let connector = awc::Connector::new()
        .rustls_0_23(Arc::clone(&settings.tls))
        .timeout(settings.connect_timeout)
        .handshake_timeout(settings.connect_timeout)
        .finish();
    let mut failure = Failure::dns(endpoint.host(), "it has no address");
    for address in resolve(endpoint, settings).await? {
        let connect = awc::Connect { uri: uri.clone(), addr: Some(address) };
        match connector.call(connect).await {
            Ok(_connection) => return Ok(address),
            Err(error) => failure = Failure::sending(&SendRequestError::Connect(error)),
        }
    }
    Err(failure)
}
