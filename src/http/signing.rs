//! Signing secrets that the server makes, and shows only then: that of a tenant by
//! `POST /v1/signing-secret`, those of functions as they are made. Only Fetch Hive's clients are told
//! one again, by their own route. Signs nothing.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::json;
use super::auth::Caller;
use super::body::{self, Body};
use super::context;
use super::error::{Kind, Problem};
use super::fields::Fields;
use super::idempotency;
use super::state::Api;
use crate::bodies;
use crate::domain::{Secret, Tenant};
use crate::store::{NewSigningSecret, SigningSecret};
use crate::webhook::signature::{self, PublicKey};

/// How signing secrets are made, and what there is to verify with beside them.
#[derive(Debug, Clone)]
pub struct SigningRules {
    /// How long one signs on beside the one that has taken its place.
    pub overlap: Duration,
    /// Which keys receivers may verify with, the one that signs first; none when none does.
    pub public_keys: Vec<PublicKey>,
    /// Whether answers in Fetch Hive's shape have the signing secret of the function that was called.
    pub fetch_hive_echo: bool,
}

/// The name of the secret that signs all callbacks of a tenant that bring none of their own.
const OF_THE_TENANT: &str = "";

/// `POST /v1/signing-secret`: makes one, or another in its place.
pub(super) async fn rotate(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs("keys:write")?;
    idempotency::refuse(&request)?;
    let overlap = overlap(&request, body, &api)?;
    put(&api, (caller.tenant, OF_THE_TENANT.to_owned()), overlap, StatusCode::CREATED).await
}

/// Makes a secret and has it sign by this name of a tenant from now on. The answer has it.
pub(super) async fn put(
    api: &Api,
    (tenant, name): (Tenant, String),
    overlap: Option<Duration>,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let secret = new_secret()?;
    let new = NewSigningSecret { tenant, name, secret: secret.clone(), overlap };
    let SigningSecret { created_at, previous_valid_until } =
        api.store.put_signing_secret(new).await?;
    let signing_secret = secret.expose().to_owned();
    let made = bodies::NewSigningSecret { signing_secret, created_at, previous_valid_until };
    Ok(unstored(json(status, &made)))
}

/// A new secret.
pub(super) fn new_secret() -> Result<Secret, Problem> {
    signature::new_secret().map_err(|error| {
        let request_id = context::request_id();
        log::error!(request_id = request_id.as_deref(); "the system gives no random numbers: {error}");
        Problem::new(Kind::Internal, "The server failed internally.")
    })
}

/// An answer with a secret in it, which nobody on the way is to keep.
pub(super) fn unstored(mut answer: HttpResponse) -> HttpResponse {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// How long the secret before the new one signs on; none when it is to stop at once.
pub(super) fn overlap(
    request: &HttpRequest,
    body: Body,
    api: &Api,
) -> Result<Option<Duration>, Problem> {
    Ok((!revokes_previous(request, body)?).then_some(api.signing.overlap))
}

/// Whether the secret before the new one is to stop at once.
fn revokes_previous(request: &HttpRequest, body: Body) -> Result<bool, Problem> {
    let Some(object) = body::optional_object(request, body)? else { return Ok(false) };
    let mut fields = Fields::new(object);
    let revokes = fields.boolean("revoke_previous");
    fields.finish()?;
    Ok(revokes.unwrap_or(false))
}

/// `GET /v1/signing-secret`: whether there is one, and since when.
pub(super) async fn read(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs("deliveries:read")?;
    let found = api.store.signing_secret(&caller.tenant, OF_THE_TENANT).await?;
    let told = bodies::SigningSecret {
        exists: found.is_some(),
        created_at: found.map(|secret| secret.created_at),
        previous_valid_until: found.and_then(|secret| secret.previous_valid_until),
    };
    Ok(json(StatusCode::OK, &told))
}

/// `DELETE /v1/signing-secret`: callbacks that bring no secret of their own are not signed any more.
pub(super) async fn remove(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs("keys:write")?;
    api.store.remove_signing_secret(&caller.tenant, OF_THE_TENANT).await?;
    Ok(HttpResponse::NoContent().finish())
}
