//! The ids of events, which say how far a client has been told: `<stdout offset>-<stderr offset>`, and
//! for a later attempt than the first `-<attempt>` behind that. Reads no execution.

use actix_web::HttpRequest;

use super::super::error::{FieldError, Problem, shown};
use super::super::follow::Place;
use super::super::query;

/// What clients send by themselves when they connect again.
const HEADER: &str = "Last-Event-ID";

/// The same for clients that can send no header.
const PARAMETER: &str = "last_event_id";

/// The id of an event after which a client has been told so much.
pub(super) fn id(Place { attempt, told: [stdout, stderr] }: Place) -> String {
    match attempt {
        1 => format!("{stdout}-{stderr}"),
        _ => format!("{stdout}-{stderr}-{attempt}"),
    }
}

/// Where a client wants to go on; none for one that begins. The header counts more than the parameter,
/// for browsers connect again to the same URL.
pub(super) fn from(request: &HttpRequest) -> Result<Option<Place>, Problem> {
    let mut by_parameter = None;
    for (name, value) in query::parameters(request.query_string())? {
        if name != PARAMETER {
            let name = shown(&name);
            let detail = format!("There is no parameter `{name}`.");
            return Err(refusal(&name, "unknown_field", detail));
        }
        by_parameter = named(PARAMETER, &value)?;
    }
    let mut headers = request.headers().get_all(HEADER);
    let Some(header) = headers.next() else { return Ok(by_parameter) };
    if headers.next().is_some() {
        let detail = format!("The header `{HEADER}` is there twice; give it once.");
        return Err(refusal(HEADER, "repeated", detail));
    }
    let by_header = named(HEADER, header.to_str().unwrap_or("?"))?;
    Ok(by_header.or(by_parameter))
}

/// The place that an id stands for; an empty one is none, as browsers have it.
fn named(field: &str, id: &str) -> Result<Option<Place>, Problem> {
    if id.is_empty() {
        return Ok(None);
    }
    let place = place(id).map(Some);
    place.ok_or_else(|| {
        let detail =
            format!("`{field}` must be the id of an event of this stream, such as `120-0`.");
        refusal(field, "invalid", detail)
    })
}

fn place(id: &str) -> Option<Place> {
    let mut parts = id.split('-').map(number);
    let told = [parts.next()??, parts.next()??];
    let attempt = match parts.next() {
        None => 1,
        Some(attempt) => u32::try_from(attempt?).ok().filter(|attempt| *attempt > 1)?,
    };
    parts.next().is_none().then_some(Place { attempt, told })
}

/// A number as we write them.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn refusal(field: &str, code: &'static str, detail: String) -> Problem {
    Problem::invalid(vec![FieldError { field: field.to_owned(), code, detail }])
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn every_id_is_read_as_it_was_written() {
        for (attempt, told) in [(1, [0, 0]), (1, [7, u64::MAX]), (2, [0, 0]), (9, [3, 4])] {
            let written = Place { attempt, told };
            assert_eq!(place(&id(written)), Some(written));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in
            ["-", "1", "1-", "-1", "+1-0", "1- 0", "a-b", "1-2-", "1-2-1", "1-2-3-4", "0x1-0"]
        {
            assert_eq!(place(bad), None, "{bad}");
        }
        assert_eq!(place("18446744073709551616-0"), None, "more than there can be");
    }

    #[test]
    fn the_header_counts_more_than_the_parameter_and_both_are_judged() {
        let check = |query: &str, header: Option<&str>| {
            let request = TestRequest::with_uri(&format!("/events{query}"));
            let request = header.into_iter().fold(request, |r, id| r.insert_header((HEADER, id)));
            from(&request.to_http_request()).map(|place| place.map(id)).map_err(|e| e.detail)
        };
        assert_eq!(check("", None), Ok(None));
        assert_eq!(check("?last_event_id=5-6", None), Ok(Some("5-6".to_owned())));
        assert_eq!(check("?last_event_id=5-6", Some("7-8")), Ok(Some("7-8".to_owned())));
        assert_eq!(check("?last_event_id=", Some("")), Ok(None));
        for (query, header) in
            [("?last_event_id=x", Some("7-8")), ("", Some("x")), ("?from=1-0", None)]
        {
            assert!(check(query, header).is_err(), "{query} {header:?}");
        }
        assert!(check("?last_event_id=1-0&last_event_id=2-0", None).is_err(), "one is passed over");
        let twice = ["1-0", "2-0"]
            .into_iter()
            .fold(TestRequest::get(), |request, id| request.append_header((HEADER, id)));
        assert_eq!(from(&twice.to_http_request()).unwrap_err().errors[0].code, "repeated");
    }
}
