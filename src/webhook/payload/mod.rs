//! The bodies of webhooks: one file for each payload format.
//! Signs and sends nothing.

mod hopx;
mod record;
mod standard;

#[cfg(test)]
mod tests_support;

pub use record::Record;

use crate::domain::{Event, PayloadFormat};

/// The body that tells of an event, to be kept and sent in exactly these bytes on every attempt.
pub fn body(format: PayloadFormat, event: &Event) -> Vec<u8> {
    match format {
        PayloadFormat::Standard => standard::body(event),
        PayloadFormat::Hopx => hopx::body(event),
    }
}
