//! The document of deliveries: the log, its repair, and trying an endpoint out.
//! Describes only.

use super::operation::{Operation, get, post, text, whole};
use super::problems::{
    AWAY, BAD_BODY, BAD_REQUEST, BUSY_PINGS, FORBIDDEN, INTERNAL, NO_END, NO_JSON, NO_STORE,
    NOT_FOUND, TOO_LARGE, UNAUTHORIZED,
};
use crate::bodies::{CallbackTest, Delivery, ListedDelivery, NewRecovery, Nothing, Ping, Recovery};
use crate::domain::{DeliveryId, DeliveryStatus, EventType, ExecutionId, RecoveryId};
use crate::http::deliveries::{READ, REDELIVER};

pub(super) const TAG: &str = "Deliveries";

pub(super) const ABOUT: &str = "A delivery is one event that is owed to one URL, and an attempt one \
    request of it. What endpoints have answered is shown only to keys with the scope \
    `deliveries:redeliver`.";

pub(super) fn operations() -> Vec<Operation> {
    vec![list(), read(), redeliver(), recover(), recovery(), test()]
}

fn list() -> Operation {
    const TIME: &str = "RFC 3339, or how long ago it was, such as `15m`, `2h` or `7d`.";
    get("/v1/deliveries", "listDeliveries", "List deliveries, the newest first")
        .describe("Each with its newest attempt. Filters hold together.")
        .needs(READ)
        .query("limit", whole(1, 200).default(Some(50.into())), "How many a page has.")
        .query("cursor", text(), "The `next_cursor` of the page before, with the same filters.")
        .query_of::<DeliveryStatus>("status", "Only those that stand so.")
        .query_of::<EventType>("event_type", "Only those of such events.")
        .query_of::<ExecutionId>("execution", "Only those of this execution.")
        .query("host", text(), "Only those to this host, with a port or for all of its ports.")
        .query("since", text(), &format!("Only those of events since then: {TIME}"))
        .query("until", text(), &format!("Only those of events before then: {TIME}"))
        .answers_page::<ListedDelivery>("A page. `next_cursor` is null on the last.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL])
}

fn read() -> Operation {
    get("/v1/deliveries/{id}", "readDelivery", "Read a delivery with all its attempts")
        .describe("`explanation` says in sentences why it has not arrived, and what comes next.")
        .needs(READ)
        .at::<DeliveryId>("id", "The delivery.")
        .answers::<Delivery>(200, "The delivery.")
        .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL])
}

fn redeliver() -> Operation {
    post("/v1/deliveries/{id}/redeliver", "redeliver", "Send an event again now")
        .describe(
            "The same event and the same bytes, with a new timestamp and signature. Also one that was \
             taken can be sent again. One attempt, beside those of the schedule.",
        )
        .needs(REDELIVER)
        .at::<DeliveryId>("id", "The delivery.")
        .may_take::<Nothing>()
        .answers::<Delivery>(202, "It is due.")
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_END, TOO_LARGE, NO_JSON])
        .fails(&[AWAY, INTERNAL])
}

fn recover() -> Operation {
    post("/v1/deliveries/recover", "recoverDeliveries", "Send all again that was given up")
        .describe(
            "All deliveries of a window that are `exhausted` are made due again, at most \
             `webhook.recover_max` of them. It goes on by itself, also after a restart.",
        )
        .needs(REDELIVER)
        .takes::<NewRecovery>()
        .answers::<Recovery>(202, "It has begun; `matched` says how many deliveries it is about.")
        .may_be_repeated()
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, AWAY, INTERNAL])
}

fn recovery() -> Operation {
    get("/v1/deliveries/recover/{id}", "readRecovery", "Read how far a recovery has come")
        .needs(REDELIVER)
        .needs(READ)
        .at::<RecoveryId>("id", "The recovery.")
        .answers::<Recovery>(200, "The recovery.")
        .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL])
}

fn test() -> Operation {
    post("/v1/callbacks/test", "testCallback", "Try out whether callbacks would arrive")
        .describe(
            "Sends a signed ping and says in words what came of it, and what to do. Four at a time.",
        )
        .needs(REDELIVER)
        .takes::<Ping>()
        .answers::<CallbackTest>(200, "What came of it, also when it did not arrive.")
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, BUSY_PINGS, NO_STORE])
        .fails(&[INTERNAL])
}
