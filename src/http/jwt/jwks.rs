//! The keys that an issuer publishes: fetched when somebody needs them, kept for some minutes, and kept
//! on when they cannot be fetched again. Verifies nothing.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::JwtAlgorithm;

/// How often keys are fetched.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// How long they are used before they are fetched again.
    fresh_for: Duration,
    /// How long it is at least from one fetch to the next, whatever tokens name.
    every: Duration,
    /// The same while there are no keys at all.
    first_every: Duration,
}

const PACE: Pace = Pace {
    fresh_for: Duration::from_secs(600),
    every: Duration::from_secs(30),
    first_every: Duration::from_secs(5),
};

/// How long a fetch may take.
const FETCH_WITHIN: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// How many keys are kept of an answer.
const KEYS_MAX: usize = 100;

/// Names us to the issuer.
const USER_AGENT: &str = concat!("ringback/", env!("CARGO_PKG_VERSION"));

/// Where keys are published.
pub struct JwksSource {
    /// The URL, http or https.
    pub url: Url,
    /// Which certificates are believed there.
    pub tls: Arc<ClientConfig>,
}

/// The keys of an issuer.
pub(super) struct Jwks {
    source: JwksSource,
    algorithm: JwtAlgorithm,
    pace: Pace,
    kept: RwLock<Kept>,
    /// Held by whoever fetches.
    fetching: Mutex<()>,
}

/// What there is to verify with.
pub(super) enum Found {
    /// The key that a token names.
    Key(Arc<DecodingKey>),
    /// The issuer has no such key.
    None,
    /// Nothing is known of the issuer's keys.
    Nothing,
}

#[derive(Clone, Default)]
struct Kept {
    keys: Option<Arc<[Published]>>,
    /// When these were fetched.
    fetched: Option<Instant>,
    /// When it was last tried.
    tried: Option<Instant>,
}

struct Published {
    kid: Option<String>,
    key: Arc<DecodingKey>,
}

impl Jwks {
    pub(super) fn new(source: JwksSource, algorithm: JwtAlgorithm) -> Self {
        let (kept, fetching) = (RwLock::default(), Mutex::new(()));
        Self { source, algorithm, pace: PACE, kept, fetching }
    }

    /// The key with this id; where a token names none, the only one that there is. One that is unknown
    /// may be new, and then is fetched. Must be polled inside an actix system.
    pub(super) async fn find(self: &Arc<Self>, kid: Option<&str>) -> Found {
        let kept = self.kept();
        if let Some(key) = kept.find(kid).filter(|_| !kept.is_stale(self.pace)) {
            return Found::Key(key);
        }
        if kept.may_fetch(self.pace) {
            let fetch = Arc::clone(self).fetch_once(kept.keys.is_some());
            // To its end, though the client whose token has begun it may go away.
            if actix_rt::spawn(fetch).await.is_err() {
                log::error!("fetching the keys of `auth.jwt.jwks_url` panicked");
            }
        }
        let kept = self.kept();
        match (kept.find(kid), &kept.keys) {
            (Some(key), _) => Found::Key(key),
            (None, Some(_)) => Found::None,
            (None, None) => Found::Nothing,
        }
    }

    /// Fetches, unless somebody else just has. Whoever has keys does not wait for one who is at it.
    async fn fetch_once(self: Arc<Self>, has_keys: bool) {
        let fetching = match self.fetching.try_lock() {
            Ok(fetching) => fetching,
            Err(_) if has_keys => return,
            Err(_) => self.fetching.lock().await,
        };
        if self.kept().may_fetch(self.pace) {
            self.change(|kept| kept.tried = Some(Instant::now()));
            match self.fetch().await {
                Ok(keys) => self.change(|kept| {
                    kept.keys = Some(keys.into());
                    kept.fetched = Some(Instant::now());
                }),
                Err(reason) => {
                    let host = self.source.url.host_str().unwrap_or_default();
                    log::warn!(
                        "the keys of `auth.jwt.jwks_url` at {host} cannot be fetched: {reason}"
                    );
                }
            }
        }
        drop(fetching);
    }

    async fn fetch(&self) -> Result<Vec<Published>, String> {
        // The client is of this thread alone, and is needed every few minutes.
        let client = awc::Client::builder()
            .connector(awc::Connector::new().rustls_0_23(Arc::clone(&self.source.tls)))
            .disable_redirects()
            .timeout(FETCH_WITHIN)
            .add_default_header(("user-agent", USER_AGENT))
            .finish();
        let request =
            client.get(self.source.url.as_str()).insert_header(("accept", "application/json"));
        let answered = async {
            let sent = request.force_close().send().await;
            let mut response = sent.map_err(|error| error.to_string())?;
            if !response.status().is_success() {
                return Err(format!("it answers {}", response.status()));
            }
            let body = response.body().limit(ANSWER_BYTES_MAX).await;
            body.map_err(|error| error.to_string())
        };
        // The time of the client ends with the head of the answer.
        let body = actix_rt::time::timeout(FETCH_WITHIN, answered).await;
        let body = body.map_err(|_| format!("no answer within {FETCH_WITHIN:?}"))??;
        read(&body, self.algorithm)
    }

    fn kept(&self) -> Kept {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Kept {
    fn find(&self, kid: Option<&str>) -> Option<Arc<DecodingKey>> {
        let keys = self.keys.as_deref()?;
        let found = match (kid, keys) {
            (None, [only]) => only,
            (None, _) => return None,
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid))?,
        };
        Some(Arc::clone(&found.key))
    }

    fn is_stale(&self, pace: Pace) -> bool {
        self.fetched.is_none_or(|fetched| fetched.elapsed() >= pace.fresh_for)
    }

    fn may_fetch(&self, pace: Pace) -> bool {
        let every = if self.keys.is_some() { pace.every } else { pace.first_every };
        self.tried.is_none_or(|tried| tried.elapsed() >= every)
    }
}

/// The keys of an answer that fit. One of a kind that is not known here spoils none of the others.
fn read(body: &[u8], algorithm: JwtAlgorithm) -> Result<Vec<Published>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(body)
        .map_err(|error| format!("its answer is no set of keys: {error}"))?;
    let jwks = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    let fitting = jwks.filter_map(|jwk| {
        let key = Arc::new(algorithm.key_of_jwk(&jwk)?);
        Some(Published { kid: jwk.common.key_id, key })
    });
    let keys: Vec<_> = fitting.take(KEYS_MAX).collect();
    if keys.is_empty() {
        return Err(format!("none of its keys is one for {algorithm}"));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
