//! The bodies of webhooks: one file for each payload format.
//! Signs and sends nothing.

mod cortex;
pub mod fetch_hive;
mod fit;
mod hopx;
mod output;
mod standard;

#[cfg(test)]
mod tests_support;

pub use cortex::CortexRecord;
pub use hopx::{HopxRecord, hopx_execution_time, hopx_exit_code};
pub use output::{OutputBody, Told, output_body};
pub use standard::StandardBody;

use crate::bodies::FullOutput;
use crate::domain::{Event, PayloadFormat};

/// How large a body may be, and where what does not fit is to be had.
#[derive(Debug, Clone)]
pub struct Room {
    /// How many bytes the body may have.
    pub bytes_max: usize,
    /// What the paths of this server are to be appended to; empty when nobody has said.
    pub public_url: String,
}

/// The body that tells of an event, to be kept and sent in exactly these bytes on every attempt.
/// What is too long for it is cut to its head and tail; the body then says how long it is, what its
/// SHA-256 is, and where the whole is to be had.
pub fn body(format: PayloadFormat, event: &Event, room: &Room) -> Vec<u8> {
    let whole = write(format, event, None);
    if whole.len() <= room.bytes_max {
        return whole;
    }
    let full = FullOutput::of(&event.execution, &room.public_url);
    fit::cut(event, room.bytes_max, |cut| write(format, cut, Some(&full)))
}

fn write(format: PayloadFormat, event: &Event, full: Option<&FullOutput>) -> Vec<u8> {
    match format {
        PayloadFormat::Standard => standard::body(event, full),
        PayloadFormat::Hopx => hopx::body(event),
        PayloadFormat::FetchHive => fetch_hive::body(event),
        PayloadFormat::Cortex => cortex::body(event),
    }
}
