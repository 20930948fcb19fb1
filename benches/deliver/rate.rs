//! How many deliveries a second a server makes that finds them owed, beside the floor.
//! Times nothing but the receivers' side.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::floor::Floor;
use super::receivers::Receivers;
use super::server::Server;
use super::{directory, floor, outbox};

/// Deliveries per second.
pub struct Rate {
    pub ours: f64,
    /// The floor, one request after the other.
    pub one_by_one: f64,
    /// The floor, as many at a time as ours.
    pub at_once: f64,
}

/// One round with so many receivers. The floor is measured before and after: others may use this
/// machine, too.
pub async fn measure(parent: &Path, receivers: usize, deliveries: usize) -> Result<Rate> {
    let receivers = Receivers::start(receivers).await?;
    let dir = directory(parent)?;
    outbox::fill(dir.path(), &receivers.addresses, deliveries).await?;
    let of = |floor| floor_of(floor, &receivers, deliveries);
    let before = (of(Floor::OneByOne).await?, of(Floor::AtOnce).await?);
    let mut server = Server::start_on(dir, 8, Path::new("true"))?;
    let ours = receivers.rate_of(deliveries).await?;
    server.stop()?;
    let after = (of(Floor::OneByOne).await?, of(Floor::AtOnce).await?);
    Ok(Rate {
        ours,
        one_by_one: f64::midpoint(before.0, after.0),
        at_once: f64::midpoint(before.1, after.1),
    })
}

async fn floor_of(floor: Floor, receivers: &Receivers, count: usize) -> Result<f64> {
    let posting = floor::start(floor, receivers.addresses.clone(), count);
    let rate = receivers.rate_of(count).await?;
    posting.join().map_err(|_| anyhow!("the floor panicked"))??;
    Ok(rate)
}
