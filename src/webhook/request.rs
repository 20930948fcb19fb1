//! The headers of an attempt: ours, the signatures, then the client's own.
//! Ours are made anew for each attempt; the body never is.

use super::signature::{self, BadSecret, Ed25519Key};
use crate::domain::{EventId, PayloadFormat, Secret, Timestamp, Traceparent};

/// What the headers are made from.
#[derive(Debug)]
pub struct Signing<'a> {
    /// The event, the same on every attempt.
    pub event_id: EventId,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
    /// What it is signed with, the newest first; nothing when it is not signed.
    pub secrets: &'a [Secret],
    /// What it is signed with beside that, on every callback, if the server has such a key.
    pub ed25519: Option<&'a Ed25519Key>,
    /// The body, byte for byte as it is sent.
    pub body: &'a [u8],
    /// What the sender calls itself.
    pub user_agent: &'a str,
    /// The trace that it is part of, if it is part of one.
    pub traceparent: Option<Traceparent>,
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
    if let Some(value) = signatures(signing, &id, seconds)? {
        headers.push(("webhook-signature".to_owned(), value));
    }
    headers.extend(in_format(signing, seconds));
    // Who puts its callbacks into a trace of its own has said what it wants.
    let is_own = own.iter().any(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT));
    let trace = signing.traceparent.filter(|_| !is_own);
    headers.extend(trace.map(|trace| (TRACEPARENT.to_owned(), trace.to_string())));
    headers.extend(own.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    Ok(headers)
}

/// The headers that belong to the payload format. Receivers of these take one value and fall over
/// two, so a signature is the newest secret's.
fn in_format(signing: &Signing<'_>, seconds: i64) -> Vec<(String, String)> {
    let secret = signing.secrets.first();
    let mut headers = Vec::new();
    match signing.payload_format {
        PayloadFormat::Standard | PayloadFormat::Cortex => {}
        PayloadFormat::Hopx => {
            headers.push(("x-hopx-timestamp".to_owned(), seconds.to_string()));
            let value = secret.map(|secret| signature::hopx(secret, signing.body));
            headers.extend(value.map(|value| ("x-hopx-signature".to_owned(), value)));
        }
        PayloadFormat::FetchHive => {
            let value = secret.map(|secret| signature::fetch_hive(secret, signing.body));
            headers.extend(value.map(|value| ("x-fetch-hive-signature".to_owned(), value)));
        }
    }
    headers
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

/// The header that says which trace a request is part of.
const TRACEPARENT: &str = "traceparent";

/// What stands for a value that is not told.
const REDACTED: &str = "[redacted]";

/// One signature for each secret, in their order, and then that of the server's own key, with one
/// space between them: receivers look for the one that they know and pass over the others.
fn signatures(signing: &Signing<'_>, id: &str, seconds: i64) -> Result<Option<String>, BadSecret> {
    let sign = |secret: &Secret| signature::standard(secret, id, seconds, signing.body);
    let mut values = signing.secrets.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
    values.extend(signing.ed25519.map(|key| key.sign(id, seconds, signing.body)));
    Ok((!values.is_empty()).then(|| values.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ExecutionId;

    const COMMON: [&str; 4] = ["content-type", "user-agent", "webhook-id", "webhook-timestamp"];

    fn made(payload_format: PayloadFormat, secrets: &[Secret]) -> Vec<(String, String)> {
        made_with(payload_format, secrets, None)
    }

    fn made_with(
        payload_format: PayloadFormat,
        secrets: &[Secret],
        ed25519: Option<&Ed25519Key>,
    ) -> Vec<(String, String)> {
        let event_id = EventId::from(ExecutionId::generate());
        let user_agent = "Ringback/0";
        let signing = Signing {
            event_id,
            payload_format,
            secrets,
            ed25519,
            body: b"{}",
            user_agent,
            traceparent: None,
        };
        let own = [("x-mine".to_owned(), Secret::from("1"))];
        headers(&signing, &own, Timestamp::from_millis(1_750_000_000_999)).unwrap()
    }

    fn names(payload_format: PayloadFormat, secrets: &[Secret]) -> Vec<String> {
        made(payload_format, secrets).into_iter().map(|(name, _)| name).collect()
    }

    fn value<'a>(headers: &'a [(String, String)], wanted: &str) -> &'a str {
        let mut values = headers.iter().filter(|(name, _)| name == wanted);
        let (_, value) = values.next().unwrap();
        assert_eq!(values.next(), None, "{wanted} is there once");
        value
    }

    #[test]
    fn signatures_are_there_with_a_secret_and_only_then() {
        let secret = [Secret::from("your-secret-key")];
        assert_eq!(names(PayloadFormat::Standard, &[]), [&COMMON[..], &["x-mine"]].concat());
        let signed = [&COMMON[..], &["webhook-signature", "x-mine"]].concat();
        assert_eq!(names(PayloadFormat::Standard, &secret), signed);
        let hopx = [&COMMON[..], &["x-hopx-timestamp", "x-mine"]].concat();
        assert_eq!(names(PayloadFormat::Hopx, &[]), hopx);
        let both = ["webhook-signature", "x-hopx-timestamp", "x-hopx-signature", "x-mine"];
        assert_eq!(names(PayloadFormat::Hopx, &secret), [&COMMON[..], &both].concat());
        let both = ["webhook-signature", "x-fetch-hive-signature", "x-mine"];
        assert_eq!(names(PayloadFormat::FetchHive, &secret), [&COMMON[..], &both].concat());
        assert_eq!(names(PayloadFormat::FetchHive, &[]), [&COMMON[..], &["x-mine"]].concat());
        assert_eq!(names(PayloadFormat::Cortex, &secret), signed);
    }

    #[test]
    fn two_secrets_sign_side_by_side_the_new_one_first_and_alone_where_one_value_fits() {
        let secrets = [Secret::from("the new one"), Secret::from("the old one")];
        let headers = made(PayloadFormat::Hopx, &secrets);
        let id = value(&headers, "webhook-id");
        let [new, old] = secrets
            .each_ref()
            .map(|secret| signature::standard(secret, id, 1_750_000_000, b"{}").unwrap());
        assert_eq!(value(&headers, "webhook-signature"), format!("{new} {old}"));
        let alone = signature::hopx(&secrets[0], b"{}");
        assert_eq!(value(&headers, "x-hopx-signature"), alone);
    }

    #[test]
    fn a_key_of_the_server_s_own_signs_every_callback_behind_the_secrets() {
        let key = Ed25519Key::from_text(&Ed25519Key::generate().unwrap()).unwrap();
        for secrets in [&[][..], &["new".into(), "old".into()]] {
            let headers = made_with(PayloadFormat::Hopx, secrets, Some(&key));
            let id = value(&headers, "webhook-id");
            let sign = |secret| signature::standard(secret, id, 1_750_000_000, b"{}").unwrap();
            let mut expected: Vec<String> = secrets.iter().map(sign).collect();
            expected.push(key.sign(id, 1_750_000_000, b"{}"));
            assert_eq!(value(&headers, "webhook-signature"), expected.join(" "));
            let has_hopx = headers.iter().any(|(name, _)| name == "x-hopx-signature");
            assert_eq!(has_hopx, !secrets.is_empty(), "it has no place for another kind");
        }
    }

    /// The Python verifiers crash on two spaces and on an item without a comma; all of them want
    /// padded standard base64, and write the number of seconds anew before they compare.
    #[test]
    fn each_value_is_spelled_as_the_strictest_verifier_wants_it() {
        let secrets = ["a", "b", "c"].map(Secret::from);
        let headers = made(PayloadFormat::Standard, &secrets);
        let items: Vec<&str> = value(&headers, "webhook-signature").split(' ').collect();
        assert_eq!(items.len(), 3, "one space between two of them, and none elsewhere");
        for item in items {
            let base64 = item.strip_prefix("v1,").unwrap();
            assert_eq!((base64.len(), base64.ends_with('=')), (44, true), "{item}");
            let is_standard = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
            assert!(base64.bytes().all(is_standard), "{item}");
        }
        // Whole seconds, the rest of them cut off.
        assert_eq!(value(&headers, "webhook-timestamp"), "1750000000");
        let id = value(&headers, "webhook-id");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{id}");
    }

    #[test]
    fn a_secret_that_cannot_sign_is_an_error_and_not_left_out() {
        let event_id = EventId::from(ExecutionId::generate());
        let secrets = [Secret::from("good"), Secret::from("whsec_not base64")];
        let signing = Signing {
            event_id,
            payload_format: PayloadFormat::Standard,
            secrets: &secrets,
            ed25519: None,
            body: b"{}",
            user_agent: "Ringback/0",
            traceparent: None,
        };
        let refused = headers(&signing, &[], Timestamp::from_millis(0));
        assert_eq!(refused.unwrap_err(), BadSecret);
    }

    #[test]
    fn a_callback_is_part_of_its_executions_trace_unless_its_client_chose_another() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let event_id = EventId::from(ExecutionId::generate());
        let signing = |traceparent| Signing {
            event_id,
            payload_format: PayloadFormat::Standard,
            secrets: &[],
            ed25519: None,
            body: b"{}",
            user_agent: "Ringback/0",
            traceparent,
        };
        let own = |name: &str| [(name.to_owned(), Secret::from("mine"))];
        let made = |traceparent, own: &[(String, Secret)]| {
            headers(&signing(traceparent), own, Timestamp::from_millis(0)).unwrap()
        };
        let parent = Traceparent::parse(trace);
        assert_eq!(value(&made(parent, &own("x-mine")), "traceparent"), trace);
        assert_eq!(value(&made(parent, &own("Traceparent")), "Traceparent"), "mine");
        for headers in [made(parent, &own("Traceparent")), made(None, &[])] {
            assert!(!headers.iter().any(|(name, _)| name == "traceparent"), "{headers:?}");
        }
    }

    #[test]
    fn a_log_has_no_signature_and_no_value_of_the_clients() {
        let secrets = [Secret::from("your-secret-key")];
        let own = [("x-mine".to_owned(), Secret::from("1")), ("date".to_owned(), "2".into())];
        let signing = Signing {
            event_id: EventId::from(ExecutionId::generate()),
            payload_format: PayloadFormat::Hopx,
            secrets: &secrets,
            ed25519: None,
            body: b"{}",
            user_agent: "Ringback/0",
            traceparent: None,
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
