//! Every error that a client can see, and the only place that chooses an HTTP status.
//! Tells what is wrong with a request, never what is inside the server.

mod causes;

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_RANGE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};

use crate::bodies;
use crate::domain::ExecutionId;

/// A request that is not answered as its sender had hoped, as RFC 9457 has it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind of problem it is.
    pub(super) kind: Kind,
    /// One sentence about this occurrence.
    pub(super) detail: String,
    /// What is wrong with which field.
    pub(super) errors: Vec<FieldError>,
    /// Which execution goes on, or has been accepted, all the same.
    pub(super) execution: Option<ExecutionId>,
    /// How this request is called in the logs.
    pub(super) request_id: Option<String>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    /// The field, with dots where it lies inside another.
    pub(super) field: String,
    /// A stable word.
    pub(super) code: &'static str,
    /// One sentence.
    pub(super) detail: String,
}

impl FieldError {
    fn told(&self) -> bodies::FieldError {
        let Self { field, code, detail } = self.clone();
        bodies::FieldError { field, code: code.into(), detail }
    }
}

/// The kinds of problem; each has one status and one stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    InvalidJson,
    InvalidRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    ProcessNotFound,
    NotTerminal,
    DeliveryPending,
    NotTerminalEvent,
    AcceptedAlready,
    IdempotencyMismatch,
    IdempotencyPurged,
    MethodNotAllowed(&'static str),
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable(u64),
    TooManyPings,
    TooManyStreams,
    /// For so many seconds.
    TooManyFailures(u64),
    LastAdminKey,
    TenantQueueFull,
    /// A tenant may submit again after so many seconds.
    TooManySubmissions(u64),
    QueueFull,
    DiskLow,
    Draining,
    StoreUnavailable,
    NoLauncher,
    Unavailable,
    Internal,
}

impl Kind {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson | Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::ProcessNotFound => StatusCode::NOT_FOUND,
            // Not a 5xx, which many clients take for a wish to be sent the same again.
            Self::NotTerminal
            | Self::DeliveryPending
            | Self::NotTerminalEvent
            | Self::AcceptedAlready
            | Self::LastAdminKey
            | Self::IdempotencyPurged => StatusCode::CONFLICT,
            Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooManyPings
            | Self::TooManyStreams
            | Self::TooManyFailures(_)
            | Self::TenantQueueFull
            | Self::TooManySubmissions(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::QueueFull
            | Self::DiskLow
            | Self::Draining
            | Self::StoreUnavailable
            | Self::NoLauncher
            | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidRequest => "invalid_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::ProcessNotFound => "process_not_found",
            Self::NotTerminal => "not_terminal",
            Self::DeliveryPending => "delivery_pending",
            Self::NotTerminalEvent => "not_terminal_event",
            Self::AcceptedAlready => "accepted_already",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::IdempotencyPurged => "idempotency_purged",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::TooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RangeNotSatisfiable(_) => "range_not_satisfiable",
            Self::TooManyPings => "too_many_pings",
            Self::TooManyStreams => "too_many_streams",
            Self::TooManyFailures(_) => "too_many_failures",
            Self::LastAdminKey => "last_admin_key",
            Self::TenantQueueFull => "tenant_queue_full",
            Self::TooManySubmissions(_) => "too_many_submissions",
            Self::QueueFull => "queue_full",
            Self::DiskLow => "disk_low",
            Self::Draining => "draining",
            Self::StoreUnavailable => "store_unavailable",
            Self::NoLauncher => "no_launcher",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Every code that there is.
    pub(super) const CODES: &'static [&'static str] = &[
        Self::InvalidJson.code(),
        Self::InvalidRequest.code(),
        Self::Unauthorized.code(),
        Self::Forbidden.code(),
        Self::NotFound.code(),
        Self::ProcessNotFound.code(),
        Self::NotTerminal.code(),
        Self::DeliveryPending.code(),
        Self::NotTerminalEvent.code(),
        Self::AcceptedAlready.code(),
        Self::MethodNotAllowed("").code(),
        Self::TooLarge.code(),
        Self::UnsupportedMediaType.code(),
        Self::RangeNotSatisfiable(0).code(),
        Self::RequestTimeout.code(),
        Self::TooManyPings.code(),
        Self::TooManyStreams.code(),
        Self::TooManyFailures(0).code(),
        Self::LastAdminKey.code(),
        Self::IdempotencyPurged.code(),
        Self::IdempotencyMismatch.code(),
        Self::TooManySubmissions(0).code(),
        Self::DiskLow.code(),
        Self::TenantQueueFull.code(),
        Self::QueueFull.code(),
        Self::Draining.code(),
        Self::StoreUnavailable.code(),
        Self::NoLauncher.code(),
        Self::Unavailable.code(),
        Self::Internal.code(),
    ];

    /// After how many seconds it may be worth asking again.
    const fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooManyPings
            | Self::TooManyStreams
            | Self::TenantQueueFull
            | Self::QueueFull
            | Self::Unavailable => Some(1),
            Self::TooManySubmissions(seconds) | Self::TooManyFailures(seconds) => Some(seconds),
            Self::DiskLow | Self::Draining | Self::StoreUnavailable | Self::NoLauncher => Some(5),
            _ => None,
        }
    }
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (errors, execution, request_id) = (Vec::new(), None, None);
        Self { kind, detail: detail.into(), errors, execution, request_id }
    }

    /// The same about an execution that the client could not know of otherwise.
    pub(super) fn about(self, id: ExecutionId) -> Self {
        Self { execution: Some(id), ..self }
    }

    /// The same about an execution that this very request has begun. Sent again, as HopX's clients do
    /// by themselves after a 5xx, it would begin another.
    pub(super) fn once_accepted(self, id: ExecutionId) -> Self {
        if !self.kind.status().is_server_error() {
            return self.about(id);
        }
        let detail = match self.execution {
            Some(_) => self.detail,
            None => format!("{} The execution {id} has been accepted.", self.detail),
        };
        Self { kind: Kind::AcceptedAlready, detail, ..self }.about(id)
    }

    /// A request with wrong fields. The detail is about the first; `errors` has them all, or the first
    /// of very many.
    pub(super) fn invalid(mut errors: Vec<FieldError>) -> Self {
        errors.truncate(ERRORS_MAX);
        let detail = errors.first().map_or_else(String::new, |error| error.detail.clone());
        Self { errors, ..Self::new(Kind::InvalidRequest, detail) }
    }

    pub(super) fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is nothing here by that name.")
    }

    /// The problem as `application/problem+json`.
    pub(super) fn standard_body(&self) -> HttpResponse {
        let status = self.kind.status();
        let body = bodies::Problem {
            r#type: format!("urn:ringback:problem:{}", self.kind.code()),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: self.detail.clone(),
            code: self.kind.code().into(),
            errors: self.errors.iter().map(FieldError::told).collect(),
            execution_id: self.execution,
            request_id: self.request_id.clone(),
        };
        let body = serde_json::to_string(&body).expect("plain fields can always be written");
        self.start().content_type("application/problem+json").body(body)
    }

    /// An answer with the status and the headers that this kind of problem has in every shape.
    pub(super) fn start(&self) -> actix_web::HttpResponseBuilder {
        let mut answer = HttpResponse::build(self.kind.status());
        match self.kind {
            Kind::Unauthorized => {
                answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Kind::RangeNotSatisfiable(length) => {
                answer.insert_header((CONTENT_RANGE, format!("bytes */{length}")));
            }
            Kind::MethodNotAllowed(allowed) => {
                answer.insert_header((ALLOW, allowed));
            }
            _ => {}
        }
        if let Some(seconds) = self.kind.retry_after() {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.standard_body()
    }
}

/// How many wrong fields are told at once, and how much of a name that a client has thought up.
const ERRORS_MAX: usize = 20;
const SHOWN_CHARS_MAX: usize = 64;

/// As much of a name as is told to whoever has sent it.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String =
        name.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if name.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// An error's fragment as a sentence; one that is a sentence already stays as it is.
pub(super) fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if fragment.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// The answer to a path that nobody has.
pub(super) async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_to_send_again_what_has_been_accepted() {
        let id = ExecutionId::generate();
        let unreadable = || Problem::new(Kind::StoreUnavailable, "It cannot be read.");
        for (problem, detail) in [
            (unreadable(), format!("It cannot be read. The execution {id} has been accepted.")),
            (unreadable().about(id), "It cannot be read.".to_owned()),
        ] {
            let problem = problem.once_accepted(id);
            assert_eq!((problem.kind, problem.execution), (Kind::AcceptedAlready, Some(id)));
            assert_eq!(problem.detail, detail);
            let answer = problem.start().finish();
            assert_eq!(answer.status(), StatusCode::CONFLICT);
            assert!(!answer.headers().contains_key(RETRY_AFTER));
        }
        assert_eq!(Problem::not_found().once_accepted(id).kind, Kind::NotFound);
    }
}
