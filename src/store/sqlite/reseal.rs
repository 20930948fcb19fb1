//! Seals everything anew that is not sealed with the first key, in transactions of its own, and counts
//! what is sealed with which. Takes no key away.

use rusqlite::{Connection, TransactionBehavior};

use super::super::SealingKey;
use super::checkpoint::Checkpoint;
use super::failure::Failure;
use super::sealed::{At, Cursor, Sealed, page, replace};
use crate::failpoint;

/// How many rows are looked at for one transaction. A row's secrets are 150 KiB at the very most.
const ROWS: usize = 200;

/// What is sealed with which key.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// How many values each key opens, in the order of the keys.
    pub(super) by_key: Vec<u64>,
    /// Values that none of them opens.
    pub(super) unreadable: Vec<At>,
}

/// Counts what is sealed with which key. Only reads.
pub(super) fn survey(database: &Connection, key: &SealingKey) -> Result<Survey, Failure> {
    let by_key = vec![0; key.fingerprints().len()];
    let mut survey = Survey { by_key, unreadable: Vec::new() };
    let mut cursor = Some(Cursor::start());
    while let Some(after) = cursor {
        let (values, next) = page(database, &after, ROWS)?;
        for Sealed { at, context, value } in values {
            match key.open_with(&value, &context) {
                Ok((number, _)) => survey.by_key[number] += 1,
                Err(_) => survey.unreadable.push(at),
            }
        }
        cursor = next;
    }
    Ok(survey)
}

/// Seals everything with the first key that another one opens, and tells after each transaction how
/// many values that were. What no key opens stays as it is. Killed, it leaves each value sealed in
/// the one way or in the other, and goes on from there when it is called again.
pub(super) fn reseal(
    database: &mut Connection,
    key: &SealingKey,
    tell: &mut dyn FnMut(u64),
) -> Result<u64, Failure> {
    let checkpoint = Checkpoint::of(database)?;
    let rows = failpoint::value("rotate-rows").and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    let mut done = 0;
    let mut cursor = Some(Cursor::start());
    while let Some(after) = cursor {
        let (values, next) = page(database, &after, rows)?;
        let old: Vec<_> = values.iter().filter_map(|value| sealed_anew(key, value)).collect();
        if !old.is_empty() {
            put(database, &old)?;
            checkpoint.if_due(database)?;
            done += old.len() as u64;
            tell(done);
        }
        cursor = next;
    }
    Ok(done)
}

/// A value sealed with the first key; none when it is so already, or no key opens it.
fn sealed_anew<'a>(key: &SealingKey, sealed: &'a Sealed) -> Option<(&'a At, Vec<u8>)> {
    match key.open_with(&sealed.value, &sealed.context) {
        Ok((0, _)) | Err(_) => None,
        Ok((_, text)) => Some((&sealed.at, key.seal(&text, &sealed.context))),
    }
}

fn put(database: &mut Connection, values: &[(&At, Vec<u8>)]) -> Result<(), Failure> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (at, value) in values {
        replace(&transaction, at, value)?;
    }
    failpoint::hit("rotate-before-commit");
    transaction.commit()?;
    failpoint::hit("rotate-after-commit");
    Ok(())
}
