//! The query of a list of deliveries: which ones, and from where on. Reads no delivery.

use std::collections::BTreeMap;

use url::Host;
use uuid::Uuid;

use crate::domain::{Delivery, DeliveryId, DeliveryStatus, EventType, ExecutionId, Timestamp};
use crate::http::cursor::{self, List};
use crate::http::error::{FieldError, Problem};
use crate::http::times;
use crate::store::DeliveryPage;

/// How many deliveries a page has when nobody says.
const LIMIT_DEFAULT: usize = 50;

/// How many it may have.
const LIMIT_MAX: usize = 200;

/// What is wanted of the list.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) page: DeliveryPage,
    /// Only those of this execution.
    pub(super) execution: Option<ExecutionId>,
}

/// What is wrong with a parameter: a stable word and a sentence.
type Wrong = (&'static str, String);

impl Query {
    /// Reads the query of this list at `now`.
    pub(super) fn read(
        query: BTreeMap<String, String>,
        list: &List<'_>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let page = DeliveryPage { limit: LIMIT_DEFAULT, ..DeliveryPage::default() };
        let mut read = Self { page, execution: None };
        let mut errors = Vec::new();
        for (name, value) in query {
            if name == "cursor" {
                read.page.before = list.place(&value).and_then(|place| place_at(&place));
                errors.extend(read.page.before.is_none().then(cursor::broken));
            } else if let Err((code, detail)) = read.set(&name, &value, now) {
                errors.push(FieldError { field: name, code, detail });
            }
        }
        if errors.is_empty() { Ok(read) } else { Err(Problem::invalid(errors)) }
    }

    fn set(&mut self, name: &str, value: &str, now: Timestamp) -> Result<(), Wrong> {
        let page = &mut self.page;
        match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                let detail = || format!("`limit` must be a whole number from 1 to {LIMIT_MAX}.");
                page.limit = limit.ok_or_else(|| ("out_of_range", detail()))?;
            }
            "status" => page.status = Some(one_of(name, value, &DeliveryStatus::ALL)?),
            "event_type" => page.event_type = Some(one_of(name, value, &EventType::ALL)?),
            "host" => page.host = Some(host(value).ok_or_else(|| ("invalid", host_form(name)))?),
            "since" => page.since = Some(time(name, value, now)?),
            "until" => page.until = Some(time(name, value, now)?),
            "execution" => {
                let detail = || "`execution` must be the id of an execution.".to_owned();
                self.execution = Some(value.parse().map_err(|_| ("invalid", detail()))?);
            }
            _ => return Err(("unknown_field", format!("There is no filter `{name}`."))),
        }
        Ok(())
    }

    /// Whether a delivery of the execution is wanted, and lies behind the cursor.
    pub(super) fn matches(&self, delivery: &Delivery) -> bool {
        let DeliveryPage { before, status, host, since, until, event_type, .. } = &self.page;
        let is_host = |host: &String| {
            let name = delivery.host.rsplit_once(':').map(|(name, _)| name);
            delivery.host == *host || name == Some(host)
        };
        before.is_none_or(|before| (delivery.created_at, delivery.id) < before)
            && status.is_none_or(|status| delivery.status == status)
            && event_type.is_none_or(|event_type| delivery.event_type == event_type)
            && host.as_ref().is_none_or(is_host)
            && since.is_none_or(|since| delivery.created_at >= since)
            && until.is_none_or(|until| delivery.created_at < until)
    }
}

/// The place of a delivery in the list.
pub(super) fn place_of(delivery: &Delivery) -> Vec<u8> {
    let at = delivery.created_at.as_millis().to_be_bytes();
    [&at[..], delivery.id.uuid().as_bytes()].concat()
}

fn place_at(place: &[u8]) -> Option<(Timestamp, DeliveryId)> {
    let (at, id) = place.split_first_chunk()?;
    let id = DeliveryId::from_uuid(Uuid::from_slice(id).ok()?);
    Some((Timestamp::from_millis(i64::from_be_bytes(*at)), id))
}

/// A value with a name of its own.
trait Named: Copy + 'static {
    fn name(self) -> &'static str;
}

impl Named for DeliveryStatus {
    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Named for EventType {
    fn name(self) -> &'static str {
        self.as_str()
    }
}

fn one_of<T: Named>(name: &str, value: &str, all: &[T]) -> Result<T, Wrong> {
    all.iter().copied().find(|each| each.name() == value).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|each| each.name()).collect();
        ("invalid", format!("`{name}` must be one of {}.", known.join(", ")))
    })
}

fn time(name: &str, value: &str, now: Timestamp) -> Result<Timestamp, Wrong> {
    let detail = || format!("`{name}` must be {}.", times::FORM);
    times::parse(value, now).ok_or_else(|| ("invalid", detail()))
}

/// A host as it is kept, with a port or for all of its ports; none when it is no host.
pub(super) fn host(text: &str) -> Option<String> {
    let (name, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address are inside brackets.
        Some((name, port)) if !port.contains(']') => (name, Some(port.parse::<u16>().ok()?)),
        _ => (text, None),
    };
    // What is resolved is the same with a final dot and without one.
    let name = Host::parse(name.strip_suffix('.').unwrap_or(name)).ok()?;
    Some(port.map_or_else(|| name.to_string(), |port| format!("{name}:{port}")))
}

/// What is said to whoever names no host.
pub(super) fn host_form(name: &str) -> String {
    format!("`{name}` must be a host such as `example.com`, `example.com:8443` or `[::1]`.")
}

#[cfg(test)]
mod tests;
