//! Purging an execution: `DELETE /v1/executions/{id}?purge=true`.
//! Cancels nothing, and does not decide what may go: the store does.

use actix_web::{HttpRequest, HttpResponse};

use super::body::{self, Body};
use super::error::{FieldError, Kind, Problem};
use super::fields::Fields;
use super::query;
use super::state::Api;
use crate::domain::{ExecutionId, Tenant};
use crate::store::Purged;

/// Whether a query asks for a purge. There is nothing else that it could ask for.
pub(super) fn is_wanted(query: &str) -> Result<bool, Problem> {
    let mut wanted = false;
    let mut errors = Vec::new();
    for (name, value) in query::parameters(query)? {
        let (code, detail) = match (name.as_str(), value.as_str()) {
            ("purge", "true") => {
                wanted = true;
                continue;
            }
            ("purge", _) => ("invalid", "`purge` must be `true`, or be left out.".to_owned()),
            _ => ("unknown_field", format!("There is no parameter `{name}`.")),
        };
        errors.push(FieldError { field: name, code, detail });
    }
    if errors.is_empty() { Ok(wanted) } else { Err(Problem::invalid(errors)) }
}

/// Removes an execution that has ended. Whoever asks has shown that it may cancel.
pub(super) async fn purge(
    request: &HttpRequest,
    tenant: &Tenant,
    api: &Api,
    id: ExecutionId,
    body: Body,
) -> Result<HttpResponse, Problem> {
    // A cancel has a reason, which nobody is left to tell after a purge.
    if let Some(object) = body::optional_object(request, body)? {
        Fields::new(object).finish()?;
    }
    match api.store.purge(tenant, id).await? {
        Purged::Removed => Ok(HttpResponse::NoContent().finish()),
        Purged::NotFound => Err(Problem::not_found()),
        Purged::NotTerminal => {
            let detail = "Only an execution that has ended can be purged. Cancel it first.";
            Err(Problem::new(Kind::NotTerminal, detail))
        }
        Purged::DeliveryPending => {
            let detail = "Its webhook is not delivered yet. It can be purged when that has been \
                          delivered or given up.";
            Err(Problem::new(Kind::DeliveryPending, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_is_asked_for_by_one_word() {
        assert!(!is_wanted("").unwrap());
        assert!(is_wanted("purge=true").unwrap());
        for (query, field) in [
            ("purge=false", "purge"),
            ("purge=1", "purge"),
            ("purge", "purge"),
            ("purge=true&purge=", "purge"),
            ("purge=true&force=true", "force"),
            ("Purge=true", "Purge"),
        ] {
            let problem = is_wanted(query).unwrap_err();
            assert_eq!(problem.errors[0].field, field, "{query}");
        }
    }
}
