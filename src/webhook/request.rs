//! The headers of an attempt: ours, the signatures, then the client's own.
//! Ours are made anew for each attempt; the body never is.

use super::signature::{self, BadSecret};
use crate::domain::{EventId, PayloadFormat, Secret, Timestamp};

/// What the headers are made from.
#[derive(Debug)]
pub struct Signing<'a> {
    /// The event, the same on every attempt.
    pub event_id: EventId,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
    /// What it is signed with, if it is.
    pub secret: Option<&'a Secret>,
    /// The body, byte for byte as it is sent.
    pub body: &'a [u8],
    /// What the sender calls itself.
    pub user_agent: &'a str,
}

/// The headers of the attempt that is made at `now`, in the order in which they are sent.
/// `own` are the client's; they were found harmless when they were accepted.
///
/// # Errors
/// When the secret is one that should never have been accepted.
pub fn headers(
    signing: &Signing<'_>,
    own: &[(String, Secret)],
    now: Timestamp,
) -> Result<Vec<(String, String)>, BadSecret> {
    let id = signing.event_id.to_string();
    let seconds = now.as_seconds();
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), signing.user_agent.to_owned()),
        ("webhook-id".to_owned(), id.clone()),
        ("webhook-timestamp".to_owned(), seconds.to_string()),
    ];
    if let Some(secret) = signing.secret {
        let value = signature::standard(secret, &id, seconds, signing.body)?;
        headers.push(("webhook-signature".to_owned(), value));
    }
    if signing.payload_format == PayloadFormat::Hopx {
        headers.push(("x-hopx-timestamp".to_owned(), seconds.to_string()));
        if let Some(secret) = signing.secret {
            headers.push(("x-hopx-signature".to_owned(), signature::hopx(secret, signing.body)));
        }
    }
    headers.extend(own.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    Ok(headers)
}

/// The headers as a log may have them: without signatures, which are as good as the secret for some
/// minutes, and without the values of the client's own.
pub fn redacted(headers: &[(String, String)], own: &[(String, Secret)]) -> Vec<(String, String)> {
    let ours = headers.len().saturating_sub(own.len());
    let is_secret = |(index, name): (usize, &str)| index >= ours || name.ends_with("-signature");
    let told = |(index, (name, value)): (usize, &(String, String))| {
        let value = if is_secret((index, name)) { REDACTED } else { value };
        (name.clone(), value.to_owned())
    };
    headers.iter().enumerate().map(told).collect()
}

/// What stands for a value that is not told.
const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ExecutionId;

    fn names(payload_format: PayloadFormat, secret: Option<&Secret>) -> Vec<String> {
        let event_id = EventId::from(ExecutionId::generate());
        let signing =
            Signing { event_id, payload_format, secret, body: b"{}", user_agent: "Ringback/0" };
        let own = [("x-mine".to_owned(), Secret::from("1"))];
        let headers = headers(&signing, &own, Timestamp::from_millis(1_999)).unwrap();
        assert!(headers.contains(&("webhook-timestamp".to_owned(), "1".to_owned())));
        headers.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn signatures_are_there_with_a_secret_and_only_then() {
        let secret = Secret::from("your-secret-key");
        let common = ["content-type", "user-agent", "webhook-id", "webhook-timestamp"];
        assert_eq!(names(PayloadFormat::Standard, None), [&common[..], &["x-mine"]].concat());
        let signed = [&common[..], &["webhook-signature", "x-mine"]].concat();
        assert_eq!(names(PayloadFormat::Standard, Some(&secret)), signed);
        let hopx = [&common[..], &["x-hopx-timestamp", "x-mine"]].concat();
        assert_eq!(names(PayloadFormat::Hopx, None), hopx);
        let both = ["webhook-signature", "x-hopx-timestamp", "x-hopx-signature", "x-mine"];
        assert_eq!(names(PayloadFormat::Hopx, Some(&secret)), [&common[..], &both].concat());
    }

    #[test]
    fn a_log_has_no_signature_and_no_value_of_the_clients() {
        let secret = Secret::from("your-secret-key");
        let own = [("x-mine".to_owned(), Secret::from("1")), ("date".to_owned(), "2".into())];
        let signing = Signing {
            event_id: EventId::from(ExecutionId::generate()),
            payload_format: PayloadFormat::Hopx,
            secret: Some(&secret),
            body: b"{}",
            user_agent: "Ringback/0",
        };
        let headers = headers(&signing, &own, Timestamp::from_millis(1_999)).unwrap();
        let told = redacted(&headers, &own);
        assert_eq!(told.len(), headers.len());
        let secret = ["webhook-signature", "x-hopx-signature", "x-mine", "date"];
        for ((name, told), (_, sent)) in told.iter().zip(&headers) {
            let expected = if secret.contains(&name.as_str()) { "[redacted]" } else { sent };
            assert_eq!(told, expected, "{name}");
        }
    }
}
