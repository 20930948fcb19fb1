//! `POST /v1/functions/{name}/rotate-secret`: another signing secret in the place of the one that
//! there is, which signs on beside it for a while. Signs nothing.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::query::Query;
use super::{WRITE, find, parse_name};
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::error::Problem;
use crate::http::idempotency;
use crate::http::signing;
use crate::http::state::Api;

/// `POST /v1/functions/{name}/rotate-secret`
pub(in crate::http) async fn rotate(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    idempotency::refuse(&request)?;
    let query = Query::read(request.query_string(), &["variant"])?;
    let key = query.key(parse_name(&name)?);
    let overlap = signing::overlap(&request, body, &api)?;
    find(&api, &caller.tenant, &key, None).await?;
    signing::put(&api, (caller.tenant, key.secret_name()), overlap, StatusCode::OK).await
}
