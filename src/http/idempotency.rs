//! `Idempotency-Key`: a request that comes again under the same name is answered as it was at first, and
//! begins nothing. What is kept for that is written with what the first one begins; this only asks for it.
//! A request that is refused is not known again: the name is free for one that is put right.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::given;
use super::body::Body;
use super::error::{FieldError, Kind, Problem};
use super::state::Api;
use super::sync::{self, Hold, OnDisconnect};
use crate::actors::Submit;
use crate::domain::{Execution, ExecutionId, Tenant};
use crate::store::{Answered, Given, Giving, KeptAnswer, NewAnswer};

/// The header by which a request is given a name.
const HEADER: &str = "Idempotency-Key";

/// What tells an answer that was given before from a first one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest name, in characters.
const CHARS_MAX: usize = 255;

/// The name that a request has been given, and by what it is told from another one under that name.
#[derive(Debug, Clone)]
pub(super) struct Key {
    name: String,
    fingerprint: String,
    kept: Duration,
}

impl Key {
    /// The name of this request, if it has one. It is the same request when path, query and body are the
    /// same; one whose body could not be read will be refused, and needs none.
    ///
    /// # Errors
    /// When what the header has is no name.
    pub(super) fn of(
        request: &HttpRequest,
        api: &Api,
        body: &Body,
    ) -> Result<Option<Self>, Problem> {
        let (Some(name), Ok(body)) = (name_of(request)?, &body.0) else { return Ok(None) };
        let sent_to = format!("{} {}", request.method(), request.uri());
        let fingerprint = api.tokens.mark_of_sent(&sent_to, body);
        Ok(Some(Self { name, fingerprint, kept: api.limits.idempotency_kept }))
    }

    /// Has this answer kept with what the request begins.
    pub(super) fn answered_by<T>(
        self,
        answer: impl Fn(&T) -> KeptAnswer + Send + Sync + 'static,
    ) -> NewAnswer<T> {
        self.answered(Giving::Now(Arc::new(answer)))
    }

    /// Has the request known by the end of the execution that it begins.
    pub(super) fn answered_at_the_end(self) -> NewAnswer<Execution> {
        self.answered(Giving::AtTheEnd)
    }

    fn answered<T>(self, giving: Giving<T>) -> NewAnswer<T> {
        let Self { name, fingerprint, kept } = self;
        NewAnswer { key: name, fingerprint, kept, giving }
    }
}

/// Refuses a request with a name whose answer has a secret, which is shown once and kept nowhere.
pub(super) fn refuse(request: &HttpRequest) -> Result<(), Problem> {
    if name_of(request)?.is_none() {
        return Ok(());
    }
    let detail = format!(
        "`{HEADER}` cannot be used here: the answer has a secret, which is not kept to be given again."
    );
    Err(wrong("not_allowed", detail))
}

fn name_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get(HEADER) else { return Ok(None) };
    let name = value.to_str().ok().filter(|name| is_name(name));
    name.map(|name| Some(name.to_owned())).ok_or_else(|| {
        let detail = format!("`{HEADER}` must have 1 to {CHARS_MAX} visible ASCII characters.");
        wrong("invalid", detail)
    })
}

fn is_name(text: &str) -> bool {
    (1..=CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn wrong(code: &'static str, detail: String) -> Problem {
    Problem::invalid(vec![FieldError { field: HEADER.to_owned(), code, detail }])
}

/// Does the work of a request, or answers as the first one of that name was answered.
///
/// # Errors
/// Those of the work; and when the name stands for another request, or for something that was removed.
pub(super) async fn once(
    api: &Data<Api>,
    tenant: &Tenant,
    key: Option<Key>,
    work: impl AsyncFnOnce(Option<Key>) -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let again = async |what: Given| match what {
        Given::Kept(answer) => Ok(given(answer)),
        Given::AtTheEnd(_) | Given::Gone => Err(gone()),
    };
    once_or(api, tenant, key, again, work).await
}

/// The same, for routes that do more than giving kept bytes out when a request comes again.
pub(super) async fn once_or(
    api: &Data<Api>,
    tenant: &Tenant,
    key: Option<Key>,
    again: impl AsyncFn(Given) -> Result<HttpResponse, Problem>,
    work: impl AsyncFnOnce(Option<Key>) -> Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let Some(key) = key else { return work(None).await };
    let name = key.clone();
    if let Some(known) = known(api, tenant, &name).await? {
        return replayed(api, again(known).await);
    }
    match work(Some(key)).await {
        // What this request itself has begun goes on, and that is what it is told.
        Err(problem) if problem.execution.is_some() => Err(problem),
        // A twin may have been first, and there was room for one only.
        Err(problem) => match known_since(api, tenant, &name).await? {
            Some(known) => replayed(api, again(known).await),
            None => Err(problem),
        },
        done => done,
    }
}

/// What there is to be answered under this name.
async fn known(api: &Api, tenant: &Tenant, key: &Key) -> Result<Option<Given>, Problem> {
    let Some(known) = api.store.answered(tenant, &key.name).await? else { return Ok(None) };
    let Answered { fingerprint, given } = known;
    if fingerprint != key.fingerprint {
        let detail = format!(
            "`{HEADER}` has been used for another request: it stands for that one's path, query and body."
        );
        return Err(Problem::new(Kind::IdempotencyMismatch, detail));
    }
    match given {
        Given::Gone => Err(gone()),
        given => Ok(Some(given)),
    }
}

/// The same after a refusal, which counts where nobody was first or nobody can tell.
async fn known_since(api: &Api, tenant: &Tenant, key: &Key) -> Result<Option<Given>, Problem> {
    match known(api, tenant, key).await {
        Err(problem) if problem.kind.status().is_server_error() => Ok(None),
        known => known,
    }
}

fn gone() -> Problem {
    let detail = format!(
        "What the first request with this `{HEADER}` began has been removed, and so has its answer. \
         Nothing is begun again under the same key."
    );
    Problem::new(Kind::IdempotencyPurged, detail)
}

fn replayed(api: &Api, answer: Result<HttpResponse, Problem>) -> Result<HttpResponse, Problem> {
    let mut answer = answer?;
    answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    api.metrics.counts().replayed();
    Ok(answer)
}

/// Submits an execution and answers at once, and whenever the request comes again in the same bytes.
///
/// # Errors
/// When it is not accepted.
pub(super) async fn submit(
    api: &Api,
    submit: Submit,
    key: Option<Key>,
    answer: impl Fn(&Execution) -> KeptAnswer + Clone + Send + Sync + 'static,
) -> Result<HttpResponse, Problem> {
    let kept = key.map(|key| key.answered_by(answer.clone()));
    let submit = Submit { answer: kept, ..submit };
    let execution = api.supervisor.send(submit).await??.execution;
    Ok(given(answer(&execution)))
}

/// The execution that a request has begun when it was sent before, once it has ended. Whoever asks again
/// and goes away cancels nothing.
///
/// # Errors
/// As [`sync::submitted`]; and when it was removed meanwhile.
pub(super) async fn ended(
    request: &HttpRequest,
    api: &Data<Api>,
    tenant: &Tenant,
    id: ExecutionId,
) -> Result<Execution, Problem> {
    let hold = Hold::of(request, OnDisconnect::Leave);
    let found = sync::ended(api, tenant, id, hold).await;
    found.map_err(|problem| problem.once_accepted(id))?.ok_or_else(gone)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(value: &str) -> Result<Option<String>, Problem> {
        name_of(&TestRequest::post().insert_header((HEADER, value)).to_http_request())
    }

    #[test]
    fn a_name_can_be_seen_and_is_not_too_long() {
        assert_eq!(name_of(&TestRequest::post().to_http_request()).unwrap(), None);
        let longest = "x".repeat(255);
        for name in ["a", "~!\"'/%", &longest] {
            assert_eq!(read(name).unwrap().as_deref(), Some(name));
        }
        for bad in ["", "a b", "\t", "ä", &"x".repeat(256)] {
            let problem = read(bad).unwrap_err();
            assert_eq!(problem.errors[0].field, HEADER, "{bad}");
        }
    }

    #[test]
    fn where_a_secret_is_answered_it_is_refused() {
        let with = |name: &str| TestRequest::post().insert_header((name, "a")).to_http_request();
        assert!(refuse(&with("x-other")).is_ok());
        assert_eq!(refuse(&with("idempotency-key")).unwrap_err().errors[0].code, "not_allowed");
    }
}
