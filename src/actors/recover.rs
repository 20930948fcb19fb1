//! Carries out recoveries: has the deliveries made due again bit by bit, so that others wait little.
//! Makes no attempt.

use std::time::Duration;

use super::engine::EngineParts;
use super::messages::DeliveryDue;
use super::standing::Standing;
use super::webhook::WebhookActor;
use crate::domain::RecoveryId;
use crate::failpoint;
use crate::store::{Recovered, StoreError};

/// How many deliveries are made due in one transaction, which all other writes wait for.
const BATCH: usize = 200;

/// How long to wait before a step is taken again that the store could not take.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Carries out what was begun before this server was started.
pub(super) async fn resume(parts: EngineParts, webhook: Standing<WebhookActor>) {
    let begun = loop {
        match parts.store.recoveries_to_do().await {
            Ok(begun) => break begun,
            Err(StoreError::Stopped { .. }) => return,
            Err(error) => log::error!("recoveries that were begun cannot be read: {error}"),
        }
        actix_rt::time::sleep(AGAIN_AFTER).await;
    };
    for id in begun {
        carry_out(&parts, &webhook, id).await;
    }
}

/// Carries out one recovery to its end. Should two do so at once, each delivery is made due by one.
pub(super) async fn carry_out(
    parts: &EngineParts,
    webhook: &Standing<WebhookActor>,
    id: RecoveryId,
) {
    let attempts = parts.settings.retry_schedule.attempts_max();
    loop {
        match parts.store.recover(id, batch(), attempts).await {
            Ok(Some(Recovered { redelivered, is_done })) => {
                failpoint::hit("recover-after-step");
                if redelivered > 0 {
                    webhook.do_send(DeliveryDue);
                }
                if is_done {
                    return;
                }
            }
            Ok(None) | Err(StoreError::Stopped { .. }) => return,
            Err(error) => {
                log::error!(recovery:% = id; "a recovery cannot go on at the moment: {error}");
                actix_rt::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

fn batch() -> usize {
    let wanted = failpoint::value("recover-batch");
    wanted.and_then(|number| number.parse().ok()).unwrap_or(BATCH)
}
