//! The document of API keys.
//! Describes only; `keys.rs` makes, lists and revokes them.

use super::operation::{Operation, delete, get, post};
use super::problems::{
    BAD_BODY, FORBIDDEN, INTERNAL, LAST_KEY, NO_JSON, NO_STORE, NOT_FOUND, TOO_LARGE, UNAUTHORIZED,
};
use crate::bodies::{ApiKey, MadeApiKey, NewApiKey};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/v1/keys", "createKey", "Create an API key")
            .describe(
                "A key makes requests for one tenant and may do what its scopes say. Whoever is no admin of \
                 the tenant `default` makes keys for its own tenant, and gives no scope that it has not.\n\n\
                 `Idempotency-Key` is refused here: the key is shown once and kept nowhere.",
            )
            .needs("keys:write")
            .takes::<NewApiKey>()
            .answers::<MadeApiKey>(201, "The key, which is told only now.")
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, NO_STORE, INTERNAL]),
        get("/v1/keys", "listKeys", "List the API keys")
            .describe("The oldest first. A key of the configuration is not among them.")
            .needs("keys:write")
            .answers_page::<ApiKey>("All of them; `next_cursor` is null.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL]),
        delete("/v1/keys/{id}", "revokeKey", "Revoke an API key")
            .describe("No request that comes after the answer is let in by it.")
            .needs("keys:write")
            .at_text("id", "The key.")
            .ends(204, "It opens nothing any more.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, LAST_KEY, NO_STORE, INTERNAL]),
    ]
}
