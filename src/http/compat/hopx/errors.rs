//! Errors as HopX's clients read them.
//! Only codes that the published clients survive; which status, `http/error.rs` chooses.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use crate::domain::Timestamp;
use crate::http::error::{Kind, Problem};

/// An error as HopX's clients read it. `details` says what is wrong with which field, and which
/// execution the error is about.
pub(in crate::http) fn error_body(problem: &Problem) -> HttpResponse {
    let fields = problem.errors.iter().map(|error| (&error.field, &error.detail));
    let mut details: Map<String, Value> =
        fields.map(|(field, detail)| (field.clone(), detail.clone().into())).collect();
    if let Some(id) = problem.execution {
        details.insert("execution_id".to_owned(), id.to_string().into());
    }
    problem.start().json(json!({
        "error": problem.detail,
        "message": problem.detail,
        "code": code(problem),
        "request_id": problem.request_id,
        "timestamp": Timestamp::from(now()),
        "details": details,
    }))
}

/// The clock of an error's own time; no decision hangs on it.
#[expect(clippy::disallowed_methods, reason = "an error body says when it was written")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// Only codes that the published clients know; one of them crashes on some others.
pub(super) fn code(problem: &Problem) -> &'static str {
    match problem.kind {
        Kind::InvalidJson => "INVALID_JSON",
        Kind::InvalidRequest if problem.errors.iter().any(|error| error.code == "required") => {
            "MISSING_PARAMETER"
        }
        Kind::InvalidRequest
        | Kind::RequestTimeout
        | Kind::IdempotencyMismatch
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::NotTerminal
        | Kind::DeliveryPending
        | Kind::NotTerminalEvent
        | Kind::RangeNotSatisfiable(_) => "INVALID_REQUEST",
        Kind::Unauthorized | Kind::Forbidden => "AUTHENTICATION_REQUIRED",
        Kind::AcceptedAlready | Kind::LastAdminKey | Kind::IdempotencyPurged => "CONFLICT",
        Kind::NotFound => "RESOURCE_NOT_FOUND",
        Kind::ProcessNotFound => "PROCESS_NOT_FOUND",
        Kind::MethodNotAllowed(_) => "METHOD_NOT_ALLOWED",
        Kind::TenantQueueFull
        | Kind::TooManySubmissions(_)
        | Kind::TooManyFailures(_)
        | Kind::TooManyPings
        | Kind::TooManyStreams => "RATE_LIMIT_EXCEEDED",
        Kind::QueueFull
        | Kind::DiskLow
        | Kind::Draining
        | Kind::StoreUnavailable
        | Kind::NoLauncher
        | Kind::Unavailable => "SERVICE_UNAVAILABLE",
        Kind::Internal => "INTERNAL_ERROR",
    }
}
