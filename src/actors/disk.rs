//! Whether the disk has room for what would be accepted. It is looked at now and then, and not by whoever
//! asks: a disk may take its time. Frees nothing, and stops nothing that has been accepted.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_rt::task::spawn_blocking;
use actix_rt::time::sleep;

use crate::store::disk_free_bytes;

/// The room on the disk of a data directory. Shared by cloning.
#[derive(Debug, Clone)]
pub struct DiskRoom(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    free_bytes_min: u64,
    is_low: AtomicBool,
}

impl DiskRoom {
    /// Looks at once. With less free than so many bytes the disk is low; 0 is never.
    pub fn look(dir: PathBuf, free_bytes_min: u64) -> Self {
        let room = Self(Arc::new(Inner { dir, free_bytes_min, is_low: AtomicBool::new(false) }));
        room.look_again();
        room
    }

    /// Whether the disk was low when it was looked at last.
    pub fn is_low(&self) -> bool {
        self.0.is_low.load(Ordering::Relaxed)
    }

    /// Below how many free bytes it is low.
    pub fn free_bytes_min(&self) -> u64 {
        self.0.free_bytes_min
    }

    /// Looks again and again, for as long as it is polled.
    pub async fn watch(self, every: Duration) {
        if self.0.free_bytes_min == 0 {
            return;
        }
        loop {
            sleep(every).await;
            let room = self.clone();
            // A panic is in the log already; the next look may fare better.
            let _ = spawn_blocking(move || room.look_again()).await;
        }
    }

    fn look_again(&self) {
        let Inner { dir, free_bytes_min, is_low } = &*self.0;
        // What cannot be found out is no reason to refuse.
        let free = disk_free_bytes(dir).unwrap_or(u64::MAX);
        let (min, now) = (*free_bytes_min, free < *free_bytes_min);
        match (is_low.swap(now, Ordering::Relaxed), now) {
            (false, true) => log::error!(
                "the disk has {free} bytes free, less than `server.disk_free_bytes_min` ({min}): \
                 nothing more is accepted until it has"
            ),
            (true, false) => log::warn!("the disk has room again: {free} bytes are free"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_when_it_has_less_than_it_should() {
        let dir = tempfile::tempdir().unwrap();
        let is_low = |min| DiskRoom::look(dir.path().to_owned(), min).is_low();
        assert!(!is_low(0), "never");
        assert!(!is_low(1));
        assert!(is_low(u64::MAX - 1));
    }
}
