//! The schemas of the domain's values in bodies: ids, times, and the words that a field may have, as the
//! domain itself lists them. Describes no body.

use std::borrow::Cow;

use serde_json::json;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::{
    Cause, DeliveryEnd, DeliveryId, DeliveryStatus, DeliverySummary, Encoding, ErrorClass, EventId,
    EventType, ExecutionId, OnInterrupt, OnOutputLimit, PayloadFormat, RecoveryId, StartMode,
    Status, Timestamp, Trigger,
};

/// A word out of a list of the domain's.
macro_rules! words {
    ($type:ty, $name:literal, $description:literal) => {
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                text($description).enum_values(Some(<$type>::ALL.map(|word| word.as_str()))).into()
            }
        }
    };
}

words!(Status, "Status", "Where an execution stands.");
words!(Cause, "Cause", "What ended an execution.");
words!(DeliverySummary, "DeliverySummary", "What became of the webhook of an execution.");
words!(Encoding, "Encoding", "How the bytes of a stream are written as text.");
words!(StartMode, "StartMode", "Whether the interpreter was started for it, or was there already.");
words!(OnInterrupt, "OnInterrupt", "What becomes of an execution whose server is lost.");
words!(OnOutputLimit, "OnOutputLimit", "What becomes of a program that writes too much.");
words!(PayloadFormat, "PayloadFormat", "Whose words a webhook is in.");
words!(EventType, "EventType", "What has happened to an execution.");
words!(DeliveryStatus, "DeliveryStatus", "Where a delivery stands.");
words!(DeliveryEnd, "DeliveryEnd", "What ended a delivery.");
words!(Trigger, "Trigger", "Who wants an attempt.");
words!(ErrorClass, "ErrorClass", "Why an attempt failed.");

/// An id: its prefix and a UUIDv7 without dashes.
macro_rules! id {
    ($type:ty, $description:literal) => {
        impl ToSchema for $type {}

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let prefix = <$type>::PREFIX;
                let example = format!("{prefix}0192a000000070008000000000000001");
                text($description)
                    .pattern(Some(format!("^{prefix}[0-9a-f]{{32}}$")))
                    .examples([json!(example)])
                    .into()
            }
        }
    };
}

id!(ExecutionId, "The name of an execution.");
id!(DeliveryId, "The name of a delivery.");
id!(EventId, "The name of an event, the same for every attempt.");
id!(RecoveryId, "The name of a recovery.");

impl ToSchema for Timestamp {}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        text("A time in UTC, to the millisecond.")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples([json!("2026-11-22T06:46:38.120Z")])
            .into()
    }
}

/// A word out of a list that no layer below the bodies has.
macro_rules! own_words {
    ($name:ident, $description:literal, $words:expr) => {
        #[doc = $description]
        pub(super) enum $name {}

        impl ToSchema for $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text($description).enum_values(Some($words)).into()
            }
        }
    };
}

own_words!(Tellable, "What a callback can be told of.", ["started", "output", "completed"]);
own_words!(Entrypoint, "How the code of a function is entered.", ["script", "handler"]);
own_words!(WaitingFor, "What a pending delivery waits for.", ["due", "permit", "breaker"]);
own_words!(RecoveryStatus, "How far a recovery has come.", ["running", "done"]);
own_words!(
    IsolationLevel,
    "How strictly programs are kept apart.",
    ["none", "confined", "sandbox"]
);
own_words!(Containment, "What holds processes together.", ["cgroup2", "pidns", "session"]);

/// A value without anything inside it.
pub(super) enum Scalar {}

impl ToSchema for Scalar {}

impl PartialSchema for Scalar {
    fn schema() -> RefOr<Schema> {
        let types = [Type::String, Type::Number, Type::Boolean, Type::Null];
        let description = Some("A string, a number, a boolean or null.");
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter(types))
            .description(description)
            .into()
    }
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}
