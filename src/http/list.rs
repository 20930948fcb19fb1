//! The list of executions: a page at a time, newest first, from a cursor that means nothing to
//! clients. Counts nothing, because a count of everything is never cheap.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::answers::{json, listed};
use super::auth::Caller;
use super::error::{FieldError, Problem};
use super::executions::READ;
use super::state::Api;
use crate::bodies;
use crate::domain::{BadFunctionName, ExecutionId, Status};
use crate::store::Page;

/// How many executions a page has when nobody says.
const LIMIT_DEFAULT: usize = 50;

/// How many it may have.
const LIMIT_MAX: usize = 200;

/// `GET /v1/executions`
pub(super) async fn list(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let page = page(request.query_string())?;
    // One more than is shown tells whether there is a next page.
    let limit = page.limit;
    let mut found = api.store.executions(&caller.tenant, Page { limit: limit + 1, ..page }).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor_of(last.id));
    let collection = request.path().trim_end_matches('/');
    let data = found.iter().map(|execution| listed(execution, collection)).collect();
    Ok(json(StatusCode::OK, &bodies::Page { data, next_cursor }))
}

fn page(query: &str) -> Result<Page, Problem> {
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut page = Page { limit: LIMIT_DEFAULT, ..Page::default() };
    let mut errors = Vec::new();
    for (name, value) in query {
        if let Err((code, detail)) = set(&mut page, &name, &value) {
            errors.push(FieldError { field: name, code, detail });
        }
    }
    if errors.is_empty() { Ok(page) } else { Err(Problem::invalid(errors)) }
}

fn set(page: &mut Page, name: &str, value: &str) -> Result<(), (&'static str, String)> {
    match name {
        "limit" => {
            let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
            let detail = || format!("`limit` must be a whole number from 1 to {LIMIT_MAX}.");
            page.limit = limit.ok_or_else(|| ("out_of_range", detail()))?;
        }
        "cursor" => {
            let detail = || "`cursor` must be the `next_cursor` of an earlier page.".to_owned();
            page.before = Some(parse_cursor(value).ok_or_else(|| ("invalid", detail()))?);
        }
        "status" => {
            let known = Status::ALL.map(Status::as_str).join(", ");
            let detail = || format!("`status` must be one of {known}.");
            page.status = Some(Status::from_name(value).ok_or_else(|| ("invalid", detail()))?);
        }
        "language" => page.language = Some(value.to_owned()),
        "function" => {
            let invalid = |bad: BadFunctionName| ("invalid", format!("`function` {bad}."));
            page.function = Some(value.parse().map_err(invalid)?);
        }
        _ => return Err(("unknown_field", format!("There is no filter `{name}`."))),
    }
    Ok(())
}

fn cursor_of(id: ExecutionId) -> String {
    URL_SAFE_NO_PAD.encode(id.uuid().as_bytes())
}

fn parse_cursor(text: &str) -> Option<ExecutionId> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Uuid::from_slice(&bytes).ok().map(ExecutionId::from_uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_execution() {
        let id = ExecutionId::generate();
        assert_eq!(parse_cursor(&cursor_of(id)), Some(id));
        for broken in ["", "x", "AAAA", "!!!!", &"A".repeat(100)] {
            assert_eq!(parse_cursor(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_query_is_named() {
        let fields = |query: &str| match page(query) {
            Ok(_) => vec![],
            Err(problem) => problem.errors.into_iter().map(|error| error.field).collect(),
        };
        assert!(fields("").is_empty());
        assert!(fields("limit=200&status=failed&language=python&function=f").is_empty());
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=x", "limit"),
            ("limit=", "limit"),
            ("cursor=zzz", "cursor"),
            ("status=done", "status"),
            ("function=a/b", "function"),
            ("colour=red", "colour"),
        ] {
            assert_eq!(fields(query), [field], "{query}");
        }
    }
}
