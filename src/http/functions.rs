//! Functions: kept, told of, removed, and called. `PUT` makes a version, and never changes one.
//! Runs nothing: a call is submitted as every other execution is.

mod answer;
pub(in crate::http) mod call;
mod definition;
pub(super) mod invoke;
mod query;
pub(super) mod rotate;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use self::answer::{listed, told};
use self::query::Query;
use super::answers::json;
use super::auth::Caller;
use super::body::{self, Body};
use super::error::{FieldError, Problem};
use super::fields::Fields;
use super::state::Api;
use super::{idempotency, signing};
use crate::bodies;
use crate::domain::{Function, FunctionKey, FunctionName, Tenant};
use crate::store::{FunctionPage, FunctionSummary, NewFunction};

/// What is needed to change functions.
pub(super) const WRITE: &str = "functions:write";

/// What is needed to look at them.
pub(super) const READ: &str = "executions:read";

/// `PUT /v1/functions/{name}`: a new function with a signing secret, or a new version of one.
pub(super) async fn put(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    idempotency::refuse(&request)?;
    let name = parse_name(&name)?;
    Query::none(request.query_string())?;
    let mut fields = Fields::new(body::object(&request, body)?);
    let variant = variant(&mut fields);
    let definition = definition::read(&mut fields, &api, &caller.tenant);
    fields.finish()?;
    let key = FunctionKey { variant, ..FunctionKey::default_of(name) };
    let secret = signing::new_secret()?;
    let (tenant, overlap) = (caller.tenant, Some(api.signing.overlap));
    let new = NewFunction {
        tenant,
        key: key.clone(),
        definition: definition.into(),
        secret: secret.clone(),
        overlap,
    };
    let definition = new.definition.clone();
    let kept = api.store.put_function(new).await?;
    let function = Function { key, version: kept.version, created_at: kept.created_at, definition };
    let function = told(&function);
    if !kept.is_new {
        return Ok(json(StatusCode::OK, &function));
    }
    let signing_secret = secret.expose().to_owned();
    let made = bodies::NewFunction { function, signing_secret };
    Ok(signing::unstored(json(StatusCode::CREATED, &made)))
}

/// `GET /v1/functions/{name}`: its newest version, or the one that `?version=` names.
pub(super) async fn read(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    may_read(&caller)?;
    let query = Query::read(request.query_string(), &["variant", "version"])?;
    let function =
        find(&api, &caller.tenant, &query.key(parse_name(&name)?), query.version).await?;
    Ok(json(StatusCode::OK, &told(&function)))
}

/// `GET /v1/functions`: the newest version of each, in the order of their names.
pub(super) async fn list(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    may_read(&caller)?;
    let query = Query::read(request.query_string(), &["name", "limit", "cursor"])?;
    let list = query.list(&api, "functions", &caller.tenant);
    let after = query.after(&list)?;
    // One more than is shown tells whether there is a next page.
    let page = FunctionPage::Newest { limit: query.limit + 1, after, name: query.name.clone() };
    let found = api.store.functions(&caller.tenant, page).await?;
    let cursor = |last: &FunctionSummary| list.cursor(query::place_of_key(last).as_bytes());
    Ok(json(StatusCode::OK, &listed(found, query.limit, cursor)))
}

/// `GET /v1/functions/{name}/versions`: the versions of one, the newest first.
pub(super) async fn versions(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    may_read(&caller)?;
    let query = Query::read(request.query_string(), &["variant", "limit", "cursor"])?;
    let key = query.key(parse_name(&name)?);
    let list = query.list(&api, &format!("versions of {key}"), &caller.tenant);
    let before = query.before(&list)?;
    let page = FunctionPage::Versions { limit: query.limit + 1, key: key.clone(), before };
    let found = api.store.functions(&caller.tenant, page).await?;
    if found.is_empty() {
        // Behind the last page there may be nothing; of no function there is no page.
        find(&api, &caller.tenant, &key, None).await?;
    }
    let cursor = |last: &FunctionSummary| list.cursor(query::place_of_version(last).as_bytes());
    Ok(json(StatusCode::OK, &listed(found, query.limit, cursor)))
}

/// `DELETE /v1/functions/{name}`: what was accepted runs on, with the code that it was accepted with.
pub(super) async fn remove(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let query = Query::read(request.query_string(), &["variant"])?;
    let key = query.key(parse_name(&name)?);
    if api.store.remove_function(&caller.tenant, &key).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found())
    }
}

/// Whoever may change functions may also look at them.
fn may_read(caller: &Caller) -> Result<(), Problem> {
    if caller.may(WRITE) { Ok(()) } else { caller.needs(READ) }
}

/// A version of a function, the newest when none is named.
///
/// # Errors
/// When this tenant has no such function, or it no such version.
pub(in crate::http) async fn find(
    api: &Api,
    tenant: &Tenant,
    key: &FunctionKey,
    version: Option<u32>,
) -> Result<Function, Problem> {
    api.store.function(tenant, key, version).await?.ok_or_else(Problem::not_found)
}

/// The name in a path. Of one that cannot be a name there is no function; it is said why.
pub(in crate::http) fn parse_name(text: &str) -> Result<FunctionName, Problem> {
    text.parse().map_err(|bad| {
        let detail = format!("The name of a function {bad}.");
        let error = FieldError { field: "name".to_owned(), code: "invalid_name", detail };
        Problem::invalid(vec![error])
    })
}

/// The field `variant`; `default` where nothing is said.
fn variant(fields: &mut Fields) -> FunctionName {
    const NAME: &str = "variant";
    let default = || FunctionKey::DEFAULT_VARIANT.parse().expect("it is a name");
    let Some(text) = fields.string(NAME) else { return default() };
    text.parse().unwrap_or_else(|bad| {
        fields.wrong(NAME, "invalid_name", format!("`{NAME}` {bad}."));
        default()
    })
}
