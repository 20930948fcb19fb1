//! Functions as rows: a new version, one version, a page of them, and none any more.
//! Calls none; their signing secrets are with all others.

use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::super::secrets::SpecSecrets;
use super::super::{
    FunctionKept, FunctionPage, FunctionSummary, NewFunction, NewSigningSecret, SealingKey,
    definition,
};
use super::failure::Failure;
use super::signing;
use super::values::{get, named, time};
use crate::domain::{Function, FunctionKey, FunctionName, Tenant, Timestamp};

/// A function made ready for the writer: what can be worked out before is.
pub(super) struct Prepared {
    id: Uuid,
    new: NewFunction,
    definition: String,
    sealed: Option<Vec<u8>>,
    secret: signing::Prepared,
    now: Timestamp,
}

impl Prepared {
    /// Seals what is secret and writes the JSON. `now` is the time on the wall, `steady` what
    /// overlaps are counted from.
    pub(super) fn new(
        new: NewFunction,
        key: &SealingKey,
        (now, steady): (Timestamp, Timestamp),
    ) -> Self {
        let id = Uuid::now_v7();
        let secret = NewSigningSecret {
            tenant: new.tenant.clone(),
            name: new.key.secret_name(),
            secret: new.secret.clone(),
            overlap: new.overlap,
        };
        Self {
            definition: definition::to_json(&new.definition),
            sealed: SpecSecrets::seal(key, id, &new.definition.spec),
            secret: signing::Prepared::new(secret, key, (now, steady)),
            id,
            new,
            now,
        }
    }

    /// Makes it the newest version. One that is new has its signing secret, and so has one that is
    /// made again after a removal.
    pub(super) fn put(self, database: &Connection) -> Result<FunctionKept, Failure> {
        let is_new = !is_there(database, (&self.new.tenant, &self.new.key))?;
        let version = self.number(database)?;
        self.insert(database, version)?;
        let created_at = self.now;
        if is_new {
            self.secret.put(database)?;
        }
        Ok(FunctionKept { version, created_at, is_new })
    }

    fn number(&self, database: &Connection) -> Result<u32, Failure> {
        let (tenant, key) = (self.new.tenant.as_str(), &self.new.key);
        let mut upsert = database.prepare_cached(
            "INSERT INTO functions (tenant, name, variant, version, created_at)
             VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT (tenant, name, variant) DO UPDATE SET version = version + 1,
                created_at = iif(removed_at IS NULL, created_at, ?4), removed_at = NULL
             RETURNING version",
        )?;
        let values = (tenant, key.name.as_str(), key.variant.as_str(), self.now.as_millis());
        let mut rows = upsert.query(values)?;
        let row = rows.next()?.ok_or_else(|| Failure::corrupt("a row that was written is none"))?;
        let version = get(row, "version")?;
        // A statement that returns rows has written only when it has returned them all.
        while rows.next()?.is_some() {}
        Ok(version)
    }

    fn insert(&self, database: &Connection, version: u32) -> Result<(), Failure> {
        let NewFunction { tenant, key, definition, .. } = &self.new;
        database
            .prepare_cached(
                "INSERT INTO function_versions (id, tenant, name, variant, version, created_at,
                    language, definition, sealed, code)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute((
                self.id.into_bytes(),
                tenant.as_str(),
                key.name.as_str(),
                key.variant.as_str(),
                version,
                self.now.as_millis(),
                &definition.spec.language,
                &self.definition,
                &self.sealed,
                &definition.spec.code,
            ))?;
        Ok(())
    }
}

fn is_there(
    database: &Connection,
    (tenant, key): (&Tenant, &FunctionKey),
) -> Result<bool, Failure> {
    let mut select = database.prepare_cached(
        "SELECT 1 FROM functions
         WHERE tenant = ?1 AND name = ?2 AND variant = ?3 AND removed_at IS NULL",
    )?;
    let names = (tenant.as_str(), key.name.as_str(), key.variant.as_str());
    Ok(select.query_row(names, |_| Ok(())).optional()?.is_some())
}

/// A version of a function, the newest when none is named.
pub(super) fn find(
    database: &Connection,
    sealing_key: &SealingKey,
    (tenant, key): (&Tenant, &FunctionKey),
    version: Option<u32>,
) -> Result<Option<Function>, Failure> {
    // One that was removed has no versions.
    let mut select = database.prepare_cached(
        "SELECT v.id, v.version, v.created_at, v.language, v.definition, v.sealed, v.code
         FROM functions f JOIN function_versions v ON v.tenant = f.tenant AND v.name = f.name
            AND v.variant = f.variant AND v.version = coalesce(?4, f.version)
         WHERE f.tenant = ?1 AND f.name = ?2 AND f.variant = ?3",
    )?;
    let names = (tenant.as_str(), key.name.as_str(), key.variant.as_str(), version);
    let read = |row: &Row<'_>| {
        let id = Uuid::from_bytes(get(row, "id")?);
        let sealed: Option<Vec<u8>> = get(row, "sealed")?;
        let secrets = SpecSecrets::open(sealing_key, id, sealed.as_deref())?;
        let code = (get(row, "language")?, get(row, "code")?);
        Ok(Function {
            key: key.clone(),
            version: get(row, "version")?,
            created_at: time(row, "created_at")?,
            definition: definition::from_json(&get::<String>(row, "definition")?, code, secrets)?,
        })
    };
    select.query_and_then(names, read)?.next().transpose()
}

/// A page of functions, or of the versions of one.
pub(super) fn page(
    database: &Connection,
    tenant: &Tenant,
    page: &FunctionPage,
) -> Result<Vec<FunctionSummary>, Failure> {
    let tenant = tenant.as_str();
    match page {
        FunctionPage::Newest { limit, after, name } => {
            let after = after.as_ref().map(|key| (key.name.as_str(), key.variant.as_str()));
            let after = after.unwrap_or_default();
            let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
            match name {
                None => database
                    .prepare_cached(
                        "SELECT f.name, f.variant, f.version, v.created_at, v.language
                         FROM functions f JOIN function_versions v ON v.tenant = f.tenant
                            AND v.name = f.name AND v.variant = f.variant AND v.version = f.version
                         WHERE f.tenant = ?1 AND (f.name, f.variant) > (?2, ?3)
                         ORDER BY f.name, f.variant LIMIT ?4",
                    )?
                    .query_and_then((tenant, after.0, after.1, limit), summary)?
                    .collect(),
                Some(name) => database
                    .prepare_cached(
                        "SELECT f.name, f.variant, f.version, v.created_at, v.language
                         FROM functions f JOIN function_versions v ON v.tenant = f.tenant
                            AND v.name = f.name AND v.variant = f.variant AND v.version = f.version
                         WHERE f.tenant = ?1 AND f.name = ?2 AND (f.name, f.variant) > (?3, ?4)
                         ORDER BY f.variant LIMIT ?5",
                    )?
                    .query_and_then((tenant, name.as_str(), after.0, after.1, limit), summary)?
                    .collect(),
            }
        }
        FunctionPage::Versions { limit, key, before } => {
            let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
            let before = before.map_or(i64::MAX, i64::from);
            let values = (tenant, key.name.as_str(), key.variant.as_str(), before, limit);
            database
                .prepare_cached(
                    "SELECT name, variant, version, created_at, language FROM function_versions
                     WHERE tenant = ?1 AND name = ?2 AND variant = ?3 AND version < ?4
                     ORDER BY version DESC LIMIT ?5",
                )?
                .query_and_then(values, summary)?
                .collect()
        }
    }
}

fn summary(row: &Row<'_>) -> Result<FunctionSummary, Failure> {
    Ok(FunctionSummary {
        key: FunctionKey { name: name(row, "name")?, variant: name(row, "variant")? },
        version: get(row, "version")?,
        created_at: time(row, "created_at")?,
        language: get(row, "language")?,
    })
}

/// A column with the name of a function or of a variant.
pub(super) fn name(row: &Row<'_>, column: &str) -> Result<FunctionName, Failure> {
    named(row, column, |text| text.parse().ok())
}

/// Removes all versions of a function; whether there were any.
pub(super) fn remove(
    database: &Connection,
    (tenant, key): (&Tenant, &FunctionKey),
    now: Timestamp,
) -> Result<bool, Failure> {
    let names = (tenant.as_str(), key.name.as_str(), key.variant.as_str());
    let removed = database
        .prepare_cached(
            "DELETE FROM function_versions WHERE tenant = ?1 AND name = ?2 AND variant = ?3",
        )?
        .execute(names)?;
    database
        .prepare_cached(
            "UPDATE functions SET removed_at = ?4
             WHERE tenant = ?1 AND name = ?2 AND variant = ?3 AND removed_at IS NULL",
        )?
        .execute((names.0, names.1, names.2, now.as_millis()))?;
    Ok(removed > 0)
}
