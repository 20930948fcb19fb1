//! Known texts in the table `facts`, sealed with each key that anything here may be sealed with: a
//! database is not opened without one of them. Seals nothing else.

use rusqlite::Connection;

use super::super::SealingKey;
use super::failure::Failure;

/// The name of the first check. That of a key that came later has a slash and its fingerprint behind
/// it, until a rotation is through.
const NAME: &str = "key_check";

const TEXT: &[u8] = b"ringback";

/// Refuses other keys than those that the database was sealed with, before anything is sealed that
/// could not be opened together with the rest; and has a check of the key that seals from now on.
pub(super) fn admit(database: &Connection, key: &SealingKey) -> Result<(), Failure> {
    // All that begins with the name: `0` is what follows the slash.
    let read = "SELECT name, value FROM facts WHERE name >= 'key_check' AND name < 'key_check0'";
    let mut select = database.prepare(read)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let checks: Vec<(String, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    let mut is_known = false;
    for (name, sealed) in &checks {
        let (number, text) = key.open_with(sealed, name.as_bytes())?;
        if text.as_slice() != TEXT {
            return Err(Failure::corrupt("the check of the key holds another text"));
        }
        is_known |= number == 0;
    }
    if is_known {
        return Ok(());
    }
    let name = match checks.is_empty() {
        true => NAME.to_owned(),
        false => format!("{NAME}/{}", key.fingerprints()[0]),
    };
    insert(database, key, &name)
}

/// Forgets the keys that nothing is sealed with any more: from now on only the one that seals is
/// asked for.
pub(super) fn settle(database: &mut Connection, key: &SealingKey) -> Result<(), Failure> {
    let transaction = database.transaction()?;
    transaction
        .execute("DELETE FROM facts WHERE name >= 'key_check' AND name < 'key_check0'", [])?;
    insert(&transaction, key, NAME)?;
    Ok(transaction.commit()?)
}

fn insert(database: &Connection, key: &SealingKey, name: &str) -> Result<(), Failure> {
    let sealed = key.seal(TEXT, name.as_bytes());
    database.execute("INSERT INTO facts (name, value) VALUES (?1, ?2)", (name, sealed))?;
    Ok(())
}
