//! Opening: directory, lock, file, schema, key, connections, in this order.
//! Changes nothing in a database that it refuses.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::private_dir::{make_private_dir, parent, private_file, sync_dir, unusable};
use super::super::{Clock, SealingKey, StoreError};
use super::connect::{check_sqlite, checkpoint_on_close, make_writer, open, open_reader};
use super::damage::{Look, look};
use super::failure::Failure;
use super::key_check;
use super::lock::DirLock;
use super::migrate::{migrate, refuse_newer};
use crate::domain::OwnerId;
use crate::failpoint;

/// What a store in a SQLite file needs to know.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The data directory; made, with mode 0700, if it is not there.
    pub dir: PathBuf,
    /// The process start that opens it.
    pub owner: OwnerId,
    /// What secrets in it are sealed with, and what they may still be sealed with from before.
    pub key: SealingKey,
    /// Where it takes the time from.
    pub clock: Clock,
}

/// The database in its directory.
pub(super) const FILE: &str = "ringback.db";

/// Reads are short and mostly of single rows; two of them at a time keep two cores busy.
const READERS: usize = 2;

/// An opened database: its lock, the connection that writes, and those that read.
pub(super) struct Opened {
    pub(super) lock: DirLock,
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
}

/// Opens the database of a data directory, new or old.
pub(super) fn open_all(options: &SqliteOptions) -> Result<Opened, StoreError> {
    let file = options.dir.join(FILE);
    check_sqlite(rusqlite::version_number()).map_err(|reason| unusable(&file, &reason))?;
    make_private_dir(&options.dir)?;
    refuse_network(&options.dir)?;
    let lock = DirLock::acquire(&options.dir, options.clock.now())?;
    open_behind(lock, options)
}

/// Opens the database of a directory that is this process's already.
pub(super) fn open_behind(lock: DirLock, options: &SqliteOptions) -> Result<Opened, StoreError> {
    let file = options.dir.join(FILE);
    let failed = |failure: Failure| match failure {
        Failure::Sql(error) => unusable(&file, &error),
        Failure::Store(error) => error,
    };
    let look = look(&file).map_err(|error| unusable(&file, &error))?;
    if let Look::Broken(reason) = look {
        return Err(unusable(&file, &reason));
    }
    make_file(&file).map_err(|error| unusable(&file, &error))?;

    let mut writer = open(&file).map_err(failed)?;
    if look == Look::Unfinished {
        check_pages(&writer, &file).map_err(failed)?;
    }
    refuse_newer(&writer, &file)?;
    let mode = make_writer(&writer).map_err(failed)?;
    if mode != "wal" {
        let reason = format!("its journal mode is `{mode}`, and it cannot be set to `wal`");
        return Err(unusable(&file, &reason));
    }
    migrate(&mut writer, &file)?;
    key_check::admit(&writer, &options.key).map_err(failed)?;
    let readers: Result<Vec<_>, _> = (0..READERS).map(|_| open_reader(&file)).collect();
    let readers = readers.map_err(failed)?;
    checkpoint_on_close(&writer).map_err(failed)?;
    Ok(Opened { lock, writer, readers })
}

/// Has SQLite look at every page, the log included. Takes as long as reading all of them does.
fn check_pages(database: &Connection, file: &Path) -> Result<(), Failure> {
    let first: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match first.as_str() {
        "ok" => Ok(()),
        _ => {
            Err(unusable(file, &"its last checkpoint was interrupted, and its log is damaged")
                .into())
        }
    }
}

/// SQLite gives its log the mode that the database has, so it is made before SQLite makes it.
fn make_file(file: &Path) -> std::io::Result<()> {
    private_file().open(file)?;
    sync_dir(parent(file))
}

/// SQLite's log needs memory that all its users share, which file systems of other machines do
/// not give, and their locks have lied before.
#[cfg(target_os = "linux")]
fn refuse_network(dir: &Path) -> Result<(), StoreError> {
    let about = rustix::fs::statfs(dir).map_err(|error| unusable(dir, &error))?;
    let number = failpoint::value("file-system").and_then(|number| number.parse().ok());
    match network_name(number.unwrap_or(about.f_type as i64)) {
        Some(name) => {
            let reason = format!("it is on a network file system ({name}), which can break it");
            Err(unusable(dir, &reason))
        }
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_network(_dir: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// The name of a network file system by the number that statfs(2) has for it.
#[cfg(target_os = "linux")]
fn network_name(number: i64) -> Option<&'static str> {
    // The field is as wide as the machine's word and sign-extends on some of them.
    match number & 0xFFFF_FFFF {
        0x6969 => Some("NFS"),
        0x517B => Some("SMB"),
        0xFF53_4D42 => Some("CIFS"),
        0xFE53_4D42 => Some("SMB2"),
        0x5346_414F => Some("AFS"),
        0x0102_1997 => Some("9P"),
        0x00C3_6400 => Some("Ceph"),
        0x0BD0_0BD0 => Some("Lustre"),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::network_name;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        const EXT4: i64 = 0xEF53;
        const TMPFS: i64 = 0x0102_1994;
        assert_eq!(network_name(EXT4), None);
        assert_eq!(network_name(TMPFS), None);
        assert_eq!(network_name(0x6969), Some("NFS"));
        assert_eq!(network_name(i64::from(0xFF53_4D42_u32 as i32)), Some("CIFS"));
    }
}
