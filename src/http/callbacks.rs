//! Trying out where callbacks would go: a signed ping, and in words what came of it and what to do.
//! Keeps nothing, and sends no delivery.

mod advice;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::answers::json;
use super::auth::Caller;
use super::body::{self, Body};
use super::callback;
use super::deliveries::{REDELIVER, outlined, tried};
use super::error::{FieldError, Kind, Problem};
use super::fields::Fields;
use super::state::Api;
use crate::bodies::CallbackTest;
use crate::domain::{Callback, ErrorClass, Secret, Tenant, Timestamp};
use crate::webhook::signature::Ed25519Key;
use crate::webhook::{Ping, Pinged, Refusal, ping};
use advice::advice;

/// How many pings are under way at a time. Each lets a client make this server call out.
const PINGS_MAX: usize = 4;

/// The pings under way. Shared by cloning.
#[derive(Debug, Clone)]
pub struct Pings {
    permits: Arc<Semaphore>,
    user_agent: Arc<str>,
    ed25519: Option<Arc<Ed25519Key>>,
}

/// What a client wants tried out.
struct Wanted {
    url: String,
    secret: Option<Secret>,
    headers: Vec<(String, Secret)>,
}

impl Pings {
    /// None is under way. `user_agent` is what the sender calls itself, and `ed25519` what it signs
    /// everything with, if it does.
    pub fn new(user_agent: &str, ed25519: Option<Arc<Ed25519Key>>) -> Self {
        let permits = Arc::new(Semaphore::new(PINGS_MAX));
        Self { permits, user_agent: user_agent.into(), ed25519 }
    }

    fn permit(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.permits.try_acquire().map_err(|_| {
            let detail = format!("There are {PINGS_MAX} callbacks being tried out already.");
            Problem::new(Kind::TooManyPings, detail)
        })
    }
}

/// `POST /v1/callbacks/test`
pub(super) async fn test(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(REDELIVER)?;
    let mut fields = Fields::new(body::object(&request, body)?);
    let wanted = Wanted {
        url: url(&mut fields, &api),
        secret: callback::signing_secret(&mut fields, "signature_secret"),
        headers: callback::headers(&mut fields, "headers", &api),
    };
    fields.finish()?;
    let now = api.clock.now();
    let Pinged { attempted, request_headers } = send(&api, (&caller.tenant, &wanted), now).await?;
    let outcome = &attempted.outcome;
    let answer = CallbackTest {
        allowed: outcome.error_class != Some(ErrorClass::Refused),
        delivered: outcome.error_class.is_none(),
        explanation: advice(outcome),
        attempt: tried(attempted, request_headers, now),
    };
    Ok(json(StatusCode::OK, &answer))
}

/// Lets through whoever wants a callback to where a ping is taken. Why it is not taken somewhere is
/// told in as many words as this caller would read in the log of deliveries.
pub(super) async fn verify(api: &Api, caller: &Caller, callback: &Callback) -> Result<(), Problem> {
    let wanted = Wanted {
        url: callback.endpoint.url.clone(),
        secret: callback.signing_secret.clone(),
        headers: callback.headers.clone(),
    };
    let pinged = send(api, (&caller.tenant, &wanted), api.clock.now()).await?;
    let outcome = pinged.attempted.outcome;
    if outcome.error_class.is_none() {
        return Ok(());
    }
    let outcome = if caller.may(REDELIVER) { outcome } else { outlined(outcome) };
    let detail = format!("`callback_url` did not take a ping. {}", advice(&outcome));
    let field = "callback_url".to_owned();
    Err(Problem::invalid(vec![FieldError { field, code: "callback_unverified", detail }]))
}

/// Signed as a delivery would be: with the secret that came with the request, else the tenant's.
async fn send(
    api: &Api,
    (tenant, wanted): (&Tenant, &Wanted),
    now: Timestamp,
) -> Result<Pinged, Problem> {
    let _permit = api.pings.permit()?;
    let secrets = match &wanted.secret {
        Some(own) => vec![own.clone()],
        None => api.store.signing_secrets(tenant, "").await?,
    };
    let wanted = Ping {
        url: &wanted.url,
        secrets: &secrets,
        ed25519: api.pings.ed25519.as_deref(),
        headers: &wanted.headers,
        user_agent: &api.pings.user_agent,
    };
    Ok(ping(&api.client_settings, &wanted, now).await)
}

/// A URL that could be called if the operator wished so. Whether that is so is for the ping to find
/// out, and for its answer to say.
fn url(fields: &mut Fields, api: &Api) -> String {
    const NAME: &str = "url";
    let url = fields.required_string(NAME).unwrap_or_default();
    let chars_max = api.limits.callback_url_chars_max;
    if url.is_empty() || callback::is_too_long(fields, NAME, &url, chars_max) {
        return url;
    }
    if let Err(refusal) = api.policy.check_url(&url)
        && is_no_url(&refusal, &url)
    {
        fields.wrong(NAME, refusal.rule, format!("`{NAME}`: {refusal}."));
    }
    url
}

/// Whether a URL is refused for what it is, and not for where it leads.
fn is_no_url(refusal: &Refusal, url: &str) -> bool {
    let of_its_shape =
        ["absolute", "characters", "scheme", "host", "userinfo", "fragment", "too_long"];
    of_its_shape.contains(&refusal.rule) || Url::parse(url).is_err()
}
