//! Who is asking: the caller that a good API key, one of our tokens or a JWT stands for, and in which
//! order it is found out. Compares nothing itself, and keeps no credential.

mod address;
mod failures;
mod kept;
mod keyring;
mod new_key;
mod shown;

use std::fmt;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Shared};
use ipnet::IpNet;

use self::address::Address;
pub use self::failures::Failures;
pub use self::kept::{Keys, keep_current};
pub(super) use self::keyring::Keyring;
pub use self::new_key::{NewKey, new_key, new_key_of};
pub(super) use self::shown::token_of;
use super::context::Told;
use super::error::{Kind, Problem};
use super::jwt::Jwt;
use super::state::Api;
use crate::domain::access::{ADMIN, includes};
use crate::domain::{Secret, Tenant, Timestamp};

/// Who may ask, and what comes of those who may not.
pub struct Auth {
    /// The API keys.
    pub keys: Arc<Keys>,
    /// Whose JWTs are believed; none when nobody's are.
    pub jwt: Option<Jwt>,
    /// How many wrong credentials an address may show; none when that is not counted.
    pub failures: Option<Failures>,
    /// Which proxies are believed when they say for whom they ask.
    pub trusted_proxies: Vec<IpNet>,
}

/// Whoever has shown a good credential.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// Whose executions it may see.
    pub(super) tenant: Tenant,
    /// What its key is called, or the subject of its JWT.
    pub(super) name: Option<String>,
    /// What it may do.
    pub(super) scopes: Vec<String>,
    /// By what it has been let in.
    pub(super) credential: Credential,
}

/// What lets a caller in.
#[derive(Clone)]
pub(super) struct Credential {
    /// Which API key: the one that was shown, or the one behind one of our tokens. None for a JWT,
    /// and where there are no keys.
    pub(super) key: Option<KeyShown>,
    /// When it ends; a key never does, a token always.
    pub(super) until: Option<Timestamp>,
}

/// The key that lets a caller in.
#[derive(Clone)]
pub(super) struct KeyShown {
    /// Its id.
    pub(super) id: String,
    /// Its SHA-256.
    pub(super) sha256: [u8; 32],
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key that somebody has thought up could be guessed by its hash.
        let key_id = self.key.as_ref().map(|key| &key.id);
        f.debug_struct("Credential").field("key_id", &key_id).finish_non_exhaustive()
    }
}

impl Caller {
    /// Whether it has this scope.
    pub(super) fn may(&self, scope: &str) -> bool {
        includes(&self.scopes, scope)
    }

    /// Lets through whoever has this scope.
    pub(super) fn needs(&self, scope: &'static str) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        let detail = format!("This needs a key with the scope `{scope}`.");
        Err(Problem::new(Kind::Forbidden, detail))
    }

    /// Whether it may make and revoke the keys of all tenants.
    pub(super) fn rules_all(&self) -> bool {
        self.tenant.is_default() && self.may(ADMIN)
    }
}

impl Auth {
    /// Lets what a good caller is being given be as good from where it asks as what it has shown.
    pub(super) fn gives(&self, request: &HttpRequest, token: &Secret) {
        if let Some(failures) = &self.failures {
            let from = address::of(request, &self.trusted_proxies);
            failures.was_good(from, keyring::sha256(token.expose()));
        }
    }

    /// Whether a caller that was let in some time ago would still be.
    pub(super) async fn still_admits(
        &self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<bool, Problem> {
        let Credential { key, until } = &caller.credential;
        if until.is_some_and(|until| until <= now) {
            return Ok(false);
        }
        let Some(key) = key else { return Ok(true) };
        Ok(self.keys.current().await?.has(key))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Whoever else wants to know who asks is told the same: it is found out, and counted, once.
        if let Some(Asked(asked)) = request.extensions().get() {
            return asked.clone().boxed_local();
        }
        let asked = who_asks(request).shared();
        request.extensions_mut().insert(Asked(asked.clone()));
        asked.boxed_local()
    }
}

/// The caller of a request, found out or being found out.
struct Asked(Shared<LocalBoxFuture<'static, Result<Caller, Problem>>>);

fn who_asks(request: &HttpRequest) -> LocalBoxFuture<'static, Result<Caller, Problem>> {
    let api = request.app_data::<web::Data<Api>>().cloned();
    let shown = shown::shown(request.headers());
    let from = api.as_ref().map(|api| address::of(request, &api.auth.trusted_proxies));
    let told = Told::of(request);
    async move {
        let (Some(api), Some(from)) = (api, from) else {
            return Err(Problem::new(Kind::Internal, "The server failed internally."));
        };
        let caller = admit(&api, shown, from).await?;
        told.tell(|facts| {
            facts.tenant = Some(caller.tenant.as_str().to_owned());
            facts.key = caller.credential.key.as_ref().map(|key| key.id.clone());
        });
        Ok(caller)
    }
    .boxed_local()
}

/// Finds out whom a credential stands for. While its address has shown too many wrong ones, it is not
/// even looked at, unless it was good from there lately.
async fn admit(api: &Api, shown: Option<Secret>, from: Address) -> Result<Caller, Problem> {
    let Auth { keys, failures, .. } = &api.auth;
    if let Some(anybody) = keys.anybody() {
        return Ok(anybody);
    }
    // Nothing was tried, so nothing is counted.
    let Some(shown) = shown else { return Err(unauthorized()) };
    let sha256 = keyring::sha256(shown.expose());
    if let Some(failures) = failures {
        failures.check(from, &sha256).map_err(too_many)?;
    }
    let caller = find(api, shown.expose(), &sha256).await?;
    match (caller, failures) {
        (Some(caller), Some(failures)) => {
            failures.was_good(from, sha256);
            Ok(caller)
        }
        (Some(caller), None) => Ok(caller),
        (None, Some(failures)) => {
            failures.was_wrong(from).map_err(too_many)?;
            Err(unauthorized())
        }
        (None, None) => Err(unauthorized()),
    }
}

/// The caller that a credential stands for: an API key, a token of ours, or a JWT.
async fn find(api: &Api, shown: &str, sha256: &[u8; 32]) -> Result<Option<Caller>, Problem> {
    let now = api.clock.now();
    let ring = api.auth.keys.current().await?;
    let by_token = || api.tokens.caller(shown, &ring, now);
    if let Some(caller) = ring.caller(shown, sha256).or_else(by_token) {
        ring.note_use(&caller.credential, now);
        return Ok(Some(caller));
    }
    match &api.auth.jwt {
        Some(jwt) => jwt.caller(shown, now).await,
        None => Ok(None),
    }
}

fn unauthorized() -> Problem {
    let detail = "A valid API key or token is needed: `Authorization: Bearer <key>`.";
    Problem::new(Kind::Unauthorized, detail)
}

fn too_many(wait: failures::Wait) -> Problem {
    let seconds = wait.seconds();
    let detail = format!(
        "Too many wrong credentials came from this address; those that were not good from here within \
         the last hour are not looked at for {seconds} s."
    );
    Problem::new(Kind::TooManyFailures(seconds), detail)
}
