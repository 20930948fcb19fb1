//! Who is asking: API keys, and the caller that a good one, or a token that it was given, stands for.
//! Knows a key only by its SHA-256, and compares in constant time.

use std::collections::HashMap;
use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::context::Told;
use super::error::{Kind, Problem};
use super::state::Api;
use crate::domain::{Secret, Tenant, Timestamp};
use crate::store::ApiKey;

/// The keys that open this server.
#[derive(Debug, Default)]
pub struct Keyring {
    admin: Option<[u8; 32]>,
    by_id: HashMap<String, ApiKey>,
    open: bool,
}

impl Keyring {
    /// The keys that the store has, and one more from the configuration.
    pub fn new(admin: Option<&Secret>, stored: Vec<ApiKey>) -> Self {
        let admin = admin.map(|key| sha256(key.expose()));
        let by_id = stored.into_iter().map(|key| (key.id.clone(), key)).collect();
        Self { admin, by_id, open: false }
    }

    /// No keys at all: whoever reaches the routes may use them. For applications that guard them
    /// in their own way.
    pub fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// Nobody can be let in.
    pub fn is_empty(&self) -> bool {
        self.admin.is_none() && self.by_id.is_empty() && !self.open
    }

    fn caller(&self, token: Option<&str>) -> Option<Caller> {
        if self.open {
            let nobodys = Credential { key_id: String::new(), key_sha256: [0; 32], until: None };
            let tenant = Tenant::default();
            return Some(Caller { tenant, name: None, scopes: all(), credential: nobodys });
        }
        let token = token?;
        let hash = sha256(token);
        if let Some(admin) = &self.admin
            && bool::from(admin.ct_eq(&hash))
        {
            return self.holder(ADMIN_ID);
        }
        let key = self.by_id.get(key_id(token)?)?;
        bool::from(key.sha256.ct_eq(&hash)).then(|| self.holder(&key.id))?
    }

    /// Whom the key with this id stands for, without its having been shown; none when there is no
    /// such key any more.
    pub(super) fn holder(&self, key_id: &str) -> Option<Caller> {
        let credential =
            |key_sha256| Credential { key_id: key_id.to_owned(), key_sha256, until: None };
        if let Some(key) = self.by_id.get(key_id) {
            return Some(Caller {
                tenant: key.tenant.clone(),
                name: Some(key.name.clone()),
                scopes: key.scopes.clone(),
                credential: credential(key.sha256),
            });
        }
        let sha256 = self.admin.filter(|_| key_id == ADMIN_ID)?;
        Some(Caller {
            tenant: Tenant::default(),
            name: Some("admin".to_owned()),
            scopes: all(),
            credential: credential(sha256),
        })
    }
}

/// The id of the key from the configuration; no stored one has it, for theirs are UUIDs.
const ADMIN_ID: &str = "admin";

/// Whoever has shown a good key, or a token that one was given.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Whose executions it may see.
    pub(super) tenant: Tenant,
    /// What its key is called.
    pub(super) name: Option<String>,
    /// What it may do.
    pub(super) scopes: Vec<String>,
    /// By what it has been let in.
    pub(super) credential: Credential,
}

/// The key that lets a caller in: the one that it has shown, or the one behind its token.
#[derive(Clone)]
pub(super) struct Credential {
    /// Which key; empty where there are none.
    pub(super) key_id: String,
    /// The key's SHA-256.
    pub(super) key_sha256: [u8; 32],
    /// When it ends; a key never does, a token always.
    pub(super) until: Option<Timestamp>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key that somebody has thought up could be guessed by its hash.
        f.debug_struct("Credential").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// The scope that includes all others.
const ADMIN: &str = "admin";

fn all() -> Vec<String> {
    vec![ADMIN.to_owned()]
}

impl Caller {
    /// Whether it has this scope.
    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope || own == ADMIN)
    }

    /// Lets through whoever has this scope.
    pub(super) fn needs(&self, scope: &'static str) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        let detail = format!("This needs a key with the scope `{scope}`.");
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(api) = request.app_data::<web::Data<Api>>() else {
            return ready(Err(Problem::new(Kind::Internal, "The server failed internally.")));
        };
        let shown = token_of(request);
        let by_token = || api.tokens.caller(shown?, &api.keys, api.clock.now());
        let caller = api.keys.caller(shown).or_else(by_token);
        if let Some(caller) = &caller {
            Told::of(request).tell(|facts| {
                facts.tenant = Some(caller.tenant.as_str().to_owned());
                facts.key = Some(caller.credential.key_id.clone()).filter(|id| !id.is_empty());
            });
        }
        ready(caller.ok_or_else(|| {
            let detail = "A valid API key or token is needed: `Authorization: Bearer <key>`.";
            Problem::new(Kind::Unauthorized, detail)
        }))
    }
}

/// A key that was made just now. The text exists nowhere else and is not to be had again.
#[derive(Debug)]
pub struct NewKey {
    /// What its owner shows: `rbk_<id>_<secret>`.
    pub text: Secret,
    /// What is kept.
    pub kept: ApiKey,
}

/// Makes an admin key of the default tenant.
///
/// # Errors
/// When the system has no randomness.
pub fn new_key(name: &str) -> Result<NewKey, getrandom::Error> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let id = Uuid::now_v7().simple().to_string();
    let text = format!("rbk_{id}_{}", hex::encode(secret));
    let kept = ApiKey {
        id,
        name: name.to_owned(),
        tenant: Tenant::default(),
        scopes: all(),
        sha256: sha256(&text),
    };
    Ok(NewKey { text: Secret::new(text), kept })
}

/// What a request shows to be let in: a Bearer token, or else an `X-API-Key`.
pub(super) fn token_of(request: &HttpRequest) -> Option<&str> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    bearer.or_else(|| header("x-api-key"))
}

fn key_id(token: &str) -> Option<&str> {
    token.strip_prefix("rbk_")?.split_once('_').map(|(id, _)| id)
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_only_as_a_whole() {
        let NewKey { text, kept } = new_key("first").unwrap();
        let keys = Keyring::new(Some(&Secret::from("sixteen-characters")), vec![kept.clone()]);
        let name = |token: &str| keys.caller(Some(token)).and_then(|caller| caller.name);
        assert_eq!(name(text.expose()).as_deref(), Some("first"));
        assert_eq!(name("sixteen-characters").as_deref(), Some("admin"));
        let other_secret = format!("rbk_{}_{}", kept.id, "0".repeat(64));
        for token in ["", "sixteen-character", "rbk_", "rbk_x_y", &other_secret] {
            assert_eq!(name(token), None, "{token}");
        }
        assert!(keys.caller(None).is_none());
    }

    #[test]
    fn a_scope_is_had_by_name_or_by_being_admin() {
        let kept = new_key("some").unwrap().kept;
        let check = |scopes: &[&str], expected| {
            let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
            let holder = Keyring::new(None, vec![kept.clone()]).holder(&kept.id).unwrap();
            let caller = Caller { scopes, ..holder };
            assert_eq!(caller.needs("metrics:read").is_ok(), expected, "{caller:?}");
        };
        check(&["metrics:read"], true);
        check(&["executions:read", "metrics:read"], true);
        check(&["admin"], true);
        check(&["executions:read"], false);
        check(&["metrics"], false);
        check(&[], false);
        assert!(Keyring::open().caller(None).unwrap().needs("metrics:read").is_ok());
    }

    #[test]
    fn no_key_lets_nobody_in_and_an_open_ring_everybody() {
        assert!(Keyring::default().is_empty());
        assert!(Keyring::default().caller(Some("")).is_none());
        assert!(Keyring::open().caller(None).is_some());
    }
}
