//! Every sealed value of the database but the checks of the key, page by page, and another in its
//! place. Opens none and seals none.
//!
//! Whoever adds a sealed column adds it here: what is not here does not open after a rotation.

use std::fmt;

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::failure::Failure;
use super::signing;
use super::values::get;
use crate::domain::ExecutionId;

/// A value, where it stands, and what it is sealed for.
pub(super) struct Sealed {
    pub(super) at: At,
    pub(super) context: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// Where a value stands.
#[derive(Debug, Clone)]
pub(super) enum At {
    /// The secrets of an execution, by its id.
    Spec([u8; 16]),
    /// The secrets of a version of a function, by its id.
    FunctionVersion([u8; 16]),
    /// The signing secret of a tenant by this name.
    Current(String, String),
    /// The one before it.
    Previous(String, String),
}

/// How far somebody has read: the rows behind this one come next.
#[derive(Debug, Clone)]
pub(super) enum Cursor {
    Specs(Vec<u8>),
    FunctionVersions(Vec<u8>),
    SigningSecrets(Option<(String, String)>),
}

impl Cursor {
    /// Before all of them.
    pub(super) const fn start() -> Self {
        // The empty blob sorts before every id.
        Self::Specs(Vec::new())
    }
}

/// The sealed values of up to `limit` rows behind a cursor, and the next cursor; none when these
/// were the last.
pub(super) fn page(
    database: &Connection,
    after: &Cursor,
    limit: usize,
) -> Result<(Vec<Sealed>, Option<Cursor>), Failure> {
    match after {
        Cursor::Specs(after) => {
            const SPECS: &str = "SELECT id, sealed FROM specs WHERE id > ?1 ORDER BY id LIMIT ?2";
            let (found, last) = by_id(database, SPECS, (after, limit), At::Spec)?;
            let next = last.map_or(Cursor::FunctionVersions(Vec::new()), Cursor::Specs);
            Ok((found, Some(next)))
        }
        Cursor::FunctionVersions(after) => {
            const VERSIONS: &str =
                "SELECT id, sealed FROM function_versions WHERE id > ?1 ORDER BY id LIMIT ?2";
            let (found, last) = by_id(database, VERSIONS, (after, limit), At::FunctionVersion)?;
            let next = last.map_or(Cursor::SigningSecrets(None), Cursor::FunctionVersions);
            Ok((found, Some(next)))
        }
        Cursor::SigningSecrets(after) => signing_secrets(database, after.as_ref(), limit),
    }
}

/// The sealed values of up to `limit` rows behind `after` that a statement finds in order of their
/// ids, and the last of these.
fn by_id(
    database: &Connection,
    sql: &str,
    (after, limit): (&[u8], usize),
    at: fn([u8; 16]) -> At,
) -> Result<(Vec<Sealed>, Option<Vec<u8>>), Failure> {
    let mut select = database.prepare_cached(sql)?;
    let mut rows = select.query((after, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let (mut found, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = get(row, "id")?;
        if let Some(value) = get(row, "sealed")? {
            found.push(Sealed { at: at(id), context: id.to_vec(), value });
        }
        last = Some(id.to_vec());
    }
    Ok((found, last))
}

fn signing_secrets(
    database: &Connection,
    after: Option<&(String, String)>,
    limit: usize,
) -> Result<(Vec<Sealed>, Option<Cursor>), Failure> {
    let mut select = database.prepare_cached(match after {
        None => {
            "SELECT tenant, name, current, previous FROM signing_secrets
             WHERE (tenant, name) >= (?1, ?2) ORDER BY tenant, name LIMIT ?3"
        }
        Some(_) => {
            "SELECT tenant, name, current, previous FROM signing_secrets
             WHERE (tenant, name) > (?1, ?2) ORDER BY tenant, name LIMIT ?3"
        }
    })?;
    let (tenant, name) = after.map_or(("", ""), |(tenant, name)| (tenant, name));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query((tenant, name, limit))?;
    let (mut found, mut next) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        found.extend(of_row(row)?);
        next = Some(Cursor::SigningSecrets(Some((get(row, "tenant")?, get(row, "name")?))));
    }
    Ok((found, next))
}

fn of_row(row: &Row<'_>) -> Result<impl Iterator<Item = Sealed>, Failure> {
    let (tenant, name): (String, String) = (get(row, "tenant")?, get(row, "name")?);
    let context = signing::context(&tenant, &name);
    let previous: Option<Vec<u8>> = get(row, "previous")?;
    let current = Sealed {
        at: At::Current(tenant.clone(), name.clone()),
        context: context.clone(),
        value: get(row, "current")?,
    };
    let at = At::Previous(tenant, name);
    let previous = previous.map(|value| Sealed { at, context, value });
    Ok(std::iter::once(current).chain(previous))
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(id) => {
                let id = ExecutionId::from_uuid(Uuid::from_bytes(*id));
                write!(f, "the secrets of {id}")
            }
            Self::FunctionVersion(id) => {
                write!(f, "the secrets of the version of a function {}", Uuid::from_bytes(*id))
            }
            Self::Current(tenant, name) => write!(f, "the signing secret {name:?} of {tenant}"),
            Self::Previous(tenant, name) => {
                write!(f, "the signing secret {name:?} of {tenant} before the last")
            }
        }
    }
}

/// Puts another value in the place of one.
pub(super) fn replace(database: &Connection, at: &At, value: &[u8]) -> Result<(), Failure> {
    match at {
        At::Spec(id) => database
            .prepare_cached("UPDATE specs SET sealed = ?2 WHERE id = ?1")?
            .execute((id, value))?,
        At::FunctionVersion(id) => database
            .prepare_cached("UPDATE function_versions SET sealed = ?2 WHERE id = ?1")?
            .execute((id, value))?,
        At::Current(tenant, name) => database
            .prepare_cached(
                "UPDATE signing_secrets SET current = ?3 WHERE tenant = ?1 AND name = ?2",
            )?
            .execute((tenant, name, value))?,
        At::Previous(tenant, name) => database
            .prepare_cached(
                "UPDATE signing_secrets SET previous = ?3 WHERE tenant = ?1 AND name = ?2",
            )?
            .execute((tenant, name, value))?,
    };
    Ok(())
}
