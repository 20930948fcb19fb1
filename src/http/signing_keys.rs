//! The public keys that anybody may verify callbacks with: `GET /.well-known/ringback-keys`.
//! Shows no secret, and asks nobody who they are.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::answers::json;
use super::error::{Kind, Problem};
use super::state::Api;
use crate::bodies::{VerifyingKey, VerifyingKeys};
use crate::webhook::signature::PublicKey;

/// `GET /.well-known/ringback-keys`: the key that signs now comes first.
pub(super) async fn list(api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let keys: Vec<_> = api.signing.public_keys.iter().map(told).collect();
    if keys.is_empty() {
        let detail = "This server signs no callbacks with a key of its own.";
        return Err(Problem::new(Kind::NotFound, detail));
    }
    Ok(json(StatusCode::OK, &VerifyingKeys { keys }))
}

fn told(key: &PublicKey) -> VerifyingKey {
    VerifyingKey { id: key.id(), r#type: "ed25519".into(), public_key: key.to_string() }
}
