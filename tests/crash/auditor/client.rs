//! What clients know: every submit and every cancel that was answered.
//! A request without an answer is nothing that anybody was promised.

use std::path::Path;

use serde_json::Value;

use super::lines;

/// What clients were answered.
#[derive(Debug, Default)]
pub struct Client {
    /// Submits that were answered with an id.
    pub submits: Vec<Submit>,
    /// Cancels that were answered with a record.
    pub cancels: Vec<Cancel>,
}

/// A submit that was answered with 202.
#[derive(Debug)]
pub struct Submit {
    /// The id that the client was given.
    pub id: String,
    /// Whether the client allowed a second run.
    pub rerun: bool,
    /// Whether it wanted to be called back.
    pub callback: bool,
    /// Whether its program writes down that it began.
    pub counted: bool,
}

/// A cancel that was answered, and the record that was the answer.
#[derive(Debug)]
pub struct Cancel {
    /// Of which execution.
    pub id: String,
    /// The status that the client was told.
    pub status: String,
    /// The run it would have been.
    pub attempt: u64,
    /// Whether it had ever been started.
    pub started: bool,
}

impl Client {
    /// Reads the log of the clients.
    ///
    /// # Errors
    /// When it is not there, or a line is not what it should be.
    pub fn read(file: &Path) -> Result<Self, String> {
        let mut client = Self::default();
        for line in lines::read(file)? {
            match line["answered"].as_str() {
                Some("submit") => client.submits.push(submit(&line)?),
                Some("cancel") => client.cancels.push(cancel(&line)?),
                _ => return Err(format!("{line} is neither a submit nor a cancel")),
            }
        }
        Ok(client)
    }
}

fn submit(line: &Value) -> Result<Submit, String> {
    let is = |member: &str| line[member].as_bool().ok_or_else(|| format!("{line}: `{member}`?"));
    let rerun = match lines::text(line, "on_interrupt")?.as_str() {
        "rerun" => true,
        "fail" => false,
        _ => return Err(format!("{line}: `on_interrupt` is neither `fail` nor `rerun`")),
    };
    let id = lines::text(line, "id")?;
    Ok(Submit { id, rerun, callback: is("callback")?, counted: is("counted")? })
}

fn cancel(line: &Value) -> Result<Cancel, String> {
    Ok(Cancel {
        id: lines::text(line, "id")?,
        status: lines::text(line, "status")?,
        attempt: line["attempt"].as_u64().ok_or_else(|| format!("{line}: `attempt`?"))?,
        started: !line["started_at"].is_null(),
    })
}
