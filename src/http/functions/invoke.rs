//! `POST /v1/functions/{name}/invoke`: a function is called, and the answer is as that of
//! `POST /v1/executions`. Runs nothing.

use actix_web::{HttpRequest, HttpResponse, web};

use super::call::{Call, Input, WhoIsTold};
use super::query::Query;
use super::{WRITE, find, parse_name, variant};
use crate::actors::Submit;
use crate::domain::{Execution, FunctionKey, PayloadKind, Tenant};
use crate::http::answers::accepted;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::{Kind, Problem};
use crate::http::fields::Fields;
use crate::http::idempotency::{self, Key, once};
use crate::http::state::Api;
use crate::http::{callback, spec};

/// `POST /v1/functions/{name}/invoke`
pub(in crate::http) async fn invoke(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs("executions:write")?;
    let idempotency = Key::of(&request, &api, &body)?;
    let tenant = caller.tenant.clone();
    once(&api, &tenant, idempotency, async |idempotency| {
        begin((&request, caller, &api), (&name, body), idempotency).await
    })
    .await
}

async fn begin(
    (request, caller, api): (&HttpRequest, Caller, &Api),
    (name, body): (&str, Body),
    idempotency: Option<Key>,
) -> Result<HttpResponse, Problem> {
    let name = parse_name(name)?;
    Query::none(request.query_string())?;
    let mut fields = Fields::new(body::optional_object(request, body)?.unwrap_or_default());
    let key = FunctionKey { variant: variant(&mut fields), ..FunctionKey::default_of(name) };
    let version = fields.count("version", 1..=u64::from(u32::MAX));
    let version = version.and_then(|version| u32::try_from(version).ok());
    // What else may be wrong is told of at once, whether or not there is such a function.
    let call = read(&mut fields, api, &caller.tenant);
    fields.finish()?;
    may_bring(&caller, &call)?;
    let function = find(api, &caller.tenant, &key, version).await?;
    let spec = call.spec(api, &caller.tenant, &function)?;
    let submit = Submit::new(caller.tenant, spec);
    // Under whatever prefix the application has put `/functions/{name}/invoke`.
    let prefix = request.path().rsplitn(4, '/').nth(3).unwrap_or_default();
    let collection = format!("{prefix}/executions");
    let answer = move |execution: &Execution| accepted(execution, &collection);
    idempotency::submit(api, submit, idempotency, answer).await
}

/// A variable can have an interpreter run other code than the function's, with all that the function
/// holds: whoever brings one could as well change the function.
fn may_bring(caller: &Caller, call: &Call) -> Result<(), Problem> {
    if call.env.is_empty() || caller.may(WRITE) {
        return Ok(());
    }
    let detail = format!(
        "A variable in `env` can change what a function does, so a call with one needs a key with the \
         scope `{WRITE}`."
    );
    Err(Problem::new(Kind::Forbidden, detail))
}

/// What the caller brings.
fn read(fields: &mut Fields, api: &Api, tenant: &Tenant) -> Call {
    let format = callback::payload_format(fields);
    let secret = callback::signing_secret(fields, "callback_signature_secret");
    let named = callback::read_for(fields, api, format.unwrap_or_default(), secret);
    Call {
        told: named.map_or(WhoIsTold::AsDefined, WhoIsTold::Named),
        format,
        timeout: fields.seconds("timeout", api.limits.of(tenant).timeout_max),
        queue_timeout: spec::queue_timeout(fields, api),
        priority: spec::priority(fields),
        env: spec::env(fields, api),
        labels: spec::labels(fields, api),
        metadata: spec::metadata(fields, api),
        ..Call::new(input(fields, api))
    }
}

/// The fields `input`, which is JSON, and `stdin`, which is a text.
fn input(fields: &mut Fields, api: &Api) -> Option<Input> {
    let kind = if fields.has("stdin") { PayloadKind::Text } else { PayloadKind::Json };
    spec::stdin(fields, api).map(|stdin| Input { stdin, kind })
}
