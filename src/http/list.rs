//! The list of executions: what of it is wanted, a page at a time, newest first.
//! Counts nothing, because a count of everything is never cheap.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{json, listed};
use super::auth::Caller;
use super::cursor::{self, List};
use super::error::{FieldError, Problem};
use super::executions::READ;
use super::state::{Api, RequestLimits};
use super::{query, times};
use crate::bodies;
use crate::domain::{BadFunctionName, Cause, ExecutionId, Status, Timestamp};
use crate::store::Page;

/// What tells this list from others.
const PATH: &str = "executions";

/// What the name of a label stands behind.
const LABEL: &str = "label.";

/// How many executions a page has when nobody says.
const LIMIT_DEFAULT: usize = 50;

/// How many it may have.
const LIMIT_MAX: usize = 200;

/// How long a label may be, in characters, as it may be in a request that has it.
struct LabelLimits {
    name_max: usize,
    value_max: usize,
}

impl LabelLimits {
    fn of(limits: &RequestLimits) -> Self {
        Self { name_max: limits.name_chars_max, value_max: limits.value_chars_max }
    }
}

/// `GET /v1/executions`
pub(super) async fn list(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let query = query::parameters(request.query_string())?;
    let list = List::new(&api.tokens, (PATH, &caller.tenant), &query);
    let page = page(query, &list, &LabelLimits::of(&api.limits))?;
    let found = api.store.execution_page(&caller.tenant, page).await?;
    let next_cursor = found.next.map(|last| list.cursor(last.uuid().as_bytes()));
    let collection = request.path().trim_end_matches('/');
    let data = found.executions.iter().map(|execution| listed(execution, collection)).collect();
    Ok(json(StatusCode::OK, &bodies::Page { data, next_cursor }))
}

fn page(
    query: BTreeMap<String, String>,
    list: &List<'_>,
    limits: &LabelLimits,
) -> Result<Page, Problem> {
    let mut page = Page { limit: LIMIT_DEFAULT, ..Page::default() };
    let mut errors = Vec::new();
    for (name, value) in query {
        let set = match (name.as_str(), name.strip_prefix(LABEL)) {
            ("cursor", _) => {
                page.before = place(list, &value);
                if page.before.is_none() {
                    errors.push(cursor::broken());
                }
                Ok(())
            }
            (_, Some(label)) => set_label(&mut page, label, value, limits),
            (name, None) => set(&mut page, name, &value),
        };
        if let Err((code, detail)) = set {
            errors.push(FieldError { field: name, code, detail });
        }
    }
    if errors.is_empty() { Ok(page) } else { Err(Problem::invalid(errors)) }
}

/// What is wrong with a parameter: a stable word and a sentence.
type Wrong = (&'static str, String);

fn set(page: &mut Page, name: &str, value: &str) -> Result<(), Wrong> {
    match name {
        "limit" => {
            let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
            let detail = || format!("`limit` must be a whole number from 1 to {LIMIT_MAX}.");
            page.limit = limit.ok_or_else(|| ("out_of_range", detail()))?;
        }
        "status" => {
            let known = Status::ALL.map(Status::as_str).join(", ");
            let detail = || format!("`status` must be one of {known}.");
            page.status = Some(Status::from_name(value).ok_or_else(|| ("invalid", detail()))?);
        }
        "cause" => {
            let known = Cause::ALL.map(Cause::as_str).join(", ");
            let detail = || format!("`cause` must be one of {known}.");
            page.cause = Some(Cause::from_name(value).ok_or_else(|| ("invalid", detail()))?);
        }
        "language" => page.language = Some(value.to_owned()),
        "function" => {
            let invalid = |bad: BadFunctionName| ("invalid", format!("`function` {bad}."));
            page.function = Some(value.parse().map_err(invalid)?);
        }
        "created_after" => page.created_after = Some(time(name, value)?),
        "created_before" => page.created_before = Some(time(name, value)?),
        _ => return Err(("unknown_field", format!("There is no filter `{name}`."))),
    }
    Ok(())
}

/// A label that every execution of the page has; there may be several.
fn set_label(
    page: &mut Page,
    name: &str,
    value: String,
    limits: &LabelLimits,
) -> Result<(), Wrong> {
    let LabelLimits { name_max, value_max } = *limits;
    if !(1..=name_max).contains(&name.chars().count()) {
        let detail =
            format!("The name of a label, behind `{LABEL}`, has 1 to {name_max} characters.");
        return Err(("invalid_name", detail));
    }
    if value.chars().count() > value_max {
        let detail = format!("The value of a label has at most {value_max} characters.");
        return Err(("too_long", detail));
    }
    page.labels.insert(name.to_owned(), value);
    Ok(())
}

fn time(name: &str, value: &str) -> Result<Timestamp, Wrong> {
    times::parse_exact(value).ok_or_else(|| {
        ("invalid", format!("`{name}` must be a time such as `2026-11-22T06:46:38Z`."))
    })
}

fn place(list: &List<'_>, cursor: &str) -> Option<ExecutionId> {
    let place = list.place(cursor)?;
    Uuid::from_slice(&place).ok().map(ExecutionId::from_uuid)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::Tenant;
    use crate::http::tokens::Tokens;

    fn read(text: &str) -> Result<Page, Problem> {
        let tokens = Tokens::new(&[7; 32], Duration::from_secs(1));
        let query = query::parameters(text)?;
        let list = List::new(&tokens, (PATH, &Tenant::default()), &query);
        page(query, &list, &LabelLimits { name_max: 64, value_max: 256 })
    }

    #[test]
    fn what_is_wrong_with_a_query_is_named() {
        let fields = |query: &str| match read(query) {
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
            ("limit=1&limit=1", "limit"),
            ("cursor=zzz", "cursor"),
            ("status=done", "status"),
            ("cause=boredom", "cause"),
            ("function=a/b", "function"),
            ("created_after=15m", "created_after"),
            ("created_before=2026-01-01", "created_before"),
            ("created_before=", "created_before"),
            ("label.=x", "label."),
            ("label=x", "label"),
            ("colour=red", "colour"),
        ] {
            assert_eq!(fields(query), [field], "{query}");
        }
        assert_eq!(fields(&format!("label.a={}", "x".repeat(257))), ["label.a"]);
        assert_eq!(fields(&format!("label.{}=x", "n".repeat(65))).len(), 1);
    }

    #[test]
    fn filters_go_together() {
        let page = read("label.a=1&label.b.c=&created_after=2026-01-01T01:00:00%2B01:00").unwrap();
        let labels: Vec<_> = page.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(labels, [("a", "1"), ("b.c", "")]);
        assert_eq!(page.created_after.unwrap().to_string(), "2026-01-01T00:00:00.000Z");
    }
}
