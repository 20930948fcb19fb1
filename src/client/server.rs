//! What a client may ask about the server itself. Judges nothing.

use super::exchange::Ask;
use super::{Client, Error};
use crate::bodies::{All, Readiness, Runtime};

impl Client {
    /// The languages of the server, with their commands and versions.
    ///
    /// # Errors
    /// When the server cannot be asked, or does not let this key know.
    pub async fn runtimes(&self) -> Result<Vec<Runtime>, Error> {
        let all = self.json(Ask::get(&["v1", "runtimes"])).await;
        all.map(|all: All<Runtime>| all.data)
    }

    /// Whether the server can take anything on at this moment.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn ready(&self) -> Result<bool, Error> {
        match self.answer(Ask::get(&["readyz"])).await {
            Ok(_) => Ok(true),
            Err(Error::Problem { problem, .. }) if problem.status == 503 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Why it can, or cannot, and how it fares. Needs the scope `metrics:read`.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn readiness(&self) -> Result<Readiness, Error> {
        let ask = Ask::get(&["readyz"]).query([("verbose", "true".to_owned())]);
        // One that is not ready says so with 503, in the same words.
        let answer = self.whatever(ask).await?;
        serde_json::from_slice(&answer.bytes).map_err(|_| self.error(&answer))
    }
}
