//! Making a delivery due again, whatever has become of it.
//! Sends nothing.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::super::Redelivered;
use super::deliveries;
use super::failure::Failure;
use crate::domain::{DeliveryId, RecoveryId, Tenant, Timestamp, Trigger};

/// Who wants deliveries made again, and how.
pub(super) struct Again {
    pub(super) trigger: Trigger,
    pub(super) recovery: Option<RecoveryId>,
    /// How many attempts the server's schedule has.
    pub(super) attempts: u32,
    pub(super) now: Timestamp,
}

/// Makes a delivery due now. One that is pending gets an attempt beside its schedule, which goes on
/// behind it where it was; one that had ended begins its schedule anew.
pub(super) fn one(
    database: &Connection,
    (tenant, id): (&Tenant, DeliveryId),
    attempts: u32,
    now: Timestamp,
) -> Result<Redelivered, Failure> {
    let is_terminal: Option<bool> = database
        .prepare_cached("SELECT is_terminal FROM deliveries WHERE id = ?1 AND tenant = ?2")?
        .query_row((id.uuid().into_bytes(), tenant.as_str()), |row| row.get(0))
        .optional()?;
    match is_terminal {
        None => return Ok(Redelivered::NotFound),
        Some(false) => return Ok(Redelivered::NotTerminal),
        Some(true) => {}
    }
    let again = Again { trigger: Trigger::Manual, recovery: None, attempts, now };
    make_due(database, id, &again)?;
    let delivery = deliveries::one(database, tenant, id)?;
    Ok(delivery.map_or(Redelivered::NotFound, |delivery| Redelivered::Due(Box::new(delivery))))
}

/// Makes one due that is known to be there. Of several wishes that one attempt fulfils only the first
/// puts that attempt beside the schedule. While such an attempt is under way, it is when it has been
/// made that the next one is.
pub(super) fn make_due(
    database: &Connection,
    id: DeliveryId,
    again: &Again,
) -> Result<(), Failure> {
    database
        .prepare_cached(
            "UPDATE deliveries SET status = 'pending', ended_by = NULL, next_attempt_at = :now,
                next_trigger = :trigger, wishes = wishes + 1,
                round_from = iif(status = 'pending', round_from + (next_trigger = 'schedule'),
                    attempts_made),
                attempts_max = iif(status = 'pending', attempts_max + (next_trigger = 'schedule'),
                    attempts_made + coalesce(json_array_length(delays_ms) + 1, :attempts)),
                expires_at = iif(status = 'pending', expires_at, NULL),
                recovery_id = coalesce(:recovery, recovery_id)
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id.uuid().into_bytes(),
            ":now": again.now.as_millis(),
            ":trigger": again.trigger.as_str(),
            ":attempts": again.attempts,
            ":recovery": again.recovery.map(|recovery| recovery.uuid().into_bytes()),
        })?;
    Ok(())
}
