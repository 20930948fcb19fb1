//! Signing secrets of tenants as rows: made, rotated, told of, removed, and opened for an attempt.
//! Signs nothing, and keeps none in the clear.

use rusqlite::{Connection, Row};

use super::super::{NewSigningSecret, SealingKey, SigningSecret};
use super::failure::Failure;
use super::functions::name;
use super::values::{get, time, time_opt};
use crate::domain::{FunctionKey, Secret, Tenant, Timestamp};

/// What a signing secret is sealed for: its row, whether it is the current one there or not.
pub(super) fn context(tenant: &str, name: &str) -> Vec<u8> {
    // The length keeps one tenant's name from being read as another's with a longer one.
    format!("signing_secret/{}/{tenant}/{name}", tenant.len()).into_bytes()
}

/// A new secret, sealed, on its way into its row.
pub(super) struct Prepared {
    tenant: Tenant,
    name: String,
    sealed: Vec<u8>,
    created_at: Timestamp,
    previous_valid_until: Option<Timestamp>,
}

impl Prepared {
    /// Seals it. `now` is the time on the wall, `steady` what the overlap is counted from.
    pub(super) fn new(
        new: NewSigningSecret,
        key: &SealingKey,
        (now, steady): (Timestamp, Timestamp),
    ) -> Self {
        let context = context(new.tenant.as_str(), &new.name);
        let overlap = new.overlap.filter(|overlap| !overlap.is_zero());
        Self {
            sealed: key.seal(new.secret.expose().as_bytes(), &context),
            tenant: new.tenant,
            name: new.name,
            created_at: now,
            previous_valid_until: overlap.map(|overlap| steady.after(overlap)),
        }
    }

    /// Makes it the current one. The one that was current signs on beside it if it may; the one
    /// before that has stopped.
    pub(super) fn put(self, database: &Connection) -> Result<SigningSecret, Failure> {
        let mut upsert = database.prepare_cached(
            "INSERT INTO signing_secrets (tenant, name, created_at, current)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, name) DO UPDATE SET
                previous = CASE WHEN ?5 IS NULL THEN NULL ELSE current END,
                previous_valid_until = ?5, created_at = ?3, current = ?4
             RETURNING created_at, previous_valid_until",
        )?;
        let until = self.previous_valid_until.map(Timestamp::as_millis);
        let tenant = self.tenant.as_str();
        let values = (tenant, &self.name, self.created_at.as_millis(), self.sealed, until);
        let mut rows = upsert.query(values)?;
        let row = rows.next()?.ok_or_else(|| Failure::corrupt("a row that was written is none"))?;
        let kept = SigningSecret {
            created_at: time(row, "created_at")?,
            previous_valid_until: time_opt(row, "previous_valid_until")?,
        };
        // A statement that returns rows has written only when it has returned them all.
        while rows.next()?.is_some() {}
        Ok(kept)
    }
}

/// What may be told of a secret at a moment of the steady clock; none when there is none.
pub(super) fn find(
    database: &Connection,
    (tenant, name): (&Tenant, &str),
    steady: Timestamp,
) -> Result<Option<SigningSecret>, Failure> {
    let read = |row: &Row<'_>| {
        let until = time_opt(row, "previous_valid_until")?;
        Ok(SigningSecret {
            created_at: time(row, "created_at")?,
            previous_valid_until: until.filter(|until| *until > steady),
        })
    };
    database
        .prepare_cached(
            "SELECT created_at, previous_valid_until FROM signing_secrets
             WHERE tenant = ?1 AND name = ?2",
        )?
        .query_and_then((tenant.as_str(), name), read)?
        .next()
        .transpose()
}

/// Removes a secret and the one before it; whether there was one.
pub(super) fn remove(
    database: &Connection,
    (tenant, name): (&Tenant, &str),
) -> Result<bool, Failure> {
    let removed = database
        .prepare_cached("DELETE FROM signing_secrets WHERE tenant = ?1 AND name = ?2")?
        .execute((tenant.as_str(), name))?;
    Ok(removed > 0)
}

/// What a callback is signed with that brings no secret of its own: with the secret of the function
/// that was called, if one was, else with the tenant's. The row has both names.
pub(super) fn of_call(
    database: &Connection,
    key: &SealingKey,
    row: &Row<'_>,
    steady: Timestamp,
) -> Result<Vec<Secret>, Failure> {
    let tenant: String = get(row, "tenant")?;
    let function = match get::<Option<String>>(row, "function")? {
        None => String::new(),
        Some(_) => {
            let (name, variant) = (name(row, "function")?, name(row, "function_variant")?);
            FunctionKey { name, variant }.secret_name()
        }
    };
    of_name(database, key, (&tenant, &function), steady)
}

/// What signs by a name of a tenant at a moment of the steady clock, the newest first.
pub(super) fn of_name(
    database: &Connection,
    key: &SealingKey,
    (tenant, name): (&str, &str),
    steady: Timestamp,
) -> Result<Vec<Secret>, Failure> {
    let read = |row: &Row<'_>| {
        let current: Vec<u8> = get(row, "current")?;
        let mut secrets = vec![open(key, (tenant, name), &current)?];
        let until = time_opt(row, "previous_valid_until")?;
        let previous: Option<Vec<u8>> = get(row, "previous")?;
        if let Some(previous) = previous.filter(|_| until > Some(steady)) {
            secrets.push(open(key, (tenant, name), &previous)?);
        }
        Ok(secrets)
    };
    let found = database
        .prepare_cached(
            "SELECT current, previous, previous_valid_until FROM signing_secrets
             WHERE tenant = ?1 AND name = ?2",
        )?
        .query_and_then([tenant, name], read)?
        .next()
        .transpose();
    found.map(Option::unwrap_or_default)
}

fn open(key: &SealingKey, (tenant, name): (&str, &str), sealed: &[u8]) -> Result<Secret, Failure> {
    let text = key.open(sealed, &context(tenant, name))?;
    let text = std::str::from_utf8(&text);
    let text = text.map_err(|_| Failure::corrupt(format!("the signing secret of {tenant}")))?;
    Ok(Secret::new(text))
}
