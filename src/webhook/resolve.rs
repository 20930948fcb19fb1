//! Finds the addresses of an endpoint and has each of them judged. Dials none.

use std::net::SocketAddr;

use super::address::Endpoint;
use super::client::ClientSettings;
use super::failure::Failure;

/// Every address of the host, all of them allowed. One that is not refuses them all: nobody has a
/// good reason to mix public and internal addresses under one name.
///
/// # Errors
/// When there is no answer in time, or an address is refused.
pub(super) async fn resolve(
    endpoint: &Endpoint,
    settings: &ClientSettings,
) -> Result<Vec<SocketAddr>, Failure> {
    let port = endpoint.port();
    let addresses: Vec<SocketAddr> = if let Some(literal) = endpoint.literal() {
        vec![SocketAddr::new(literal, port)]
    } else {
        let look_up = tokio::net::lookup_host((endpoint.host(), port));
        match actix_rt::time::timeout(settings.dns_timeout, look_up).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(error)) => return Err(Failure::dns(endpoint.host(), &error.to_string())),
            Err(_) => return Err(Failure::dns(endpoint.host(), "no answer in time")),
        }
    };
    for address in &addresses {
        let verdict = settings.policy.check_address(endpoint, address.ip());
        verdict.map_err(Failure::refused)?;
    }
    Ok(addresses)
}
