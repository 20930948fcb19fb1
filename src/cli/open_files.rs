//! How many files the server may have open: as many as the system lets it, for each connection takes two
//! or three. Says so when that is less than its configuration could need. Opens nothing.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::config::Config;

/// A connection, the second hold on it, and a third while its answer is held back.
const FILES_PER_CONNECTION: u64 = 3;

/// What a running program needs of the server: its two output pipes, its recordings, its process.
const FILES_PER_PROGRAM: u64 = 5;

/// What the server needs beside: its database, its sockets.
const FILES_BESIDE: u64 = 128;

/// Raises the soft limit, which is low for the sake of programs that use `select`, to the hard one. What
/// programs get is their own limit in any case.
pub(super) fn raise(config: &Config) {
    let mut limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum;
    if limit.current != hard {
        limit.current = hard;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            log::warn!("the limit of open files cannot be raised: {error}");
        }
    }
    let may = getrlimit(Resource::Nofile).current;
    let needed = needed(config);
    if let Some(may) = may.filter(|may| *may < needed) {
        log::warn!(
            "{may} files may be open at a time, and {needed} could be needed; \
             raise `LimitNOFILE=` or lower `server.connections_max`"
        );
    }
}

/// How many files a server of this configuration could have open at a time.
pub(super) fn needed(config: &Config) -> u64 {
    let connections = config.server.connections_max as u64;
    let programs = config.execution.slots as u64;
    FILES_PER_CONNECTION
        .saturating_mul(connections)
        .saturating_add(FILES_PER_PROGRAM.saturating_mul(programs))
        .saturating_add(FILES_BESIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_needed_grows_with_connections_and_slots() {
        let mut config = Config::default();
        (config.server.connections_max, config.execution.slots) = (100, 10);
        assert_eq!(needed(&config), 300 + 50 + FILES_BESIDE);
        config.server.connections_max = usize::MAX;
        assert_eq!(needed(&config), u64::MAX);
    }
}
