//! Finds the addresses of an endpoint and has each of them judged. Dials none.

use std::net::SocketAddr;

use super::address::Endpoint;
use super::client::ClientSettings;
use super::failure::Failure;
use super::progress::Phase;

/// Every address of the host, all of them allowed. One that is not refuses them all: nobody has a
/// good reason to mix public and internal addresses under one name.
///
/// # Errors
/// When there is no answer in time, or an address is refused.
pub(super) async fn resolve(
    endpoint: &Endpoint,
    settings: &ClientSettings,
) -> Result<Vec<SocketAddr>, Failure> {
    let found = if let Some(literal) = endpoint.literal() {
        vec![literal]
    } else {
        let wait = settings.dns_timeout;
        let look_up = settings.lookup.addresses(endpoint.host());
        match actix_rt::time::timeout(wait, look_up).await {
            Ok(Ok(found)) if found.is_empty() => {
                return Err(Failure::dns(endpoint.host(), "it has no address"));
            }
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(Failure::dns(endpoint.host(), &error.to_string())),
            Err(_) => return Err(Failure::too_slow(Phase::Dns, wait, None)),
        }
    };
    for address in &found {
        settings.policy.check_address(endpoint, *address).map_err(Failure::refused)?;
    }
    let port = endpoint.port();
    Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}
