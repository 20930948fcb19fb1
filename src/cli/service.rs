//! Tells the service manager how the server is, if one asks: `sd_notify(3)` of systemd.
//! Stops nothing, and fails at nothing: a server without a manager is as good.

use std::net::SocketAddr;

use sd_notify::NotifyState;

use crate::actors::{Standing, Status, SupervisorActor};

/// It listens, and what an earlier server left is settled.
pub(super) fn ready(address: SocketAddr) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("listening on http://{address}"))]);
}

/// It was told to stop, or has to.
pub(super) fn stopping(why: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(why)]);
}

/// Tells that the server lives, as often as the manager wants to hear it (`WatchdogSec=`), each
/// time that the supervisor has answered a question. Runs until it is dropped.
pub(super) async fn keep_telling(supervisor: Standing<SupervisorActor>) {
    let Some(period) = sd_notify::watchdog_enabled() else { return };
    // Twice in the period, as sd_watchdog_enabled(3) recommends.
    let mut tick = tokio::time::interval(period / 2);
    loop {
        tick.tick().await;
        // One that has just been started again answers the next time.
        if supervisor.send(Status).await.is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("the service manager cannot be told: {error}");
    }
}
