//! Recoveries: having all that failed in a window sent again, and how far that has come.
//! Sends nothing; it is carried out elsewhere.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{READ, REDELIVER, query};
use crate::actors::Recover;
use crate::bodies;
use crate::domain::{RecoveryId, Tenant, Timestamp};
use crate::http::answers::{given, json, kept};
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::Problem;
use crate::http::fields::Fields;
use crate::http::idempotency::{Key, once};
use crate::http::state::Api;
use crate::http::times;
use crate::store::{NewRecovery, Recovery};

/// `POST /v1/deliveries/recover`
pub(in crate::http) async fn begin(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(REDELIVER)?;
    let key = Key::of(&request, &api, &body)?;
    let tenant = caller.tenant;
    let work = async |key| begin_anew((&request, &tenant, &api), body, key).await;
    once(&api, &tenant, key, work).await
}

async fn begin_anew(
    (request, tenant, api): (&HttpRequest, &Tenant, &Api),
    body: Body,
    key: Option<Key>,
) -> Result<HttpResponse, Problem> {
    let now = api.clock.now();
    let mut fields = Fields::new(body::object(request, body)?);
    let since = fields.required_string("since");
    let since = since.and_then(|since| time(&mut fields, "since", &since, now)).unwrap_or(now);
    if since > now {
        fields.wrong("since", "out_of_range", "`since` must not lie in the future.".to_owned());
    }
    let until = fields.string("until");
    let until = until.map_or(Some(now), |until| time(&mut fields, "until", &until, now));
    let host = host(&mut fields);
    if since <= now && until.is_some_and(|until| until < since) {
        fields.wrong("until", "out_of_range", "`until` must not lie before `since`.".to_owned());
    }
    fields.finish()?;
    let wish = NewRecovery {
        id: RecoveryId::generate(),
        tenant: tenant.clone(),
        since,
        until: until.unwrap_or(now),
        host,
        matched_max: api.limits.recover_max,
    };
    let answer = |recovery: &Recovery| kept(StatusCode::ACCEPTED, &told(recovery));
    let recover = Recover { wish, answer: key.map(|key| key.answered_by(answer)) };
    let recovery = api.webhook.send(recover).await??;
    Ok(given(answer(&recovery)))
}

/// `GET /v1/deliveries/recover/{id}`: for whoever may begin one, and for whoever reads the log.
pub(in crate::http) async fn read(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    if !caller.may(REDELIVER) {
        caller.needs(READ)?;
    }
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let recovery = api.store.recovery(&caller.tenant, id).await?;
    let recovery = recovery.ok_or_else(Problem::not_found)?;
    Ok(json(StatusCode::OK, &told(&recovery)))
}

fn time(fields: &mut Fields, name: &str, text: &str, now: Timestamp) -> Option<Timestamp> {
    let time = times::parse(text, now);
    if time.is_none() {
        fields.wrong(name, "invalid", format!("`{name}` must be {}.", times::FORM));
    }
    time
}

fn host(fields: &mut Fields) -> Option<String> {
    const NAME: &str = "host";
    let text = fields.string(NAME)?;
    let host = query::host(&text);
    if host.is_none() {
        fields.wrong(NAME, "invalid", query::host_form(NAME));
    }
    host
}

fn told(recovery: &Recovery) -> bodies::Recovery {
    let wish = &recovery.wish;
    bodies::Recovery {
        id: wish.id,
        status: if recovery.is_done { "done" } else { "running" }.into(),
        matched: recovery.matched,
        redelivered: recovery.redelivered,
        delivered: recovery.delivered,
        failed: recovery.failed,
        pending: recovery.pending,
        capped: recovery.is_capped,
        since: wish.since,
        until: wish.until,
        host: wish.host.clone(),
        created_at: recovery.created_at,
    }
}
