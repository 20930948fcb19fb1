//! API keys over HTTP: made, listed and revoked, each caller within its tenant and its own scopes. Only
//! an admin of the default tenant does so for all. Shows a key once, and its hash never.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::json;
use super::auth::{Caller, new_key_of};
use super::body::{self, Body};
use super::error::{Kind, Problem};
use super::fields::Fields;
use super::idempotency;
use super::signing::unstored;
use super::state::Api;
use crate::bodies::{MadeApiKey, Page};
use crate::domain::Tenant;
use crate::domain::access::{self, includes};
use crate::store::{KeptKey, Revoke, Revoked};

const WRITE: &str = "keys:write";

/// What a request asks for.
struct Asked {
    name: String,
    tenant: Tenant,
    scopes: Vec<String>,
}

/// `POST /v1/keys`
pub(super) async fn create(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    idempotency::refuse(&request)?;
    let Asked { name, tenant, scopes } = read(Fields::new(body::object(&request, body)?), &caller)?;
    may_give(&caller, &tenant, &scopes)?;
    let new = new_key_of(tenant, &name, scopes).map_err(|error| {
        log::error!("the system gives no random numbers: {error}");
        Problem::new(Kind::Internal, "The server failed internally.")
    })?;
    let created_at = api.store.add_api_key(new.kept.clone()).await?;
    let kept = KeptKey { key: new.kept, created_at, last_used_at: None };
    let made = MadeApiKey { key: new.text.expose().to_owned(), told: kept.told() };
    Ok(unstored(json(StatusCode::CREATED, &made)))
}

/// `GET /v1/keys`: the oldest first. The key from the configuration is not among them.
pub(super) async fn list(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let mut keys = api.store.api_keys(reach(&caller).as_ref()).await?;
    for kept in &mut keys {
        // This server may know more than it has written down.
        kept.last_used_at = kept.last_used_at.max(api.auth.keys.last_use(&kept.key.id));
    }
    let data = keys.iter().map(KeptKey::told).collect();
    Ok(json(StatusCode::OK, &Page { data, next_cursor: None }))
}

/// `DELETE /v1/keys/{id}`: whoever has the key is not let in by any request that comes after this
/// answer. What was begun with it goes on.
pub(super) async fn revoke(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: Result<web::Path<String>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let id = id.map_err(|_| Problem::not_found())?.into_inner();
    let spares_last_admin = !api.auth.keys.cannot_be_lost();
    let wish = Revoke { id, of: reach(&caller), spares_last_admin };
    match api.store.revoke_api_key(wish).await? {
        Revoked::Written => Ok(HttpResponse::NoContent().finish()),
        Revoked::NotFound => Err(Problem::not_found()),
        Revoked::LastAdmin => {
            let detail = "This is the last key with the scope `admin` of the tenant `default`: without it \
                          nobody could make keys over HTTP. Make another one first, or use \
                          `ringback keys revoke` where the server's data is.";
            Err(Problem::new(Kind::LastAdminKey, detail))
        }
    }
}

/// Whose keys a caller may see and revoke; none for everybody's.
fn reach(caller: &Caller) -> Option<Tenant> {
    (!caller.rules_all()).then(|| caller.tenant.clone())
}

fn read(mut fields: Fields, caller: &Caller) -> Result<Asked, Problem> {
    let name = fields.required_string("name").map(|text| access::key_name(&text));
    if let Some(Err(must)) = name {
        fields.wrong("name", "invalid_name", format!("`name` {must}."));
    }
    let tenant = fields.string("tenant").map(|text| access::tenant(&text));
    if let Some(Err(must)) = tenant {
        fields.wrong("tenant", "invalid_tenant", format!("`tenant` {must}."));
    }
    let scopes = fields.required_texts("scopes").map(|texts| access::scopes(&texts));
    if let Some(Err(sentence)) = &scopes {
        fields.wrong("scopes", "invalid_scopes", format!("`scopes`: {sentence}"));
    }
    fields.finish()?;
    let tenant = tenant.and_then(Result::ok).unwrap_or_else(|| caller.tenant.clone());
    let name = name.and_then(Result::ok).unwrap_or_default();
    let scopes = scopes.and_then(Result::ok).unwrap_or_default();
    Ok(Asked { name, tenant, scopes })
}

/// Whether a caller may give these scopes to a key of this tenant: nobody gives what they have not.
fn may_give(caller: &Caller, tenant: &Tenant, scopes: &[String]) -> Result<(), Problem> {
    if *tenant != caller.tenant && !caller.rules_all() {
        let detail = format!(
            "Keys of other tenants than `{}` are made by a key with the scope `admin` of the tenant \
             `default`.",
            caller.tenant
        );
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    match scopes.iter().find(|scope| !includes(&caller.scopes, scope)) {
        Some(missing) => {
            let detail = format!("The scope `{missing}` can only be given by a key that has it.");
            Err(Problem::new(Kind::Forbidden, detail))
        }
        None => Ok(()),
    }
}
