//! What is known of the request that is being answered, for whoever answers it: how it is called,
//! and what the log of requests is to tell of it. Changes no answer.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::http::header::HeaderMap;

use crate::domain::Traceparent;

tokio::task_local! {
    /// What the envelope knows; its handler and all that it calls run inside.
    static REQUEST: About;
}

/// What the envelope knows of a request.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// How it is called.
    pub(super) id: String,
    /// The trace that it is part of, if it is part of one.
    pub(super) traceparent: Option<Traceparent>,
}

/// Does `work` for a request.
pub(super) async fn within<T>(about: About, work: impl Future<Output = T>) -> T {
    REQUEST.scope(about, work).await
}

/// Goes on with `work` for the request that is being answered here, on whatever task that will be.
pub(super) fn along<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let about = REQUEST.try_with(About::clone).ok();
    async move {
        match about {
            Some(about) => within(about, work).await,
            None => work.await,
        }
    }
}

/// How the request is called that is being answered here; none where none is.
pub(super) fn request_id() -> Option<String> {
    REQUEST.try_with(|about| about.id.clone()).ok()
}

/// The trace that the request is part of; none where none is.
pub(super) fn traceparent() -> Option<Traceparent> {
    REQUEST.try_with(|about| about.traceparent).ok().flatten()
}

/// The trace that the headers of a request name. Two headers name none, as the standard has it.
pub(super) fn traceparent_of(headers: &HeaderMap) -> Option<Traceparent> {
    let mut values = headers.get_all("traceparent");
    let only = values.next().filter(|_| values.next().is_none())?;
    Traceparent::parse(only.to_str().ok()?.trim())
}

/// What the layers of an answer tell the log of requests, which is around them all. Shared by
/// cloning; nobody reads it where there is no such log.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Rc<RefCell<Facts>>);

/// What is told of a request beside what everybody sees of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// How it is called.
    pub(super) request_id: Option<String>,
    /// The code of the problem that it was answered with.
    pub(super) problem: Option<&'static str>,
    /// Whose key it has shown.
    pub(super) tenant: Option<String>,
    /// Which key that was, by its id.
    pub(super) key: Option<String>,
}

impl Told {
    /// What there is to tell of this request goes here.
    pub(super) fn of(request: &impl HttpMessage) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Tells something.
    pub(super) fn tell(&self, tell: impl FnOnce(&mut Facts)) {
        tell(&mut self.0.borrow_mut());
    }

    /// All that was told by now.
    pub(super) fn facts(&self) -> Facts {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn a_request_is_known_by_its_id_to_whatever_answers_it_and_to_nobody_else() {
        let about = |id: &str| About { id: id.to_owned(), traceparent: None };
        let one = within(about("one"), async {
            actix_rt::task::yield_now().await;
            actix_rt::spawn(along(async { request_id() })).await.unwrap()
        });
        let two = within(about("two"), async {
            let lost = actix_rt::spawn(async { request_id() }).await.unwrap();
            request_id().filter(|_| lost.is_none())
        });
        let (one, two) = futures_util::future::join(one, two).await;
        assert_eq!(
            (one.as_deref(), two.as_deref(), request_id()),
            (Some("one"), Some("two"), None)
        );
    }
}
