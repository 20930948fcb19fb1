//! Recoveries: all that failed in a window made due again, bit by bit, and how far that has come.
//! Sends nothing.

use rusqlite::{Connection, Row};

use super::super::{NewAnswer, NewRecovery, Recovered, Recovery};
use super::failure::Failure;
use super::redeliver::{Again, make_due};
use super::values::{get, time, uuid};
use super::{answers, hosts};
use crate::domain::{DeliveryId, RecoveryId, Tenant, Timestamp, Trigger};

/// Those that a recovery is about, in their order, from the one behind a place on.
pub(super) const FAILED: &str = "
    SELECT created_at, id FROM deliveries INDEXED BY deliveries_failed
    WHERE tenant = ?1 AND status = 'exhausted' AND created_at >= ?2 AND created_at < ?3
        AND (created_at, id) > (?4, ?5) AND host >= ?6 AND host < ?7 AND is_terminal = 1
    ORDER BY created_at, id LIMIT ?8";

/// Keeps the wish, and answers how many deliveries there are to be made due.
pub(super) fn begin(
    database: &Connection,
    (wish, answer): (NewRecovery, Option<NewAnswer<Recovery>>),
    now: Timestamp,
) -> Result<Recovery, Failure> {
    let tenant = wish.tenant.clone();
    let answer = answer.as_ref().map(|answer| (&tenant, answer));
    if let Some(answer) = answer {
        answers::refuse_another(database, answer, now)?;
    }
    let from = (wish.since, Vec::new());
    let found = failed(database, &wish, from, wish.matched_max.saturating_add(1))?.len();
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    let matched = found.min(wish.matched_max);
    database
        .prepare_cached(
            "INSERT INTO recoveries (id, tenant, since, until, host, created_at, matched_max,
                matched, after_at, after_id, is_done)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, x'', ?10)",
        )?
        .execute((
            wish.id.uuid().into_bytes(),
            wish.tenant.as_str(),
            wish.since.as_millis(),
            wish.until.as_millis(),
            &wish.host,
            now.as_millis(),
            wish.matched_max,
            // One more says that there were more.
            found,
            wish.since.as_millis(),
            matched == 0,
        ))?;
    let is_capped = found > wish.matched_max;
    let (redelivered, delivered, failed, pending) = (0, 0, 0, 0);
    let is_done = matched == 0;
    let recovery = Recovery {
        wish,
        created_at: now,
        matched,
        is_capped,
        redelivered,
        is_done,
        delivered,
        failed,
        pending,
    };
    if let Some(answer) = answer {
        answers::put(database, answer, (&recovery, None), now)?;
    }
    Ok(recovery)
}

type Place = (Timestamp, Vec<u8>);

fn failed(
    database: &Connection,
    wish: &NewRecovery,
    (after_at, after_id): Place,
    limit: u32,
) -> Result<Vec<(Timestamp, DeliveryId)>, Failure> {
    let any = (String::new(), "\u{10ffff}".to_owned());
    let (from, to) = wish.host.as_deref().map_or(any, hosts::range);
    let (since, until) = (wish.since.as_millis(), wish.until.as_millis());
    database
        .prepare_cached(FAILED)?
        .query_and_then(
            (wish.tenant.as_str(), since, until, after_at.as_millis(), after_id, from, to, limit),
            |row| Ok((time(row, "created_at")?, DeliveryId::from_uuid(uuid(row, "id")?))),
        )?
        .collect()
}

const RECOVERY: &str = "SELECT * FROM recoveries WHERE id = ?1";

/// Makes the next deliveries of a recovery due.
pub(super) fn step(
    database: &Connection,
    id: RecoveryId,
    (limit, attempts): (usize, u32),
    now: Timestamp,
) -> Result<Option<Recovered>, Failure> {
    let mut select = database.prepare_cached(RECOVERY)?;
    let read = |row: &Row<'_>| -> Result<_, Failure> {
        Ok((recovery(row)?, (time(row, "after_at")?, get::<Vec<u8>>(row, "after_id")?)))
    };
    let found = select.query_and_then([id.uuid().into_bytes()], read)?.next().transpose()?;
    let Some((recovery, place)) = found else { return Ok(None) };
    if recovery.is_done {
        return Ok(Some(Recovered { redelivered: 0, is_done: true }));
    }
    let left = recovery.matched.saturating_sub(recovery.redelivered);
    let wanted = left.min(u32::try_from(limit).unwrap_or(u32::MAX));
    let found = failed(database, &recovery.wish, place, wanted)?;
    let again = Again { trigger: Trigger::Recover, recovery: Some(id), attempts, now };
    for (_, delivery) in &found {
        make_due(database, *delivery, &again)?;
    }
    let redelivered = found.len();
    // Somebody may have made one due by hand meanwhile, or purged it.
    let is_done = redelivered < wanted as usize || wanted == left;
    if let Some((at, last)) = found.last() {
        database
            .prepare_cached(
                "UPDATE recoveries SET after_at = ?2, after_id = ?3, redelivered = redelivered + ?4
                 WHERE id = ?1",
            )?
            .execute((
                id.uuid().into_bytes(),
                at.as_millis(),
                last.uuid().into_bytes(),
                u32::try_from(redelivered).unwrap_or(u32::MAX),
            ))?;
    }
    if is_done {
        database
            .prepare_cached("UPDATE recoveries SET is_done = 1 WHERE id = ?1")?
            .execute([id.uuid().into_bytes()])?;
    }
    Ok(Some(Recovered { redelivered, is_done }))
}

/// The recoveries that have been begun and not been done.
pub(super) fn to_do(database: &Connection) -> Result<Vec<RecoveryId>, Failure> {
    database
        .prepare_cached(TO_DO)?
        .query_and_then([], |row| Ok(RecoveryId::from_uuid(uuid(row, "id")?)))?
        .collect()
}

pub(super) const TO_DO: &str = "
    SELECT id FROM recoveries INDEXED BY recoveries_to_do WHERE is_done = 0 ORDER BY id";

/// How far a recovery of a tenant has come. `database` is one snapshot.
pub(super) fn standing(
    database: &Connection,
    tenant: &Tenant,
    id: RecoveryId,
) -> Result<Option<Recovery>, Failure> {
    let mut select = database.prepare_cached(RECOVERY)?;
    let found = select.query_and_then([id.uuid().into_bytes()], recovery)?.next().transpose()?;
    let Some(recovery) = found.filter(|recovery| recovery.wish.tenant == *tenant) else {
        return Ok(None);
    };
    let mut count = database.prepare_cached(
        "SELECT count(*) FROM deliveries INDEXED BY deliveries_recovered
         WHERE recovery_id = ?1 AND status = ?2",
    )?;
    let mut count = |status: &str| count.query_row((id.uuid().into_bytes(), status), |r| r.get(0));
    let delivered = count("delivered")?;
    let failed = count("exhausted")? + count("refused")?;
    let pending = count("pending")?;
    Ok(Some(Recovery { delivered, failed, pending, ..recovery }))
}

fn recovery(row: &Row<'_>) -> Result<Recovery, Failure> {
    let (found, matched_max): (u32, u32) = (get(row, "matched")?, get(row, "matched_max")?);
    Ok(Recovery {
        wish: NewRecovery {
            id: RecoveryId::from_uuid(uuid(row, "id")?),
            tenant: Tenant::new(get::<String>(row, "tenant")?),
            since: time(row, "since")?,
            until: time(row, "until")?,
            host: get(row, "host")?,
            matched_max,
        },
        created_at: time(row, "created_at")?,
        matched: found.min(matched_max),
        is_capped: found > matched_max,
        redelivered: get(row, "redelivered")?,
        is_done: get(row, "is_done")?,
        delivered: 0,
        failed: 0,
        pending: 0,
    })
}
