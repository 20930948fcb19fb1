//! A program that has been launched, from there to its end and what it left.
//! Decides nothing about when it ends.

use super::child::{Ending, Interrupted, Running, Signaller};
use super::directory::Residence;
use super::handler::Results;
use super::result::ResultFile;
use crate::domain::ProgramResult;

/// A program that runs, and the place where it does.
#[derive(Debug)]
pub struct Launched {
    pub(super) running: Running,
    pub(super) residence: Residence,
    pub(super) results: Results,
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
        let on_disk =
            || Some(self.residence.directory.as_ref()?.result(self.results.file_bytes_max()));
        let found = from_launcher.or_else(on_disk).unwrap_or(ResultFile::None);
        let result;
        (result, ending.raised) = self.results.read(found);
        Ok((ending, result, self.residence))
    }
}
