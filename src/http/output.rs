//! What a program has written, byte for byte: `GET /v1/executions/{id}/output/{stdout|stderr}`.
//! Of a program that runs, what has been recorded so far. Waits for nothing.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, ByteRangeSpec, CONTENT_RANGE, CONTENT_TYPE, Header, Range,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};

use super::auth::Caller;
use super::context;
use super::error::{FieldError, Kind, Problem};
use super::executions::{READ, id_of};
use super::query;
use super::state::Api;
use crate::domain::{Captured, Execution, ExecutionId, Tenant};
use crate::process::Stream;

/// How many bytes the program wrote in all, of which not all need to be there.
const TOTAL_BYTES: &str = "Ringback-Total-Bytes";

/// Whether the middle is missing.
const TRUNCATED: &str = "Ringback-Truncated";

/// What there is of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    bytes: Vec<u8>,
    total: u64,
    is_truncated: bool,
    is_text: bool,
}

/// Which of the bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// These, the last one included, as a range of the whole.
    Range(usize, usize),
    /// From here on.
    From(usize),
    /// None that there are.
    Beyond,
}

/// `GET /v1/executions/{id}/output/{stdout|stderr}`
pub(super) async fn read(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let (id, stream) = (id_of(&path.0)?, stream(&path.1)?);
    let range = range(&request);
    let offset = offset(request.query_string(), range.is_some())?;
    let kept = kept(&api, (&caller.tenant, id), stream).await?;
    let part = part(kept.bytes.len(), offset, range.as_ref());
    answer(kept, part)
}

fn stream(name: &str) -> Result<Stream, Problem> {
    let found = [Stream::Stdout, Stream::Stderr].into_iter().find(|each| each.as_str() == name);
    found.ok_or_else(Problem::not_found)
}

/// The header `Range`. One that makes no sense is overlooked, as HTTP has it.
fn range(request: &HttpRequest) -> Option<Range> {
    Range::parse(request).ok().filter(|range| matches!(range, Range::Bytes(_)))
}

/// Where to begin: `?offset=BYTES`.
fn offset(query: &str, has_range: bool) -> Result<Option<usize>, Problem> {
    let mut offset = None;
    let mut errors = Vec::new();
    for (name, value) in query::parameters(query)? {
        let (code, detail) = match (name.as_str(), value.parse()) {
            ("offset", Ok(bytes)) if !has_range => {
                offset = Some(bytes);
                continue;
            }
            ("offset", Ok(_)) => {
                ("conflict", "`offset` cannot be given together with a `Range`.".to_owned())
            }
            ("offset", Err(_)) => {
                ("invalid", "`offset` must be a whole number of bytes.".to_owned())
            }
            _ => ("unknown_field", format!("There is no parameter `{name}`.")),
        };
        errors.push(FieldError { field: name, code, detail });
    }
    if errors.is_empty() { Ok(offset) } else { Err(Problem::invalid(errors)) }
}

/// What there is of a stream: in the store after the end, and before that in the recording.
async fn kept(
    api: &web::Data<Api>,
    (tenant, id): (&Tenant, ExecutionId),
    stream: Stream,
) -> Result<Kept, Problem> {
    let execution = execution(api, tenant, id).await?;
    if let Some(kept) = ended(&execution, stream) {
        return Ok(kept);
    }
    if let Some(recorded) = recorded(api, id, stream).await {
        return Ok(Kept::of(&recorded, true));
    }
    // It may have ended just now, and then its recording has gone.
    let execution = self::execution(api, tenant, id).await?;
    Ok(ended(&execution, stream).unwrap_or_else(|| Kept::of(&Captured::default(), true)))
}

async fn execution(api: &Api, tenant: &Tenant, id: ExecutionId) -> Result<Execution, Problem> {
    api.store.execution(tenant, id).await?.ok_or_else(Problem::not_found)
}

fn ended(execution: &Execution, stream: Stream) -> Option<Kept> {
    let ended = execution.ended()?;
    let captured = match stream {
        Stream::Stdout => &ended.stdout,
        Stream::Stderr => &ended.stderr,
    };
    Some(Kept::of(captured, false))
}

async fn recorded(api: &web::Data<Api>, id: ExecutionId, stream: Stream) -> Option<Captured> {
    let launcher = api.launcher.clone();
    // Up to many megabytes from a disk.
    let read = web::block(move || launcher.recorded_output(id, stream)).await;
    match read {
        Ok(Ok(recorded)) => recorded,
        Ok(Err(error)) => {
            let request_id = context::request_id();
            log::warn!(
                execution:% = id,
                request_id = request_id.as_deref();
                "its {} cannot be read: {error}",
                stream.as_str()
            );
            None
        }
        // The server is ending.
        Err(_) => None,
    }
}

impl Kept {
    /// `is_growing` says that there may be more to come, such as the rest of a character.
    fn of(captured: &Captured, is_growing: bool) -> Self {
        let (bytes, _) = captured.bytes();
        let is_text = match std::str::from_utf8(&bytes) {
            Ok(_) => true,
            Err(error) => is_growing && error.error_len().is_none(),
        };
        Self { bytes, total: captured.total, is_truncated: captured.is_truncated(), is_text }
    }
}

/// Which part of so many bytes is wanted. Of several ranges none is taken, and all is given, as
/// HTTP allows.
fn part(length: usize, offset: Option<usize>, range: Option<&Range>) -> Part {
    match (offset, range) {
        (Some(offset), _) if offset <= length => Part::From(offset),
        (Some(_), _) => Part::Beyond,
        (None, Some(Range::Bytes(ranges))) => match ranges.as_slice() {
            [range] => part_of(length, range),
            _ => Part::All,
        },
        (None, _) => Part::All,
    }
}

fn part_of(length: usize, range: &ByteRangeSpec) -> Part {
    let found = range.to_satisfiable_range(length as u64);
    let found = found.and_then(|(first, last)| {
        Some(Part::Range(usize::try_from(first).ok()?, usize::try_from(last).ok()?))
    });
    found.unwrap_or(Part::Beyond)
}

fn answer(kept: Kept, part: Part) -> Result<HttpResponse, Problem> {
    let Kept { mut bytes, total, is_truncated, is_text } = kept;
    let length = bytes.len();
    let (status, content_range) = match part {
        Part::All => (StatusCode::OK, None),
        Part::From(offset) => {
            bytes.drain(..offset);
            (StatusCode::OK, None)
        }
        Part::Range(first, last) => {
            bytes.truncate(last + 1);
            bytes.drain(..first);
            (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {first}-{last}/{length}")))
        }
        Part::Beyond => {
            let detail = format!("There are {length} bytes, and none where it was asked for.");
            return Err(Problem::new(Kind::RangeNotSatisfiable(length as u64), detail));
        }
    };
    let kind = if is_text { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CONTENT_TYPE, kind));
    // Whatever a program has written, no browser shall take it for a page.
    answer.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    answer.insert_header((ACCEPT_RANGES, "bytes"));
    answer.insert_header((TOTAL_BYTES, total.to_string()));
    answer.insert_header((TRUNCATED, is_truncated.to_string()));
    if let Some(content_range) = content_range {
        answer.insert_header((CONTENT_RANGE, content_range));
    }
    Ok(answer.body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_taken_as_http_has_it() {
        let wanted = |text: &str| part(10, None, Some(&text.parse().unwrap()));
        assert_eq!(wanted("bytes=0-3"), Part::Range(0, 3));
        assert_eq!(wanted("bytes=4-"), Part::Range(4, 9));
        assert_eq!(wanted("bytes=4-100"), Part::Range(4, 9));
        assert_eq!(wanted("bytes=-3"), Part::Range(7, 9));
        assert_eq!(wanted("bytes=-100"), Part::Range(0, 9));
        assert_eq!(wanted("bytes=10-"), Part::Beyond);
        assert_eq!(wanted("bytes=-0"), Part::Beyond);
        assert_eq!(wanted("bytes=0-1,3-4"), Part::All);
        assert_eq!(part(0, None, Some(&"bytes=0-".parse().unwrap())), Part::Beyond);
        assert_eq!(part(10, None, None), Part::All);
    }

    #[test]
    fn an_offset_may_be_where_the_next_byte_will_be_and_not_behind_that() {
        assert_eq!(part(10, Some(4), None), Part::From(4));
        assert_eq!(part(10, Some(10), None), Part::From(10));
        assert_eq!(part(10, Some(11), None), Part::Beyond);
    }

    #[test]
    fn a_character_that_is_still_coming_is_text() {
        let half = Captured::whole("10 €".as_bytes()[..4].to_vec());
        assert!(Kept::of(&half, true).is_text);
        assert!(!Kept::of(&half, false).is_text, "it never came");
        assert!(!Kept::of(&Captured::whole([0xff]), true).is_text);
    }
}
