//! A program that has been launched, from there to its end and what it left.
//! Decides nothing about when it ends.

use super::child::{Ending, Interrupted, Running, Signaller};
use super::directory::Residence;
use crate::domain::ProgramResult;

/// A program that runs, and the place where it does.
#[derive(Debug)]
pub struct Launched {
    pub(super) running: Running,
    pub(super) residence: Residence,
    pub(super) result_bytes_max: u64,
}

impl Launched {
    /// What sends wishes to it from elsewhere.
    pub fn signaller(&self) -> Signaller {
        self.running.signaller()
    }

    /// Waits for its end and takes what it left: its output and its result. When this returns,
    /// nothing of it runs any more.
    ///
    /// # Errors
    /// When the launcher is lost before.
    pub async fn ended(self) -> Result<(Ending, ProgramResult, Residence), Interrupted> {
        let mut ending = self.running.ended().await?;
        let from_launcher = ending.result.take();
        let on_disk = || Some(self.residence.directory.as_ref()?.result(self.result_bytes_max));
        let result = from_launcher.or_else(on_disk);
        let result = result.map_or(ProgramResult::None, ProgramResult::from);
        Ok((ending, result, self.residence))
    }
}
