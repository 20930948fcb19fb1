//! The lines of docs/verify.md for Rust with the published library.
//! Adds nothing to them but what they need around them.

use std::collections::BTreeMap;

use standardwebhooks::WebhookError;
use ureq::http::HeaderMap;

pub fn verify(secret: &str, headers: &BTreeMap<String, String>, body: &[u8]) -> bool {
    let headers = headers.iter().map(|(name, value)| {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    });
    by_the_lines(secret, &headers.collect(), body).is_ok()
}

fn by_the_lines(secret: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookError> {
    let webhook = standardwebhooks::Webhook::new(secret)?; // cargo add standardwebhooks
    webhook.verify(body, headers)?;
    Ok(())
}
