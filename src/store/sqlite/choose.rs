//! Choosing which of the deliveries that are due are claimed: first attempts before retries, the
//! longest due first, and of each host no more than there is room for.
//! Claims nothing and reads no more than the indexes have.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Row};

use super::claim::Wanted;
use super::failure::Failure;
use super::values::{time, uuid};
use crate::domain::{DeliveryId, Timestamp};

/// What was chosen.
pub(super) struct Choice {
    pub(super) ids: Vec<DeliveryId>,
    /// When the next one is due that is not chosen, of the hosts that had room to begin with.
    pub(super) next_due: Option<Timestamp>,
    /// Some that are due were passed over, because as many of their hosts were chosen.
    pub(super) is_more: bool,
}

/// How many deliveries are passed over one by one before the hosts are gone through instead. A host
/// that may not be called can have thousands due, and they all stand in the way.
const PASSED_OVER_MAX: usize = 100;

/// Chooses from the deliveries that are due and not claimed.
pub(super) fn due(
    database: &Connection,
    claimed: &HashSet<DeliveryId>,
    wanted: &Wanted,
) -> Result<Choice, Failure> {
    let mut choosing = Choosing {
        database,
        claimed,
        wanted,
        choice: Choice { ids: Vec::new(), next_due: None, is_more: false },
        taken: HashMap::new(),
    };
    // First attempts before retries: a receiver that is down must not delay the others' news.
    for is_retry in [false, true] {
        if !choosing.in_order(is_retry)? {
            choosing.host_by_host(is_retry)?;
        }
    }
    Ok(choosing.choice)
}

struct Choosing<'a> {
    database: &'a Connection,
    claimed: &'a HashSet<DeliveryId>,
    wanted: &'a Wanted,
    choice: Choice,
    /// How many were chosen of each host.
    taken: HashMap<String, usize>,
}

/// Pending deliveries in order of their due times.
pub(super) const PENDING: &str = "
    SELECT id, host, next_attempt_at FROM deliveries INDEXED BY deliveries_due
    WHERE status = 'pending' AND is_retry = ?1
    ORDER BY next_attempt_at, id";

/// The first host behind another that has pending deliveries.
pub(super) const NEXT_HOST: &str = "
    SELECT host FROM deliveries INDEXED BY deliveries_due_by_host
    WHERE status = 'pending' AND is_retry = ?1 AND host > ?2
    ORDER BY host LIMIT 1";

/// Pending deliveries of a host in order of their due times.
pub(super) const PENDING_OF_HOST: &str = "
    SELECT id, next_attempt_at FROM deliveries INDEXED BY deliveries_due_by_host
    WHERE status = 'pending' AND is_retry = ?1 AND host = ?2
    ORDER BY next_attempt_at, id";

impl Choosing<'_> {
    /// Goes through the pending deliveries in order of their due times, until the first that is
    /// neither chosen nor to be passed over: that one says when to come again. Answers false when
    /// there is too much to be passed over; what was chosen by then stays so.
    fn in_order(&mut self, is_retry: bool) -> Result<bool, Failure> {
        let mut select = self.database.prepare_cached(PENDING)?;
        let mut rows = select.query([is_retry])?;
        let mut passed_over = 0;
        while let Some(row) = rows.next()? {
            let id = delivery_id(row)?;
            let host = row.get_ref("host")?.as_str().map_err(rusqlite::Error::from)?;
            let is_full = self.room(host) == 0;
            if is_full && !self.claimed.contains(&id) {
                self.pass_over(host, time(row, "next_attempt_at")?);
            }
            if is_full || self.claimed.contains(&id) {
                passed_over += 1;
                if passed_over > PASSED_OVER_MAX {
                    return Ok(false);
                }
                continue;
            }
            if !self.take(id, host, time(row, "next_attempt_at")?) {
                break;
            }
        }
        Ok(true)
    }

    /// The same, but by looking at each host that has room for as many as it has room for.
    fn host_by_host(&mut self, is_retry: bool) -> Result<(), Failure> {
        let mut found = Vec::new();
        let mut host = String::new();
        while let Some(next) = self.next_host(is_retry, &host)? {
            host = next;
            // One that was filled just now is looked at as well: what else it has says when to
            // come again.
            if self.wanted.rooms.of(&host) > 0 {
                self.look_at(is_retry, &host, &mut found)?;
            }
        }
        found.sort_unstable();
        for (due_at, id, host) in found {
            if self.is_taken(id) {
                continue;
            }
            if self.room(&host) == 0 {
                self.pass_over(&host, due_at);
            } else if !self.take(id, &host, due_at) {
                break;
            }
        }
        Ok(())
    }

    fn next_host(&self, is_retry: bool, behind: &str) -> Result<Option<String>, Failure> {
        let mut select = self.database.prepare_cached(NEXT_HOST)?;
        Ok(select.query_row((is_retry, behind), |row| row.get(0)).optional()?)
    }

    /// Finds as many pending deliveries of a host as it has room for, and one more, which may say
    /// when to come again.
    fn look_at(
        &self,
        is_retry: bool,
        host: &str,
        found: &mut Vec<(Timestamp, DeliveryId, String)>,
    ) -> Result<(), Failure> {
        let mut select = self.database.prepare_cached(PENDING_OF_HOST)?;
        let mut rows = select.query((is_retry, host))?;
        let mut left = self.room(host).saturating_add(1);
        while left > 0
            && let Some(row) = rows.next()?
        {
            let (id, due_at) = (delivery_id(row)?, time(row, "next_attempt_at")?);
            if self.claimed.contains(&id) || self.is_taken(id) {
                continue;
            }
            found.push((due_at, id, host.to_owned()));
            left -= 1;
            if due_at > self.wanted.now {
                break;
            }
        }
        Ok(())
    }

    /// Of a host that had no room to begin with, whoever asks knows that there may be more. One that
    /// was filled just now may have room again when the next is due.
    fn pass_over(&mut self, host: &str, due_at: Timestamp) {
        if self.wanted.rooms.of(host) == 0 {
            return;
        }
        if due_at <= self.wanted.now {
            self.choice.is_more = true;
        } else {
            self.come_again(due_at);
        }
    }

    fn come_again(&mut self, due_at: Timestamp) {
        let next_due = &mut self.choice.next_due;
        *next_due = Some(next_due.map_or(due_at, |other| other.min(due_at)));
    }

    /// Chooses one, unless it is not due yet or there are enough; that one is then the next due.
    fn take(&mut self, id: DeliveryId, host: &str, due_at: Timestamp) -> bool {
        let is_enough = self.choice.ids.len() >= self.wanted.rooms.total;
        if due_at > self.wanted.now || is_enough {
            self.come_again(due_at);
            return false;
        }
        self.choice.ids.push(id);
        match self.taken.get_mut(host) {
            Some(taken) => *taken += 1,
            None => {
                self.taken.insert(host.to_owned(), 1);
            }
        }
        true
    }

    fn is_taken(&self, id: DeliveryId) -> bool {
        // There are never more than there are attempts at a time.
        self.choice.ids.contains(&id)
    }

    fn room(&self, host: &str) -> usize {
        let taken = self.taken.get(host).copied().unwrap_or(0);
        self.wanted.rooms.of(host).saturating_sub(taken)
    }
}

fn delivery_id(row: &Row<'_>) -> Result<DeliveryId, Failure> {
    Ok(DeliveryId::from_uuid(uuid(row, "id")?))
}
