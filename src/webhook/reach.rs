//! Whether an endpoint can be reached from here: judged, looked up and dialled as for a delivery,
//! up to the TLS handshake. Sends no request.

use std::net::SocketAddr;

use super::address::Endpoint;
use super::client::ClientSettings;
use super::dial::dial;
use super::failure::Failure;
use super::progress::Progress;
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
    let progress = Progress::default();
    let tried = connect(settings, &endpoint, &progress);
    let within = actix_rt::time::timeout(settings.timeout, tried).await;
    let too_slow = || Failure::too_slow(progress.phase(), settings.timeout, None);
    Ok(within.unwrap_or_else(|_| Err(too_slow()))?)
}

async fn connect(
    settings: &ClientSettings,
    endpoint: &Endpoint,
    progress: &Progress,
) -> Result<SocketAddr, Failure> {
    let addresses = resolve(endpoint, settings).await?;
    let (address, _connection) = dial(endpoint, &addresses, settings, progress).await?;
    Ok(address)
}
