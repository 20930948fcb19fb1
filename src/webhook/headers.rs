//! Which headers a client may add to its callbacks.
//! Sends nothing and never repeats a value: values are secrets of the client.

/// The most that a name and its value may have together, in bytes.
const HEADER_BYTES_MAX: usize = 4096;

/// How much of a name is repeated in a sentence, in characters.
const SHOWN_CHARS_MAX: usize = 64;

/// Names that are ours, that frame the message, or that a cloud's metadata service asks for.
const RESERVED: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "user-agent",
    // Azure's metadata service answers to whoever sends `Metadata: true`, GCP's to
    // `Metadata-Flavor: Google`.
    "metadata",
    "metadata-flavor",
];

const RESERVED_PREFIXES: [&str; 7] =
    ["webhook-", "x-hopx-", "x-fetch-hive-", "x-aws-", "x-amz-", "x-goog", "proxy-"];

/// Judges one header that a client wants on its callbacks.
///
/// ```
/// use ringback::webhook::check_callback_header;
///
/// assert!(check_callback_header("Authorization", "Bearer abc").is_ok());
/// let refusal = check_callback_header("Webhook-Id", "mine").unwrap_err();
/// assert_eq!(refusal.to_string(), "the callback header `Webhook-Id` is reserved");
/// ```
pub fn check_callback_header(name: &str, value: &str) -> Result<(), HeaderRefusal> {
    let shown = || shown(name);
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err(HeaderRefusal::Name { name: shown() });
    }
    if is_reserved(&name.to_ascii_lowercase()) {
        return Err(HeaderRefusal::Reserved { name: shown() });
    }
    if name.len() + value.len() > HEADER_BYTES_MAX {
        return Err(HeaderRefusal::TooLong { name: shown() });
    }
    if !value.bytes().all(is_value_byte) {
        return Err(HeaderRefusal::Value { name: shown() });
    }
    Ok(())
}

/// Why a header may not go along.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderRefusal {
    /// The name is no token of RFC 9110.
    #[error(
        "the callback header `{name}` is not a header name: letters, digits and !#$%&'*+-.^_`|~ only"
    )]
    Name {
        /// The beginning of it, made printable.
        name: String,
    },
    /// The name is ours, frames the message, or carries credentials of a cloud.
    #[error("the callback header `{name}` is reserved")]
    Reserved {
        /// As it was given.
        name: String,
    },
    /// Name and value are too long together.
    #[error(
        "the callback header `{name}` is too long: name and value may have {HEADER_BYTES_MAX} bytes together"
    )]
    TooLong {
        /// The beginning of it.
        name: String,
    },
    /// The value has a character that cannot be sent as it stands.
    #[error(
        "the value of the callback header `{name}` may hold only visible ASCII, spaces and tabs"
    )]
    Value {
        /// As it was given.
        name: String,
    },
}

fn is_reserved(lower: &str) -> bool {
    RESERVED.contains(&lower) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

const fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

/// The beginning of a name, with whatever would break a line or a terminal escaped.
fn shown(name: &str) -> String {
    name.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
