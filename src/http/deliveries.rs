//! The log of deliveries: a page of it, one with every attempt, those of an execution; and having
//! one made again. Shows no header value and no query string of the client's.

mod answer;
mod explanation;
mod query;
pub(super) mod recover;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use answer::{Seeing, listed, whole};
pub(super) use answer::{outlined, tried};
use query::{Query, place_of};

use super::answers::json;
use super::auth::Caller;
use super::body::{self, Body};
use super::cursor::List;
use super::error::{Kind, Problem};
use super::executions::id_of;
use super::fields::Fields;
use super::query::parameters;
use super::state::Api;
use crate::actors::Redeliver;
use crate::bodies::{self, Page};
use crate::domain::{Delivery, DeliveryId, ExecutionId, Tenant};
use crate::store::{DeliveryPage, Redelivered, StoreError};

/// What tells the list from others.
const PATH: &str = "deliveries";

/// The scope of whoever may read the log.
pub(super) const READ: &str = "deliveries:read";

/// The scope of whoever may have deliveries made again, and may see what endpoints have answered.
pub(super) const REDELIVER: &str = "deliveries:redeliver";

/// `GET /v1/deliveries`
pub(super) async fn list(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let query = parameters(request.query_string())?;
    let list = List::new(&api.tokens, (PATH, &caller.tenant), &query);
    let query = Query::read(query, &list, api.clock.now())?;
    let limit = query.page.limit;
    // One more than is shown tells whether there is a next page.
    let mut found = page(&api, &caller.tenant, &query).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|last| list.cursor(&place_of(last)));
    let seeing = Seeing::new(&caller, &api);
    let data = found.into_iter().map(|delivery| listed(delivery, &seeing)).collect();
    Ok(json(StatusCode::OK, &Page { data, next_cursor }))
}

async fn page(api: &Api, tenant: &Tenant, query: &Query) -> Result<Vec<Delivery>, StoreError> {
    let Some(execution) = query.execution else {
        let page = DeliveryPage { limit: query.page.limit + 1, ..query.page.clone() };
        return api.store.delivery_page(tenant, page).await;
    };
    // There is an index of them, and no more than the newest few hundred are read.
    let mut found = api.store.deliveries(tenant, execution).await?.unwrap_or_default();
    found.retain(|delivery| query.matches(delivery));
    found.sort_by_key(|delivery| std::cmp::Reverse((delivery.created_at, delivery.id)));
    Ok(found)
}

/// `GET /v1/deliveries/{id}`
pub(super) async fn read(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let delivery = api.store.delivery(&caller.tenant, delivery_id(&id)?).await?;
    let delivery = delivery.ok_or_else(Problem::not_found)?;
    Ok(json(StatusCode::OK, &whole(delivery, &Seeing::new(&caller, &api))))
}

/// `GET /v1/executions/{id}/deliveries`
pub(super) async fn of_execution(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let data = log_of(&api, &caller, id_of(&id)?, |each| each.event_type.as_str()).await?;
    Ok(json(StatusCode::OK, &Page { data, next_cursor: None }))
}

/// The deliveries of an execution with their attempts, for a caller that may read the log; events are
/// called as `name_of` says.
///
/// # Errors
/// When this tenant has no such execution, and when the store cannot be read.
pub(super) async fn log_of(
    api: &Api,
    caller: &Caller,
    id: ExecutionId,
    name_of: fn(&Delivery) -> &'static str,
) -> Result<Vec<bodies::Delivery>, Problem> {
    let deliveries = api.store.deliveries(&caller.tenant, id).await?;
    let deliveries = deliveries.ok_or_else(Problem::not_found)?;
    let seeing = Seeing::new(caller, api);
    let told = |delivery: Delivery| {
        let name = name_of(&delivery);
        let mut told = whole(delivery, &seeing);
        told.facts.event_type = name.into();
        told
    };
    Ok(deliveries.into_iter().map(told).collect())
}

/// `POST /v1/deliveries/{id}/redeliver`
pub(super) async fn redeliver(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(REDELIVER)?;
    // It has nothing to say yet, and a field that is overlooked would be a promise.
    if let Some(object) = body::optional_object(&request, body)? {
        Fields::new(object).finish()?;
    }
    let wish = Redeliver { tenant: caller.tenant.clone(), id: delivery_id(&id)? };
    match api.webhook.send(wish).await?? {
        Redelivered::Due(delivery) => {
            let body = whole(*delivery, &Seeing::new(&caller, &api));
            Ok(json(StatusCode::ACCEPTED, &body))
        }
        Redelivered::NotFound => Err(Problem::not_found()),
        Redelivered::NotTerminal => {
            let detail = "Only the end of an execution can be sent again. What is told before it \
                          is no longer news when it has passed.";
            Err(Problem::new(Kind::NotTerminalEvent, detail))
        }
    }
}

/// An id in a path. Whatever is not an id names nothing, and that is all there is to say.
fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
