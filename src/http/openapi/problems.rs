//! What can go wrong, in groups that operations have in common. Statuses, codes and headers are those
//! that `error.rs` answers with. Chooses none of them.

use serde_json::{Value, json};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};

use super::operation::header;
use crate::http::error::{Kind, Problem};
use actix_web::http::StatusCode;

/// In whose words an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Standard,
    Hopx,
    FetchHive,
    Cortex,
}

impl Shape {
    /// What the names of its responses begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Standard => "",
            Self::Hopx => "Hopx",
            Self::FetchHive => "FetchHive",
            Self::Cortex => "Cortex",
        }
    }

    /// The media type, and the name of the schema.
    const fn body(self) -> (&'static str, &'static str) {
        match self {
            Self::Standard => ("application/problem+json", "Problem"),
            Self::Hopx => ("application/json", "HopxError"),
            Self::FetchHive => ("application/json", "FetchHiveError"),
            Self::Cortex => ("application/json", "CortexError"),
        }
    }
}

/// Kinds of problem that have one status and come together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    name: &'static str,
    about: &'static str,
    kinds: &'static [Kind],
}

macro_rules! groups {
    ($($constant:ident = $name:literal, $about:literal, [$($kind:expr),*];)*) => {
        $(pub(super) const $constant: Group =
            Group { name: $name, about: $about, kinds: &[$($kind),*] };)*

        #[cfg(test)]
        const ALL: &[Group] = &[$($constant),*];
    };
}

groups! {
    BAD_REQUEST = "InvalidRequest", "A parameter is wrong; `errors` names it.",
        [Kind::InvalidRequest];
    BAD_BODY = "InvalidBody",
        "The body is no JSON object, or fields or parameters are wrong; `errors` names them all.",
        [Kind::InvalidJson, Kind::InvalidRequest];
    UNAUTHORIZED = "Unauthorized", "There is no key or token, or it is not good.",
        [Kind::Unauthorized];
    FORBIDDEN = "Forbidden", "The key has not the scope that this needs.", [Kind::Forbidden];
    NOT_FOUND = "NotFound",
        "There is nothing by that name. What belongs to another tenant is not there either.",
        [Kind::NotFound];
    NO_PROCESS = "ProcessNotFound", "There is no such process.", [Kind::ProcessNotFound];
    NOT_PURGEABLE = "NotPurgeable", "It has not ended, or its webhook is not delivered yet.",
        [Kind::NotTerminal, Kind::DeliveryPending];
    NO_END = "NotTerminalEvent", "Only the end of an execution can be sent again.",
        [Kind::NotTerminalEvent];
    ACCEPTED = "AcceptedAlready",
        "The server is stopping or cannot read its store, and holds the answer back no longer. What was \
         accepted goes on, under the id that this names. Or a request with this key was answered before, and \
         what it began is gone.",
        [Kind::AcceptedAlready, Kind::IdempotencyPurged];
    NO_METHOD = "MethodNotAllowed", "This path does not take that method; `Allow` has those that it does.",
        [Kind::MethodNotAllowed("GET")];
    TOO_LARGE = "BodyTooLarge", "The body is longer than the server takes (4 MiB by default).",
        [Kind::TooLarge];
    NO_JSON = "UnsupportedMediaType", "The body is said to be of a type that this does not take.",
        [Kind::UnsupportedMediaType];
    NO_RANGE = "RangeNotSatisfiable", "There are no bytes where it was asked for.",
        [Kind::RangeNotSatisfiable(0)];
    BUSY_TENANT = "TenantQueueFull",
        "Too many executions of this tenant's wait already, it submits too fast, or too many wrong \
         credentials came from this address.",
        [Kind::TenantQueueFull, Kind::TooManySubmissions(1), Kind::TooManyFailures(1)];
    BUSY_STREAMS = "TooManyStreams",
        "Too many streams of events are open, or too many wrong credentials came from this address.",
        [Kind::TooManyStreams, Kind::TooManyFailures(1)];
    FAILURES = "TooManyFailures", "Too many wrong credentials came from this address.",
        [Kind::TooManyFailures(1)];
    SLOW = "RequestTimeout", "The body did not come to its end in time.", [Kind::RequestTimeout];
    LAST_KEY = "LastAdminKey", "Without this key nobody could make keys any more.",
        [Kind::LastAdminKey];
    PURGED = "IdempotencyPurged",
        "A request with this key was answered before, and what it began is gone.",
        [Kind::IdempotencyPurged];
    MISMATCH = "IdempotencyMismatch", "The key was used for another request.",
        [Kind::IdempotencyMismatch];
    BUSY_PINGS = "TooManyPings",
        "Too many callbacks are being tried out at this moment, or too many wrong credentials came from \
         this address.",
        [Kind::TooManyPings, Kind::TooManyFailures(1)];
    BUSY = "TooMuch",
        "Too many executions of this tenant's wait already, it submits too fast, too many callbacks are \
         being tried out, or too many wrong credentials came from this address.",
        [
            Kind::TenantQueueFull,
            Kind::TooManySubmissions(1),
            Kind::TooManyPings,
            Kind::TooManyFailures(1)
        ];
    INTERNAL = "Internal", "The server failed internally. Its log knows more under the request's id.",
        [Kind::Internal];
    NO_STORE = "StoreUnavailable", "The store cannot be read or written at this moment.",
        [Kind::StoreUnavailable];
    AWAY = "Unavailable", "The server cannot take this at the moment.",
        [Kind::StoreUnavailable, Kind::Unavailable];
    WENT_AWAY = "Stopping", "The server is stopping, or cannot read its store.",
        [Kind::Draining, Kind::StoreUnavailable, Kind::Unavailable];
    NOT_ACCEPTED = "NotAccepted", "The server cannot keep another execution at the moment.",
        [Kind::QueueFull, Kind::DiskLow, Kind::Draining, Kind::StoreUnavailable, Kind::Unavailable];
}

impl Group {
    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    pub(super) const fn status(self) -> StatusCode {
        self.kinds[0].status()
    }

    /// What its response is called.
    pub(super) fn name_in(self, shape: Shape) -> String {
        format!("{}{}", shape.prefix(), self.name)
    }

    /// Its response, with the headers that such an answer has.
    pub(super) fn response(self, shape: Shape) -> Response {
        let (kind, schema) = shape.body();
        let mut content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema)));
        if shape == Shape::Standard {
            content = content.schema(Some(self.narrowed())).example(Some(self.example()));
        }
        let content: Content = content.build();
        let id = Ref::new("#/components/headers/X-Request-Id");
        let response = ResponseBuilder::new()
            .description(self.about)
            .content(kind, content)
            .header_ref("X-Request-Id", id);
        let headers = self.headers().into_iter();
        headers.fold(response, |it, name| it.header(name, header(about(name)).build())).build()
    }

    /// The headers of such an answer, asked of one.
    fn headers(self) -> Vec<&'static str> {
        const KNOWN: [&str; 4] = ["Retry-After", "WWW-Authenticate", "Content-Range", "Allow"];
        let answers = self.kinds.iter().map(|kind| Problem::new(*kind, "").start().finish());
        let answers: Vec<_> = answers.collect();
        let has = |name: &&str| answers.iter().any(|answer| answer.headers().contains_key(*name));
        KNOWN.into_iter().filter(has).collect()
    }

    fn codes(self) -> Vec<&'static str> {
        self.kinds.iter().map(|kind| kind.code()).collect()
    }

    /// A problem with the status and the codes of this group.
    fn narrowed(self) -> RefOr<Schema> {
        let status = self.status().as_u16();
        let narrowed: Schema = serde_json::from_value(json!({"allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {
                "status": {"type": "integer", "enum": [status]},
                "code": {"type": "string", "enum": self.codes()},
            }},
        ]}))
        .expect("it is a schema");
        narrowed.into()
    }

    fn example(self) -> Value {
        let (status, code) = (self.status(), self.kinds[0].code());
        json!({
            "type": format!("urn:ringback:problem:{code}"),
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.about,
            "code": code,
            "request_id": "0192a000000070008000000000000002",
        })
    }
}

fn about(header: &str) -> &'static str {
    match header {
        "Retry-After" => "After how many seconds it may be worth asking again.",
        "WWW-Authenticate" => "`Bearer`.",
        "Content-Range" => "How many bytes there are: `bytes */LENGTH`.",
        _ => "The methods that the path takes.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_kinds_of_a_group_have_one_status_and_each_group_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for group in ALL {
            let statuses: BTreeSet<u16> =
                group.kinds.iter().map(|kind| kind.status().as_u16()).collect();
            assert_eq!(statuses.len(), 1, "{group:?}");
            assert!(names.insert(group.name), "{group:?}");
        }
    }

    #[test]
    fn headers_are_those_of_the_answer() {
        assert_eq!(UNAUTHORIZED.headers(), ["WWW-Authenticate"]);
        assert_eq!(NOT_ACCEPTED.headers(), ["Retry-After"]);
        assert_eq!(NO_RANGE.headers(), ["Content-Range"]);
        assert!(FORBIDDEN.headers().is_empty());
    }
}
