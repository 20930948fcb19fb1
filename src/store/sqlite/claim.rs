//! Finding the deliveries that are due and claiming them.
//! Writes nothing: a claim is an entry in a set in memory.

use rusqlite::{Connection, Row};

use super::super::secrets::SpecSecrets;
use super::super::{Claim, ClaimedDelivery, Rooms, SealingKey, StoreError};
use super::choose;
use super::claims::{Claims, Held};
use super::failure::Failure;
use super::rows::traceparent;
use super::signing;
use super::values::{execution_id, get, named, schedule_opt, time, time_opt, uuid};
use crate::domain::{DeliveryId, EventId, Timestamp, Trigger};

/// What is asked for.
pub(super) struct Wanted {
    pub(super) rooms: Rooms,
    pub(super) now: Timestamp,
}

/// Claims deliveries that are due, with all that an attempt needs. `database` is one snapshot.
pub(super) fn claim(
    database: &Connection,
    claims: &Claims,
    key: &SealingKey,
    wanted: &Wanted,
) -> Result<Held, Failure> {
    let mut held = choose(database, claims, wanted)?;
    for id in held.ids() {
        match delivery(database, key, id, wanted.now) {
            Ok(delivery) => held.push(delivery),
            // It stays claimed with the others, so that one broken row holds up no other
            // delivery; the next start of the server tries it again.
            Err(Failure::Store(error)) => {
                log::error!(delivery:% = id; "a delivery cannot be read: {error}");
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(held)
}

/// Chooses ids and puts them into the set.
///
/// The set is locked before the snapshot is taken, which is at the first read, and until the
/// choice is in it. An id leaves the set only while it is being locked, and only when its attempt
/// has been committed by then. So a delivery that is not in the set has, in this snapshot, all
/// that was recorded of it. Otherwise an id could leave the set between an older snapshot and the
/// look into the set, and be handed out again.
fn choose(database: &Connection, claims: &Claims, wanted: &Wanted) -> Result<Held, Failure> {
    let mut claimed = claims.lock();
    let choice = choose::due(database, &claimed, wanted)?;
    claimed.extend(&choice.ids);
    let choose::Choice { ids, next_due, is_more } = choice;
    let claim = Claim { due: Vec::with_capacity(ids.len()), next_due, is_more };
    Ok(Held::new(claims.clone(), ids, claim))
}

fn delivery(
    database: &Connection,
    key: &SealingKey,
    id: DeliveryId,
    now: Timestamp,
) -> Result<ClaimedDelivery, Failure> {
    let mut select = database.prepare_cached(
        "SELECT d.execution_id, d.tenant, d.event_id, d.host, d.payload_format, d.attempts_made,
            d.round_from, d.next_trigger, d.wishes, d.delays_ms, d.expires_at, d.created_at, d.url,
            d.body, s.sealed, e.function, e.function_variant, e.traceparent
         FROM deliveries d JOIN specs s ON s.id = d.execution_id
            JOIN executions e ON e.id = d.execution_id
         WHERE d.id = ?1",
    )?;
    let read = |row: &Row<'_>| {
        let execution_id = execution_id(row, "execution_id")?;
        let sealed: Option<Vec<u8>> = get(row, "sealed")?;
        let secrets = SpecSecrets::open(key, execution_id.uuid(), sealed.as_deref())?;
        let signing_secrets = match secrets.signing_secret {
            Some(own) => vec![own],
            None => signing::of_call(database, key, row, now)?,
        };
        Ok(ClaimedDelivery {
            id,
            event_id: EventId::from_uuid(uuid(row, "event_id")?),
            execution_id,
            url: get(row, "url")?,
            host: get(row, "host")?,
            payload_format: named(row, "payload_format", |name| name.parse().ok())?,
            body: get(row, "body")?,
            headers: secrets.headers,
            traceparent: traceparent(row)?,
            signing_secrets,
            attempts_made: get(row, "attempts_made")?,
            round_made: get::<u32>(row, "attempts_made")?.saturating_sub(get(row, "round_from")?),
            schedule: schedule_opt(row, "delays_ms")?,
            expires_at: time_opt(row, "expires_at")?,
            trigger: named(row, "next_trigger", Trigger::from_name)?,
            wishes: get(row, "wishes")?,
            created_at: time(row, "created_at")?,
        })
    };
    let found = select.query_and_then([id.uuid().into_bytes()], read)?.next();
    found.unwrap_or_else(|| {
        Err(Failure::Store(StoreError::Corrupt { what: format!("{id} has no execution") }))
    })
}
