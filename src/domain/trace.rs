//! Traces of the W3C (Trace Context, levels 1 and 2): which one a request is part of, and how that
//! is handed on. Begins none: where a client has no trace, there is none.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use super::ExecutionId;

/// The flags that are handed on: whether the trace is sampled, and whether its id is random. What a
/// sender says with others is not known, and so not repeated.
const FLAGS_KNOWN: u8 = 0b11;

/// The length of a `traceparent` of version 00, in bytes. Later ones may be longer.
const LENGTH: usize = 55;

/// A `traceparent`: a trace, and the span in it from which something was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    trace: NonZeroU128,
    span: NonZeroU64,
    flags: u8,
}

impl Traceparent {
    /// What a header says; nothing when it is none, for then there is no trace either.
    pub fn parse(text: &str) -> Option<Self> {
        let version = hexadecimal(text.get(..2)?)?;
        let rest = text.get(LENGTH..)?;
        // A version that we do not know begins as this one does. 255 is none.
        let is_version = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let mut parts = text.get(2..LENGTH)?.strip_prefix('-')?.split('-');
        let mut part = |digits| parts.next().filter(|part| part.len() == digits);
        let (trace, span, flags) = (part(32)?, part(16)?, part(2)?);
        if !is_version || parts.next().is_some() {
            return None;
        }
        Some(Self {
            trace: NonZeroU128::new(hexadecimal(trace)?)?,
            span: NonZeroU64::new(hexadecimal(span)?.try_into().ok()?)?,
            flags: u8::try_from(hexadecimal(flags)?).ok()? & FLAGS_KNOWN,
        })
    }

    /// The same trace, from the span that an execution is: what its program and its webhooks are
    /// told. That span is the second half of the execution's id, so that everybody who knows the
    /// one knows the other, and all attempts of all its webhooks agree.
    pub fn within(self, execution: ExecutionId) -> Self {
        let (_, half) = execution.uuid().as_u64_pair();
        Self { span: NonZeroU64::new(half).unwrap_or(NonZeroU64::MIN), ..self }
    }

    /// The trace alone, as logs have it.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// A number in lower case, which is all that a `traceparent` may have.
fn hexadecimal(digits: &str) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    digits.bytes().all(is_digit).then(|| u128::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_well_formed_is_read_and_written_as_it_was() {
        let read = |text: &str| Traceparent::parse(text).map(|read| read.to_string());
        assert_eq!(read(GOOD).as_deref(), Some(GOOD));
        assert_eq!(Traceparent::parse(GOOD).unwrap().trace_id(), &GOOD[3..35]);
        // Flags that nobody knows are not handed on, and a later version is spoken to in ours.
        assert_eq!(read(&GOOD.replace("-01", "-fe")), Some(GOOD.replace("-01", "-02")));
        assert_eq!(read(&GOOD.replacen("00", "cc", 1)).as_deref(), Some(GOOD));
        assert_eq!(read(&format!("cc{}-what-comes", &GOOD[2..])).as_deref(), Some(GOOD));
    }

    #[test]
    fn what_is_malformed_is_as_if_it_were_not_there() {
        let zeros = |from: usize, to: usize| {
            let zeros = "0".repeat(to - from);
            format!("{}{zeros}{}", &GOOD[..from], &GOOD[to..])
        };
        let bad = [
            String::new(),
            "00".to_owned(),
            GOOD.to_uppercase(),
            GOOD[..54].to_owned(),
            format!("{GOOD}-"),
            format!("{GOOD}-more"),
            format!(" {GOOD}"),
            GOOD.replacen("00", "ff", 1),
            GOOD.replacen("00", "0g", 1),
            format!("cc{}.what-comes", &GOOD[2..]),
            GOOD.replace('-', "_"),
            zeros(3, 35),
            zeros(36, 52),
            GOOD.replacen("-b", "b-", 1),
            GOOD.replace("0a", "+a"),
            GOOD.replace("af", "é"),
        ];
        for text in bad {
            assert_eq!(Traceparent::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn an_execution_is_a_span_of_its_own_in_the_same_trace() {
        let (read, id) = (Traceparent::parse(GOOD).unwrap(), ExecutionId::generate());
        let within = read.within(id).to_string();
        assert_eq!((&within[..36], &within[52..]), (&GOOD[..36], &GOOD[52..]));
        assert!(id.to_string().ends_with(&within[36..52]), "{id} {within}");
        assert_eq!(Traceparent::parse(&within), Some(read.within(id)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_it_takes_it_takes_again(text in "[-0-9a-fé]{0,70}|.*") {
            if let Some(read) = Traceparent::parse(&text) {
                prop_assert_eq!(Traceparent::parse(&read.to_string()), Some(read));
            }
        }
    }
}
