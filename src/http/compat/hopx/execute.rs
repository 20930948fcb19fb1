//! `POST /execute`: runs a program and answers when it has ended.
//! A program that fails, runs too long or is cancelled is a result, not an error.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::Answer;
use super::spec;
use crate::actors::Submit;
use crate::domain::Execution;
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::Problem;
use crate::http::executions::WRITE;
use crate::http::fields::Fields;
use crate::http::idempotency::{self, Key, once_or};
use crate::http::state::Api;
use crate::http::sync::{self, Hold, OnDisconnect};
use crate::store::Given;

/// `POST /execute`. With `cancel_on_disconnect: true` the execution is cancelled when its client
/// closes the connection; otherwise it runs on, and its id is in the list of processes.
pub(in crate::http) async fn execute(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let key = Key::of(&request, &api, &body)?;
    let Caller { tenant, name, .. } = caller;
    let again = async |given| match given {
        Given::AtTheEnd(id) => {
            idempotency::ended(&request, &api, &tenant, id).await.map(|ended| answer(&ended))
        }
        Given::Kept(_) | Given::Gone => Err(Problem::not_found()),
    };
    once_or(&api, &tenant, key, again, async |key| {
        let mut fields = Fields::new(body::object(&request, body)?);
        let spec = spec::read(&mut fields, &api, &tenant);
        let cancels = fields.boolean("cancel_on_disconnect").unwrap_or(false);
        // Not strictly: these clients were written for another server, and may know more fields.
        fields.finish_leniently()?;
        let on_disconnect =
            if cancels { OnDisconnect::Cancel { by: name } } else { OnDisconnect::Leave };
        let submit = Submit::new(tenant.clone(), spec);
        let submit = Submit { answer: key.map(Key::answered_at_the_end), ..submit };
        let hold = Hold::of(&request, on_disconnect);
        sync::submitted(&api, submit, hold).await.map(|ended| answer(&ended))
    })
    .await
}

fn answer(ended: &Execution) -> HttpResponse {
    answers::json(StatusCode::OK, &Answer::about(ended))
}
